"""The weight matrices of a layer: the one table from which parameters, bytes and GEMMs are all derived.

Shapes are those of one chip. With the default layout (one chip) they are those of the whole layer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from assay.core.array import Number
from assay.llm.architecture import (
    CompressedSparseAttention,
    DenseFfn,
    Ffn,
    GroupedQueryAttention,
    Indexer,
    LatentAttention,
    LinearAttentionBlock,
    Mixer,
    MoeFfn,
    StateSpace,
)
from assay.llm.layout import Layout
from assay.llm.precision import WEIGHT_BYTES, Precision, WeightFormat

Part = Literal["attention", "dense", "experts", "shared", "head", "unquantised", "fp32"]
"""Which format of a Precision stores a matrix; the last two are never quantised."""

WHOLE: Final = Layout()


@dataclass(frozen=True, slots=True)
class Matrix:
    """A weight [k, n], of which one chip holds `copies`."""

    role: str
    part: Part
    k: Number
    n: Number
    copies: Number = 1.0
    kernel: Literal["gemm", "absorbed", "grouped", "other"] = "gemm"
    """absorbed: two batched products in decode (MLA); grouped: experts; other: inside a kernel of another kind."""

    @property
    def weights(self) -> Number:
        """Weights that one chip holds."""
        return np.multiply(self.copies, np.multiply(self.k, self.n))


def part_format(precision: Precision, part: Part) -> WeightFormat:
    """Return the format in which a part is multiplied."""
    format: WeightFormat = "bf16" if part in ("unquantised", "fp32") else getattr(precision, part)
    return format


def part_bytes(precision: Precision, part: Part) -> float:
    """Return the bytes of one stored weight of a part, scales included."""
    return 4.0 if part == "fp32" else WEIGHT_BYTES[part_format(precision, part)]


def local_kv_heads(kv_heads: int, tp: Number) -> Number:
    """Return the KV heads of one chip: at least one, for a head is not split."""
    return np.maximum(np.divide(kv_heads, tp), 1.0)


def mixer_matrices(mixer: Mixer, hidden: int, tp: Number = 1) -> tuple[Matrix, ...]:
    """Return the matrices of an attention layer (or its like) split over `tp` chips, fused as engines fuse them."""
    width = float(hidden)
    match mixer:
        case GroupedQueryAttention():
            return tuple(_grouped_query(mixer, width, tp))
        case LatentAttention():
            return tuple(_latent(mixer, width, tp))
        case CompressedSparseAttention():
            return tuple(_compressed(mixer, width, tp))
        case LinearAttentionBlock():
            return tuple(_linear_attention(mixer, width, tp))
        case StateSpace():
            return tuple(_state_space(mixer, width, tp))


def ffn_matrices(ffn: Ffn, hidden: int, layout: Layout = WHOLE) -> tuple[Matrix, ...]:
    """Return the matrices of an FFN: dense over `dense_split`, shared experts over tp, routed experts over world."""
    width = float(hidden)
    if isinstance(ffn, DenseFfn):
        return _mlp("ffn", "dense", width, np.divide(ffn.intermediate, dense_split(layout)), ffn.gated)
    return tuple(_experts(ffn, width, layout))


def dense_split(layout: Layout) -> Number:
    """Return the chips that share one dense FFN: those of a stage, or of one attention rank under all-to-all."""
    return np.where(layout.all_to_all, layout.tp, layout.world)


def expert_slots(ffn: MoeFfn, layout: Layout) -> Number:
    """Return the experts that one chip holds: its share, and under all-to-all one more, a copy of a popular one."""
    return np.divide(ffn.experts, layout.ep) + np.where(layout.all_to_all, 1.0, 0.0)


def _mlp(role: str, part: Part, hidden: float, intermediate: Number, gated: bool) -> tuple[Matrix, ...]:
    up = "gate_up" if gated else "up"
    return (
        Matrix(f"{role}.{up}", part, hidden, np.multiply(2.0 if gated else 1.0, intermediate)),
        Matrix(f"{role}.down", part, intermediate, hidden),
    )


def _experts(ffn: MoeFfn, hidden: float, layout: Layout) -> Iterator[Matrix]:
    width = float(ffn.latent or hidden)
    copies = expert_slots(ffn, layout)
    intermediate = np.divide(ffn.intermediate, layout.moe_tp)
    yield Matrix("router", "unquantised", hidden, float(ffn.experts))
    if ffn.latent:
        yield Matrix("experts.latent_in", "shared", hidden, width)
        yield Matrix("experts.latent_out", "shared", width, hidden)
    for matrix in _mlp("experts", "experts", width, intermediate, ffn.gated):
        yield Matrix(matrix.role, matrix.part, matrix.k, matrix.n, copies, "grouped")
    if ffn.shared_intermediate:
        yield from _mlp("shared", "shared", hidden, np.divide(ffn.shared_intermediate, layout.tp), ffn.gated)
        if ffn.shared_gate:
            yield Matrix("shared.gate", "unquantised", hidden, 1.0, kernel="other")


def _grouped_query(mixer: GroupedQueryAttention, hidden: float, tp: Number) -> Iterator[Matrix]:
    heads = np.divide(mixer.heads, tp)
    kv_heads = local_kv_heads(mixer.kv_heads, tp)
    queries = heads * mixer.head_dim * (2.0 if mixer.output_gate else 1.0)
    keys_values = kv_heads * (mixer.head_dim + (0 if mixer.shared_kv else mixer.v_head_dim))
    if mixer.block_indexer is not None:  # an index query and an index key for each KV head
        index_heads = local_kv_heads(mixer.block_indexer.heads, tp)
        keys_values = keys_values + 2.0 * index_heads * mixer.block_indexer.head_dim
    if mixer.q_rank is None:
        yield Matrix("attention.qkv", "attention", hidden, queries + keys_values)
    else:
        yield Matrix("attention.q_a_kv", "attention", hidden, mixer.q_rank + keys_values)
        yield Matrix("attention.q_b", "attention", float(mixer.q_rank), queries)
    yield Matrix("attention.output", "attention", heads * mixer.v_head_dim, hidden)


def _latent(mixer: LatentAttention, hidden: float, tp: Number) -> Iterator[Matrix]:
    heads = np.divide(mixer.heads, tp)
    compressed = float(mixer.kv_rank + mixer.rope_dim)
    if mixer.q_rank is None:
        yield Matrix("attention.q", "attention", hidden, heads * mixer.qk_dim)
        yield Matrix("attention.kv_a", "attention", hidden, compressed)
    else:
        yield Matrix("attention.q_a_kv_a", "attention", hidden, mixer.q_rank + compressed)
        yield Matrix("attention.q_b", "attention", float(mixer.q_rank), heads * mixer.qk_dim)
    per_head = float(mixer.nope_dim + mixer.v_dim)
    yield Matrix("attention.kv_b", "attention", float(mixer.kv_rank), heads * per_head, kernel="absorbed")
    if mixer.output_gate:
        yield Matrix("attention.gate", "attention", hidden, heads * mixer.v_dim)
    yield Matrix("attention.output", "attention", heads * mixer.v_dim, hidden)
    yield from _indexer(mixer.indexer, float(mixer.q_rank or hidden), hidden)


def _indexer(indexer: Indexer | None, query_rank: float, hidden: float) -> Iterator[Matrix]:
    if indexer is None or indexer.shared:
        return
    yield Matrix("indexer.q", "attention", query_rank, float(indexer.heads * indexer.head_dim))
    # The key projection and the weights of the index heads run as one product, in 16 bits.
    yield Matrix("indexer.k", "unquantised", hidden, float(indexer.head_dim + indexer.heads))


def _compressed(mixer: CompressedSparseAttention, hidden: float, tp: Number) -> Iterator[Matrix]:
    heads = np.divide(mixer.heads, tp)
    groups = np.divide(mixer.output_groups, tp)
    overlap = 2.0 if mixer.indexer is not None else 1.0  # CSA compresses overlapping spans
    yield Matrix("attention.q_a_kv", "attention", hidden, float(mixer.q_rank + mixer.head_dim))
    yield Matrix("attention.q_b", "attention", float(mixer.q_rank), heads * mixer.head_dim)
    per_group = float(mixer.heads * mixer.head_dim / mixer.output_groups)
    yield Matrix("attention.output_a", "attention", per_group, float(mixer.output_rank), groups)
    yield Matrix("attention.output_b", "attention", groups * mixer.output_rank, hidden)
    if mixer.ratio:
        yield Matrix("attention.compressor", "unquantised", hidden, 2.0 * overlap * mixer.head_dim)
    if mixer.indexer is not None:
        indexer = mixer.indexer
        yield Matrix("indexer.q", "attention", float(mixer.q_rank), float(indexer.heads * indexer.head_dim))
        yield Matrix("indexer.k", "unquantised", hidden, 2.0 * overlap * indexer.head_dim + indexer.heads)


def _linear_attention(mixer: LinearAttentionBlock, hidden: float, tp: Number) -> Iterator[Matrix]:
    keys = np.divide(mixer.key_heads * mixer.key_dim, tp)
    values = np.divide(mixer.value_heads * mixer.value_dim, tp)
    heads = np.divide(mixer.value_heads, tp)
    if mixer.kind == "gdn":  # q, k, v and the output gate; then the two gates of the state, a number a head
        yield Matrix("attention.qkvz", "attention", hidden, 2.0 * keys + 2.0 * values)
        yield Matrix("attention.ba", "unquantised", hidden, 2.0 * heads)
    elif mixer.kind == "kda":  # a decay for each channel, through a bottleneck of one head's width
        gate = values if mixer.gate_rank is None else float(mixer.gate_rank)
        yield Matrix("attention.qkvg", "attention", hidden, 2.0 * keys + values + gate)
        yield Matrix("attention.fb", "attention", hidden, mixer.key_dim + heads)
        yield Matrix("attention.f_b", "attention", float(mixer.key_dim), keys)
        if mixer.gate_rank is not None:
            yield Matrix("attention.g_b", "attention", float(mixer.gate_rank), values)
    else:
        yield Matrix("attention.qkv", "attention", hidden, 2.0 * keys + values)
        yield Matrix("attention.gate", "attention", hidden, values)
    yield Matrix("attention.output", "attention", values, hidden)


def _state_space(mixer: StateSpace, hidden: float, tp: Number) -> Iterator[Matrix]:
    inner = np.divide(mixer.heads * mixer.head_dim, tp)
    groups = np.maximum(np.divide(mixer.groups, tp), 1.0)
    projected = 2.0 * inner + 2.0 * groups * mixer.state + np.divide(mixer.heads, tp)
    yield Matrix("mamba.input", "attention", hidden, projected)
    yield Matrix("mamba.output", "attention", inner, hidden)
