"""quantization_config to formats by part."""

from typing import Any

import pytest

from assay.core.errors import BadData, Unsupported
from assay.llm.config import architecture
from assay.llm.precision import Precision
from tests.llm.configs import config, read


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Qwen__Qwen3-32B.json", Precision()),
        ("deepseek-ai__DeepSeek-R1", Precision("fp8_block", "fp8_block", "fp8_block", "fp8_block")),
        (
            "MiniMaxAI__MiniMax-M2.5",
            Precision("fp8_block", "fp8_block", "fp8_block", "fp8_block"),
        ),  # 'gate' is the router
        ("deepseek-ai__DeepSeek-V4-Pro", Precision("fp8_block", "fp8_block", "w4a8_mxfp4_mxfp8", "fp8_block")),
        ("openai__gpt-oss-120b", Precision("bf16", "w4a16_mxfp4", "w4a16_mxfp4", "w4a16_mxfp4")),  # no dense, no shared
        ("moonshotai__Kimi-K2.5", Precision(experts="int4_wo")),
        ("moonshotai__Kimi-K3", Precision(experts="w4a16_mxfp4")),
        (
            "nvidia__Kimi-K2.6-NVFP4",
            Precision(experts="nvfp4", kv="fp8"),
        ),  # the one dense layer is left alone by number
        ("nvidia__Gemma-4-31B", Precision("bf16", "nvfp4", "nvfp4", "nvfp4", kv="fp8")),
        (
            "nvidia__Qwen3.6-35B-A3B",
            Precision("fp8", "bf16", "int4_wo", "int4_wo", "int4_wo", static_scales=True),
        ),
    ],
)
def test_formats_by_part(name: str, expected: Precision) -> None:
    assert read(name).native == expected


def _quantised(table: dict[str, Any]) -> Precision:
    content = config("Qwen__Qwen3-30B-A3B.json") | {"quantization_config": table}
    return architecture(content, "quantised", "quantised.json").native


def _group(weights: dict[str, Any], **rest: object) -> dict[str, Any]:
    return {"quant_method": "compressed-tensors", "config_groups": {"group_0": {"weights": weights, **rest}}}


@pytest.mark.parametrize(
    ("table", "experts"),
    [
        ({"quant_method": "fp8", "weight_block_size": [128, 128]}, "fp8_block"),
        ({"quant_method": "fp8"}, "fp8"),
        ({"quant_method": "fbgemm_fp8"}, "fp8"),
        ({"quant_method": "mxfp4"}, "w4a16_mxfp4"),
        ({"quant_method": "awq", "bits": 4}, "int4_wo"),
        ({"quant_method": "gptq", "bits": 8}, "int8_wo"),
        ({"quant_method": "modelopt", "quant_algo": "FP8"}, "fp8"),
        ({"quant_method": "modelopt", "quant_algo": "NVFP4"}, "nvfp4"),
        (_group({"num_bits": 4, "type": "int", "group_size": 32}), "int4_wo"),
        (_group({"num_bits": 4, "type": "float", "group_size": 16}), "nvfp4"),
        (_group({"num_bits": 4, "type": "float"}, format="mxfp4-pack-quantized"), "w4a16_mxfp4"),
        (_group({"num_bits": 8, "type": "float", "strategy": "block"}), "fp8_block"),
        (_group({"num_bits": 8, "type": "int"}, input_activations={"num_bits": 8, "dynamic": True}), "int8"),
        (_group({"num_bits": 8, "type": "int"}), "int8_wo"),
    ],
)
def test_methods(table: dict[str, Any], experts: str) -> None:
    assert _quantised(table).experts == experts


@pytest.mark.parametrize(
    ("ignored", "attention", "experts"),
    [
        (["lm_head"], "fp8", "fp8"),
        (["re:.*self_attn.*"], "bf16", "fp8"),
        (["model.layers.*.self_attn*"], "bf16", "fp8"),
        (["model.language_model.layers.*.self_attn.o_proj"], "bf16", "fp8"),
        (["gate", "model.layers.5.mlp.gate"], "fp8", "fp8"),
        (["model.layers.*.mlp.experts"], "fp8", "bf16"),
        (["re:("], "fp8", "fp8"),
    ],
)
def test_modules_left_alone(ignored: list[str], attention: str, experts: str) -> None:
    found = _quantised({"quant_method": "fp8", "modules_to_not_convert": ignored})
    assert (found.attention, found.experts, found.head) == (attention, experts, "bf16")


@pytest.mark.parametrize(
    "table",
    [
        {"quant_method": "bitsandbytes"},
        {"quant_method": "gptq", "bits": 3},
        {"quant_method": "modelopt", "quant_algo": "W1A1"},
        _group({"num_bits": 6, "type": "float"}),
    ],
)
def test_unknown_methods_are_named(table: dict[str, Any]) -> None:
    with pytest.raises(Unsupported, match="is not modelled"):
        _quantised(table)


def test_static_scales_are_seen() -> None:
    assert _quantised({"quant_method": "fp8", "activation_scheme": "static"}).static_scales
    assert not _quantised({"quant_method": "fp8", "activation_scheme": "dynamic"}).static_scales


def test_broken_tables_are_faults() -> None:
    with pytest.raises(BadData, match=r"quantization_config\.config_groups\.group_0\.weights: is missing"):
        _quantised({"quant_method": "compressed-tensors", "config_groups": {"group_0": {}}})


def test_mtp_layer_left_alone() -> None:
    assert not read("nvidia__Qwen3.6-35B-A3B").mtp_quantised
    assert read("deepseek-ai__DeepSeek-R1").mtp_quantised
