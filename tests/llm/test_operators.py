"""Operators against the parameters they multiply, and layouts against each other."""

from collections.abc import Iterable
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.llm.architecture import Architecture, Block, MoeFfn
from assay.llm.layout import Layout
from assay.llm.operator import (
    BlockSparseAttention,
    Collective,
    CompressedAttention,
    DecodeAttention,
    Elementwise,
    ExpertAllToAll,
    Gemm,
    LatentBmm,
    Moe,
    Operator,
    PointToPoint,
    PrefillAttention,
    SparseLatentAttention,
)
from assay.llm.operators import attention_operators, head_operators, linear_operators
from assay.llm.parameters import layer_vectors, parameters, stream_matrices
from tests.llm.configs import NAMES, read


def step(found: Architecture, layout: Layout, tokens: float, phase: str = "decode") -> list[Operator]:
    """A decode step of one token a sequence, or the prefill of one sequence."""
    moe_tokens = np.multiply(tokens, layout.dp)
    kind = "prefill" if phase == "prefill" else "decode"
    sequences, new, kv = (1.0, tokens, 0.0) if kind == "prefill" else (tokens, 1.0, 4096.0)
    return [
        *linear_operators(found, tokens, moe_tokens, layout, found.native, kind),
        *attention_operators(found, sequences, new, kv, layout, found.native, kind),
        *head_operators(found, tokens, layout, found.native),
    ]


def flop(operators: Iterable[Operator]) -> float:
    """Work of all products with weights."""
    total = 0.0
    for operator in operators:
        if isinstance(operator, Gemm):
            total += operator.count * 2.0 * operator.m * operator.n * operator.k
        elif isinstance(operator, Moe):
            products = 3 if operator.gated else 2
            total += operator.count * 2.0 * operator.pairs * operator.hidden * operator.intermediate * products
        elif isinstance(operator, LatentBmm):
            total += operator.count * 2.0 * operator.tokens * operator.heads * operator.k * operator.n
    return float(total)


def multiplied(found: Architecture) -> float:
    """Active parameters in matrices, but for gates of a single column and the mixing of residual streams."""
    total = float(parameters(found).active - found.hidden)
    for block in found.blocks:
        total -= block.count * layer_vectors(found, block)
        total -= block.count * sum(float(matrix.weights) for matrix in stream_matrices(found))
        if isinstance(block.ffn, MoeFfn) and block.ffn.shared_gate:
            total -= block.count * found.hidden
        if isinstance(block.ffn, MoeFfn) and block.ffn.bias:  # idle biases were left out of the active count
            biases = block.ffn.intermediate * 2 + found.hidden
            total += block.count * biases * (block.ffn.experts - block.ffn.top_k)
    if found.residual_streams > 1:
        total -= found.residual_streams**2 * found.hidden + found.residual_streams + 1
    return total


@pytest.mark.parametrize("phase", ["prefill", "decode"])
@pytest.mark.parametrize("name", NAMES)
def test_work_is_two_flop_for_each_active_weight_and_token(name: str, phase: str) -> None:
    found = read(name)
    assert flop(step(found, Layout(), 8.0, phase)) == pytest.approx(2 * 8 * multiplied(found), rel=1e-9)


@given(name=st.sampled_from(NAMES), tp=st.sampled_from([2, 4]))
def test_chips_of_tensor_parallelism_share_the_work(name: str, tp: int) -> None:
    """Nothing is lost; what a chip repeats (MLA down projections, indexers, routers) is little."""
    found = read(name)
    whole, chip = flop(step(found, Layout(), 8.0)), flop(step(found, Layout(tp=tp), 8.0))
    assert whole * (1 - 1e-9) <= chip * tp <= whole * 1.6


@given(name=st.sampled_from(NAMES), dp=st.sampled_from([2, 8]), tokens=st.sampled_from([1.0, 64.0]))
def test_ranks_of_data_parallelism_do_the_work_of_their_tokens(name: str, dp: int, tokens: float) -> None:
    """Only the busiest rank of experts has more than its share."""
    found = read(name)
    one = flop(operator for operator in step(found, Layout(), tokens) if not isinstance(operator, Moe))
    rank = flop(operator for operator in step(found, Layout(dp=dp, ep=dp), tokens) if not isinstance(operator, Moe))
    assert rank == pytest.approx(one, rel=1e-9)


@given(name=st.sampled_from(NAMES), tp=st.sampled_from([2, 4, 8]))
def test_dense_layout_reads_what_memory_holds(name: str, tp: int) -> None:
    """Experts of one group together are all experts, whichever way they are split."""
    found = read(name)
    for layout in (Layout(tp=tp), Layout(tp=tp, ep=tp), Layout(dp=tp, ep=tp)):
        for operator in linear_operators(found, 8, 8 * layout.dp, layout, found.native, "decode"):
            if isinstance(operator, Moe):
                experts = max(ffn.experts for ffn in found.ffns if isinstance(ffn, MoeFfn))
                held = operator.local_experts * operator.intermediate * tp
                widths = {ffn.intermediate for ffn in found.ffns if isinstance(ffn, MoeFfn)}
                assert float(held) in {float(experts * width) for width in widths}
                assert operator.active_experts <= operator.local_experts * (1 + 1e-9)


@given(
    name=st.sampled_from(NAMES),
    phase=st.sampled_from(["prefill", "decode"]),
    tokens=st.lists(st.floats(1, 4096), min_size=2, max_size=3),
)
def test_arrays_give_what_numbers_give(name: str, phase: str, tokens: list[float]) -> None:
    found = read(name)
    tp, dp = np.array([[1], [4], [1], [2]]), np.array([[1], [1], [4], [2]])
    exchange = np.array([[False], [False], [True], [False]])
    together = step(found, Layout(tp, dp, tp * dp, 1, exchange), np.array(tokens), phase)  # type: ignore[arg-type]
    for row in range(4):
        one = Layout(int(tp[row, 0]), int(dp[row, 0]), int(tp[row, 0] * dp[row, 0]), 1, bool(exchange[row, 0]))
        for column, count in enumerate(tokens):
            apart = step(found, one, count, phase)
            assert [operator.role for operator in apart] == [operator.role for operator in together]
            for many, single in zip(together, apart, strict=True):
                for field in fields(single):
                    value = getattr(single, field.name)
                    if isinstance(value, int | float | np.number | np.ndarray) and value is not None:
                        shared = np.broadcast_to(getattr(many, field.name), (4, len(tokens)))[row, column]
                        assert float(shared) == pytest.approx(float(value), rel=1e-9), (single.role, field.name)


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        (Layout(), set()),
        (Layout(tp=8), {"attention.all_reduce", "ffn.all_reduce"}),
        (Layout(tp=8, ep=8), {"attention.all_reduce", "ffn.all_reduce"}),
        (Layout(dp=8, ep=8), {"ffn.all_gather", "ffn.reduce_scatter"}),
        (Layout(tp=2, dp=4, ep=8), {"attention.all_reduce", "ffn.all_gather", "ffn.reduce_scatter"}),
        (Layout(dp=16, ep=16, all_to_all=True), {"experts.dispatch", "experts.combine"}),
        (
            Layout(tp=4, dp=8, ep=32, all_to_all=True),
            {"attention.all_reduce", "ffn.tp_all_reduce", "experts.dispatch", "experts.combine"},
        ),
        (Layout(tp=4, pp=2), {"attention.all_reduce", "ffn.all_reduce", "pipeline.send"}),
    ],
)
def test_communication_of_a_layout(layout: Layout, expected: set[str]) -> None:
    found = read("deepseek-ai__DeepSeek-R1")
    operators = linear_operators(found, 32, np.multiply(32, layout.dp), layout, found.native, "decode")
    moving = [operator for operator in operators if isinstance(operator, Collective | ExpertAllToAll | PointToPoint)]
    assert {operator.role for operator in moving if operator.count > 0} == expected


def test_all_to_all_sends_narrow_activations_and_returns_wide_ones() -> None:
    found = read("deepseek-ai__DeepSeek-R1")
    layout = Layout(tp=4, dp=8, ep=32, all_to_all=True)
    sent = {
        operator.phase: operator
        for operator in linear_operators(found, 4096, 8 * 4096, layout, found.native, "prefill")
        if isinstance(operator, ExpertAllToAll)
    }
    assert (sent["dispatch"].format, sent["combine"].format) == ("fp8_block", "bf16")
    assert {operator.mode for operator in sent.values()} == {"normal"}
    assert {float(operator.tokens) for operator in sent.values()} == {1024.0}
    assert {float(operator.ranks) for operator in sent.values()} == {32.0}


def test_norms_over_the_full_width_are_reduced() -> None:
    found = read("MiniMaxAI__MiniMax-M2.5")
    reduced = [
        operator
        for operator in linear_operators(found, 32, 32, Layout(tp=8), found.native, "decode")
        if operator.role == "attention.qk_norm_all_reduce"
    ]
    assert [(operator.count, operator.message_bytes) for operator in reduced] == [(2 * 62, 8 * 32)]  # type: ignore[attr-defined]


def test_gemm_shapes_of_latent_attention() -> None:
    found = read("deepseek-ai__DeepSeek-R1")
    operators = linear_operators(found, 128, 128, Layout(tp=8), found.native, "decode")
    shapes = {
        operator.role: (float(operator.n), float(operator.k)) for operator in operators if isinstance(operator, Gemm)
    }
    assert shapes["attention.q_a_kv_a"] == (1536 + 512 + 64, 7168)  # not split
    assert shapes["attention.q_b"] == (16 * 192, 1536)
    assert shapes["attention.output"] == (7168, 16 * 128)
    assert shapes["ffn.gate_up"] == (2 * 18432 / 8, 7168)
    assert shapes["shared.down"] == (7168, 2048 / 8)
    assert shapes["router"] == (256, 7168)


def test_key_value_heads_are_not_split_below_one() -> None:
    found = read("Qwen__Qwen3-235B-A22B.json")
    (attention,) = attention_operators(found, 8, 1, 4096, Layout(tp=8), found.native, "decode")
    assert isinstance(attention, DecodeAttention)
    assert (float(attention.heads), float(attention.kv_heads)) == (8, 1)  # type: ignore[arg-type]


def test_windows_reach_the_kernels() -> None:
    found = read("openai__gpt-oss-120b")
    operators = attention_operators(found, 8, 1, 4096, Layout(), found.native, "decode")
    assert sorted((op.window or 0.0, op.count) for op in operators if isinstance(op, DecodeAttention)) == [
        (0.0, 18),
        (128.0, 18),
    ]


def test_attention_by_kind() -> None:
    kinds = {
        "MiniMaxAI__MiniMax-M3": {BlockSparseAttention, DecodeAttention},
        "deepseek-ai__DeepSeek-V4-Flash": {CompressedAttention},
        "zai-org__GLM-5.json": {SparseLatentAttention},
    }
    for name, expected in kinds.items():
        found = read(name)
        operators = attention_operators(found, 8, 1, 65536, Layout(), found.native, "decode")
        attention = {type(operator) for operator in operators} & set().union(*kinds.values())
        assert attention == expected


@given(new=st.integers(1, 600), cached=st.integers(0, 600))
def test_mean_keys_of_a_compressed_prefill(new: int, cached: int) -> None:
    found = read("deepseek-ai__DeepSeek-V4-Flash")
    only = Architecture(
        **{field.name: getattr(found, field.name) for field in fields(found)}
        | {"blocks": tuple(Block(1, block.mixer, None) for block in found.blocks)}
    )
    keys = {
        float(np.mean([min(position, 128) for position in range(cached + 1, cached + new + 1)])),
        float(np.mean([min(p, 128) + min(p / 4, 512) for p in range(cached + 1, cached + new + 1)])),
        float(np.mean([min(p, 128) + p / 128 for p in range(cached + 1, cached + new + 1)])),
    }
    operators = attention_operators(only, 1, new, cached, Layout(), found.native, "prefill")
    found_keys = {float(operator.keys) for operator in operators if isinstance(operator, CompressedAttention)}
    assert sorted(found_keys) == pytest.approx(sorted(keys))


def test_prefill_sees_the_cached_prefix() -> None:
    found = read("Qwen__Qwen3-8B")
    (attention,) = attention_operators(found, 2, 100, 900, Layout(), found.native, "prefill")
    assert isinstance(attention, PrefillAttention)
    assert (attention.new_tokens, attention.cached_tokens) == (100, 900)


def test_elementwise_traffic_of_a_dense_layer() -> None:
    """16 m H + 4 m d (n + 2 kv) + 6 m I, over five launches where queries and keys are normed."""
    found = read("Qwen__Qwen3-8B")
    operators = linear_operators(found, 10, 10, Layout(), found.native, "decode")
    elementwise = [operator for operator in operators if isinstance(operator, Elementwise)]
    traffic = 16 * 10 * 4096 + 4 * 10 * 128 * (32 + 16) + 6 * 10 * 12288
    assert sum(float(operator.traffic_bytes) for operator in elementwise) == traffic
    assert sum(float(operator.launches) for operator in elementwise) == 5
