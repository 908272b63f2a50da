"""The families of the fit, on rows that the tests write in the columns of the measured tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from assay.kernels import alltoall, latent, moe, prefill, single, sparse
from assay.kernels.coefficients import Theta, shipped
from assay.kernels.fit import families as groups
from assay.kernels.fit.families import FAMILIES, silicon_of
from assay.kernels.fit.rows import Rows
from assay.kernels.formats import OPERANDS
from assay.llm.operator import IndexerLogits

from .machines import A100, B200, H100, L40S

SPAN = {"batch_size": [1.0, 8.0], "isl": [512.0, 1.0], "step": [4096.0, 8191.0]}
EXPERTS = {
    "moe_dtype": ["fp8_block"] * 2,
    "num_tokens": [512.0, 16384.0],
    "hidden_size": [7168.0] * 2,
    "inter_size": [2048.0] * 2,
    "topk": [8.0] * 2,
    "num_experts": [256.0] * 2,
    "moe_ep_size": [8.0, 32.0],
    "distribution": ["power_law_1.2", "uniform"],
}
SENT = {
    "tokens": [64.0, 4096.0],
    "token_bytes": [7392.0] * 2,
    "top_k": [8.0] * 2,
    "nodes": [1.0, 4.0],
    "cores": [20.0] * 2,
}
RECURRENT = {
    "kernel_source": ["x"] * 2,
    "batch_size": [1.0, 64.0],
    "num_k_heads": [16.0] * 2,
    "head_k_dim": [128.0] * 2,
    "num_v_heads": [32.0] * 2,
    "head_v_dim": [128.0] * 2,
}
MODULE = {
    "kv_cache_dtype": ["bfloat16", "fp8"],
    "gemm_type": ["bfloat16", "fp8_block"],
    "num_heads": [64.0, 8.0],
    **SPAN,
}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "moe_ep_prefill": ("deepepmoe", EXPERTS),
    "moe_ep_decode": ("deepepmoe", EXPERTS),
    "moe_ep_trtllm": ("cutlass_nvfp4", {**EXPERTS, "num_slots": [288.0] * 2, "rank0_num_tokens": [400.0, 16384.0]}),
    "all_to_all": ("HT_dispatch", SENT),
    "mla_bmm": (
        "trtllm_bf",
        {"op_name": ["mla_gen_pre", "mla_gen_post"], "num_tokens": [8.0, 512.0], "num_heads": [16.0, 128.0]},
    ),
    "indexer_logits": ("sglang", SPAN),
    "indexer_logits_paged": ("vllm", SPAN),
    "top_k": ("flat", SPAN),
    "sparse_mla": ("sglang", SPAN),
    "mhc": ("vllm_pre", {"num_tokens": [1.0, 4096.0], "hidden_size": [7168.0] * 2}),
    "msa_prefill": ("sgl_prefill_triton_sparse", MODULE),
    "msa_decode": ("msa_fmha_sm100", MODULE),
    "gdn": ("vllm:causal_conv1d_fn", {"phase": ["context"] * 2, "seq_len": [512.0, 8192.0], **RECURRENT}),
    "kda": ("sglang:kda_fused_decode", {"phase": ["generation"] * 2, "seq_len": [1.0, 1.0], **RECURRENT}),
    "mamba2_conv": (
        "causal_conv1d_update",
        {
            "phase": ["generation"] * 2,
            "seq_len": [1.0] * 2,
            "batch_size": [1.0, 64.0],
            "nheads": [128.0] * 2,
            "head_dim": [64.0] * 2,
            "n_groups": [8.0] * 2,
            "d_state": [128.0] * 2,
        },
    ),
}


def rows_of(kernel: str, shapes: dict[str, Any], chip: str = "h100-sxm", framework: str = "sglang") -> Rows:
    columns = {
        key: np.array(values, dtype=object if isinstance(values[0], str) else float) for key, values in shapes.items()
    }
    return Rows(chip, framework, "1", kernel, columns, np.ones(len(next(iter(columns.values())))))


def test_every_family_that_ships_is_fitted() -> None:
    assert set(shipped().families) == set(FAMILIES)


@pytest.mark.parametrize("name", CASES)
def test_several_sets_of_coefficients_at_once_give_a_line_each(name: str) -> None:
    """The fit steps all coefficients of a group in one call; a line must be what a call of its own gives."""
    kernel, shapes = CASES[name]
    rows, family = rows_of(kernel, shapes), FAMILIES[name]
    theta = shipped().family(name).theta("hopper", kernel)
    slower = theta.replace(**{symbol: value * 1.3 for symbol, value in theta.values.items()})
    columns: dict[str, Any] = {
        symbol: np.array([[value], [slower.values[symbol]]]) for symbol, value in theta.values.items()
    }
    found = family.predict(rows, Theta(columns), H100)
    assert found.shape == (2, 2)
    assert np.all(np.isfinite(found) & (found > 1e-7))
    for line, own in zip(found, (theta, slower), strict=True):
        np.testing.assert_allclose(line, np.reshape(family.predict(rows, own, H100), -1), rtol=1e-12)


def test_rows_are_counted_as_the_operator_counts_them() -> None:
    rows, theta = rows_of("sglang", SPAN), shipped().family("indexer_logits").theta("hopper", "")
    operator = IndexerLogits(
        role="",
        batch=np.array([1.0, 8.0]),
        new_tokens=np.array([512.0, 1.0]),
        kv_tokens=np.array([4096.0 + 513.0 / 2.0, 8192.0]),
        heads=32.0,
        head_dim=128.0,
    )
    expected = single.time(sparse.logits_work(operator), theta, H100, warm=True).seconds
    np.testing.assert_allclose(FAMILIES["indexer_logits"].predict(rows, theta, H100), expected)


def test_the_fullest_rank_holds_more_under_a_power_law_and_the_mean_when_even() -> None:
    kernel, shapes = CASES["moe_ep_decode"]
    rows, family = rows_of(kernel, shapes), FAMILIES["moe_ep_decode"]
    theta = shipped().family("moe_ep_decode").theta("hopper", kernel)
    mean, fullest = (family.predict(rows, theta.replace(hot=hot), H100) for hot in (0.0, 0.5))
    assert fullest[0] > mean[0]
    assert fullest[1] == mean[1]


def test_tokens_that_reach_a_rank_tell_its_share_of_the_choices() -> None:
    """A quarter of 8 choices on a rank: 1 - 0.75^8 of the tokens reach it, with two choices each."""
    theta = shipped().family("moe_ep_trtllm").theta("hopper", "cutlass_fp8_block")
    shapes = {**EXPERTS, "num_slots": [256.0] * 2, "moe_ep_size": [8.0] * 2, "num_tokens": [1e4] * 2}
    shapes["distribution"] = ["power_law_1.2"] * 2
    reached = 1e4 * (1.0 - 0.75**8)
    rows = rows_of("cutlass_fp8_block", {**shapes, "rank0_num_tokens": [reached, 0.5 * reached]})
    found = FAMILIES["moe_ep_trtllm"].predict(rows, theta, H100)
    pairs = 2e4
    active = moe.active_experts(pairs, 32.0, 8.0, theta, skewed=True)
    expected = moe.time(1e4, pairs, active, 7168.0, 2048.0, OPERANDS["fp8_block"], theta, H100)
    assert found[0] == pytest.approx(float(expected.seconds))
    assert found[1] < found[0]


def test_host_time_hides_behind_long_kernels_and_covers_short_ones() -> None:
    kernel, shapes = CASES["msa_decode"]
    rows, family = rows_of(kernel, shapes), FAMILIES["msa_decode"]
    theta = shipped().family("msa_decode").theta("hopper", kernel)
    alone = family.predict(rows, theta.replace(host=1e-9), H100)
    np.testing.assert_allclose(family.predict(rows, theta.replace(host=1e-2), H100), 1e-2, rtol=1e-3)
    np.testing.assert_allclose(family.predict(rows, theta.replace(host=1e-6), H100), alone, rtol=1e-3)


def test_all_to_all_rows_are_named_alike_and_ambiguous_ones_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    module = groups.alltoall
    low = rows_of("x", {"node_num": [1.0], "hidden_size": [4096.0], "num_token": [8.0], "num_topk": [8.0]})
    normal = rows_of(
        "x", {**{key: list(low.shapes[key]) for key in low.shapes}, "dispatch_sms": [24.0], "combine_sms": [4.0]}
    )
    others = rows_of(
        "x",
        {
            "comm_backend": ["deepep_ht", "trtllm_deepep_ll", "trtllm_deepep_ll", "deepep_v2_context"],
            "phase": ["dispatch", "combine", "combine", "dispatch"],
            "comm_dtype": ["default", "fp4", "bfloat16", "default"],
            "node_num": [1.0] * 4,
            "hidden_size": [4096.0] * 4,
            "num_tokens": [8.0] * 4,
            "topk": [8.0] * 4,
            "sms": [20.0, 0.0, 0.0, 64.0],
        },
    )
    tables = {id(module.OTHERS): others}
    tables |= {id(table): low for table in module.LOW_LATENCY.values()}
    tables |= {id(table): normal for table in module.NORMAL.values()}
    monkeypatch.setattr(module, "read", lambda table: (tables[id(table)],))
    found = {rows.kernel: rows for rows in module.alltoall_rows()}
    deepep = {"LL_dispatch", "LL_combine", "HT_dispatch", "HT_combine"}
    assert set(found) == deepep | {"deepep_ht_dispatch", "trtllm_deepep_ll_combine"}
    assert all(len(rows) == 1 for rows in found.values())
    assert found["LL_dispatch"].shapes["token_bytes"] == 4096 * (1 + alltoall.SCALE_BYTES["fp8"])
    assert found["LL_combine"].shapes["token_bytes"] == 2 * 4096
    assert found["HT_dispatch"].shapes["cores"] == 24
    assert found["HT_combine"].shapes["cores"] == 4


def test_a_node_of_a_rack_is_a_tray() -> None:
    """GB200 was measured on 4 ranks: with fewer, a rank sends less over its links than among 8."""
    theta = shipped().family("all_to_all").theta("blackwell", "LL_dispatch").replace(a0=0.0)
    shapes = {key: values[1:] for key, values in SENT.items()} | {"nodes": [1.0]}
    chip = silicon_of("gb200")
    four, eight = (
        FAMILIES["all_to_all"].predict(rows_of("LL_dispatch", shapes, name), theta, chip)
        for name in ("gb200", "b200-sxm")
    )
    assert float(four[0] / eight[0]) == pytest.approx((3 / 4) / (7 / 8))


def test_drafts_and_singular_kernels_of_linear_attention_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    module = groups.linear
    sources = ["causal_conv1d_update", "causal_conv1d_update", "chunk_kda_with_fused_gate", "flashkda_fwd"]
    shapes = {"kernel_source": sources, "phase": ["verify", "generation", "context", "context"], "seq_len": [1.0] * 4}
    monkeypatch.setattr(module, "read", lambda _: (rows_of("x", shapes, framework="vllm"),))
    found = {rows.kernel: len(rows) for rows in module.linear_rows("kda")}
    assert found == {"vllm:causal_conv1d_update": 1, "vllm:flashkda_fwd": 1}


def test_a_launch_is_shorter_on_a_faster_clock_and_bounded_by_the_clocks_of_the_fit() -> None:
    assert A100.launch > H100.launch > L40S.launch
    assert A100.clocked == pytest.approx(A100.launch**2)
    assert L40S.clocked / A100.clocked == pytest.approx(1.41 / 2.49)


def test_a_kernel_is_what_its_class_is_on_a_chip() -> None:
    assert prefill.kernel_class("flashinfer", L40S) == prefill.FLASHINFER_MMA
    assert prefill.kernel_class("flashinfer", B200) == "flashinfer"
    assert prefill.kernel_class("fa2", L40S) == "fa2"
    assert (latent.prefill_format("trtllm_bf"), latent.prefill_format("trtllm_mla_fp")) == ("bf16", "fp8")
    assert sparse.bmm_class("trtllm", "fp8", dequantised=True) == "trtllm_dequantised"
    assert sparse.bmm_class("vllm", "bf16", dequantised=False) == "vllm_bf"
    assert sparse.bmm_class("", "bf16", dequantised=False) == ""
