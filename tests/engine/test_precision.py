"""A checkpoint keeps its format where the chip can multiply it, and is converted where it cannot."""

from __future__ import annotations

import pytest

from assay.catalogue.chip import chip
from assay.catalogue.engine import engine
from assay.core.errors import Infeasible
from assay.engine.precision import served_format, served_precision
from tests.engine.deployments import LATENT, architecture


@pytest.mark.parametrize(
    ("native", "on", "framework", "served"),
    [
        ("fp8_block", "h20-96gb", "sglang", "fp8_block"),
        ("fp8_block", "ascend-910c", "vllm-ascend", "int8"),
        ("fp8_block", "a100-sxm-80gb", "vllm", "int8"),
        ("fp8_block", "mi250x", "vllm", "int8"),
        ("bf16", "v100-sxm2-32gb", "vllm", "bf16"),
        ("nvfp4", "b200-sxm", "trtllm", "nvfp4"),
        ("nvfp4", "h100-sxm", "trtllm", "int4_wo"),
        ("w4a16_mxfp4", "h100-sxm", "vllm", "w4a16_mxfp4"),
        ("w4a16_mxfp4", "b200-sxm", "vllm", "w4a8_mxfp4_mxfp8"),
        ("w4a16_mxfp4", "ascend-910c", "vllm-ascend", "int4_wo"),
    ],
)
def test_served_format(native: str, on: str, framework: str, served: str) -> None:
    assert served_format(native, chip(on), engine(framework)) == served  # type: ignore[arg-type]


def test_kv_cache_follows_the_framework() -> None:
    native = architecture(LATENT).native
    assert served_precision(native, chip("b200-sxm"), engine("vllm")).kv == "fp8"
    assert served_precision(native, chip("h200-sxm"), engine("vllm")).kv == "bf16"
    assert served_precision(native, chip("ascend-910c"), engine("vllm-ascend")).kv == "bf16"


def test_no_kernel_is_infeasible() -> None:
    from dataclasses import replace

    bare = replace(engine("vllm-ascend"), formats=())
    with pytest.raises(Infeasible, match="no kernel for fp8"):
        served_format("fp8", chip("ascend-910c"), bare)
