"""The attention kernels of one forward step, and their like: linear attention, convolutions, indexers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from assay.core.array import Number
from assay.llm.architecture import (
    Architecture,
    CompressedSparseAttention,
    GroupedQueryAttention,
    Indexer,
    LatentAttention,
    LinearAttentionBlock,
    Mixer,
    StateSpace,
)
from assay.llm.layout import Layout
from assay.llm.operator import (
    BlockSparseAttention,
    CausalConv,
    CompressedAttention,
    DecodeAttention,
    Gemm,
    IndexerLogits,
    LatentBmm,
    LatentDecodeAttention,
    LatentPrefillAttention,
    LinearAttention,
    Operator,
    PrefillAttention,
    SparseLatentAttention,
    StateSpaceScan,
    TopK,
)
from assay.llm.precision import KvFormat, Precision
from assay.llm.weights import local_kv_heads


@dataclass(frozen=True, slots=True)
class _Step:
    """What every attention layer of a step sees: `sequences` sequences of `new` tokens each."""

    sequences: Number
    new: Number
    kv: Number
    """Decode: tokens attended by each query. Prefill: tokens cached before the step."""
    layout: Layout
    precision: Precision
    phase: Literal["prefill", "decode"]
    count: int

    @property
    def tokens(self) -> Number:
        """Tokens of the step."""
        return np.multiply(self.sequences, self.new)

    @property
    def kv_format(self) -> KvFormat:
        """Format of the cache."""
        return self.precision.kv

    def keys(self, ratio: float = 1.0, at_most: float = np.inf) -> Number:
        """Return min(keys / ratio, at_most) of a query, the mean over the queries of the step."""
        if self.phase == "decode":
            return np.minimum(np.divide(self.kv, ratio), at_most)
        first, last = np.add(self.kv, 1.0), np.add(self.kv, self.new)
        limit = at_most * ratio
        knee = np.clip(limit, first, last)  # keys grow up to the knee, then stay at the limit
        growing: Number = np.maximum(knee - first + 1.0, 0.0) * (first + knee) / 2.0
        held = np.where(last > knee, (last - knee) * np.minimum(limit, last), 0.0)
        mean: Number = np.minimum((growing + held) / np.asarray(self.new) / ratio, at_most)
        return mean


def attention_operators(
    architecture: Architecture,
    sequences: Number,
    new_tokens: Number,
    kv_tokens: Number,
    layout: Layout,
    precision: Precision,
    phase: Literal["prefill", "decode"],
) -> tuple[Operator, ...]:
    """Return the attention kernels of all layers.

    Parameters
    ----------
    sequences
        Sequences of one attention rank.
    new_tokens
        Tokens of each sequence in this step: 1 in plain decode, the prompt (or what is not cached of it) in prefill.
    kv_tokens
        Decode: tokens that a query attends, itself included. Prefill: tokens cached before the step.
    layout, precision, phase
        Heads are split over `layout.tp`; the cache is kept in `precision.kv`.

    Notes
    -----
    MLA runs absorbed in decode (two batched products around attention over the latent cache) and expanded in prefill;
    its sparse form (DSA) runs absorbed in both. In the sparse operators `kv_tokens` is the mean over the queries.
    """
    found: list[Operator] = []
    for mixer, count in architecture.mixers.items():
        found += _mixer(mixer, _Step(sequences, new_tokens, kv_tokens, layout, precision, phase, count))
    return tuple(found)


def _mixer(mixer: Mixer, step: _Step) -> Iterator[Operator]:
    match mixer:
        case GroupedQueryAttention():
            return _grouped_query(mixer, step)
        case LatentAttention():
            return _latent(mixer, step) if mixer.indexer is None else _sparse_latent(mixer, mixer.indexer, step)
        case CompressedSparseAttention():
            return _compressed(mixer, step)
        case LinearAttentionBlock():
            return _linear_attention(mixer, step)
        case StateSpace():
            return _state_space(mixer, step)


def _grouped_query(mixer: GroupedQueryAttention, step: _Step) -> Iterator[Operator]:
    heads = np.divide(mixer.heads, step.layout.tp)
    kv_heads = local_kv_heads(mixer.kv_heads, step.layout.tp)
    width = (mixer.head_dim + mixer.v_head_dim) / 2.0  # work and bytes depend on the sum of key and value width
    window = None if mixer.window is None else float(mixer.window)
    if mixer.block_indexer is not None:
        yield BlockSparseAttention(
            role="attention.block_sparse",
            count=step.count,
            batch=step.sequences,
            new_tokens=step.new,
            kv_tokens=step.keys(),
            heads=heads,
            kv_heads=kv_heads,
            head_dim=width,
            block=float(mixer.block_indexer.block),
            blocks=float(mixer.block_indexer.blocks),
            phase=step.phase,
            kv=step.kv_format,
        )
    elif step.phase == "prefill":
        yield PrefillAttention(
            role="attention.prefill",
            count=step.count,
            batch=step.sequences,
            new_tokens=step.new,
            cached_tokens=step.kv,
            heads=heads,
            kv_heads=kv_heads,
            head_dim=width,
            window=window,
            kv=step.kv_format,
        )
    else:
        yield DecodeAttention(
            role="attention.decode",
            count=step.count,
            batch=step.sequences,
            kv_tokens=step.kv,
            queries=step.new,
            heads=heads,
            kv_heads=kv_heads,
            head_dim=width,
            window=window,
            kv=step.kv_format,
        )


def _latent(mixer: LatentAttention, step: _Step) -> Iterator[Operator]:
    heads = np.divide(mixer.heads, step.layout.tp)
    if step.phase == "decode":
        attention = LatentDecodeAttention(
            role="attention.decode",
            count=step.count,
            batch=step.sequences,
            kv_tokens=step.kv,
            queries=step.new,
            heads=heads,
            kv_rank=float(mixer.kv_rank),
            rope_dim=float(mixer.rope_dim),
            kv=step.kv_format,
        )
        yield from _absorbed(mixer, step, attention)
        return
    yield Gemm(
        role="attention.kv_b",
        count=step.count,
        m=np.multiply(step.sequences, np.add(step.new, step.kv)),  # cached latents are expanded again
        n=heads * float(mixer.nope_dim + mixer.v_dim),
        k=float(mixer.kv_rank),
        format=step.precision.attention,
        static_scales=step.precision.static_scales,
    )
    yield LatentPrefillAttention(
        role="attention.prefill",
        count=step.count,
        batch=step.sequences,
        new_tokens=step.new,
        cached_tokens=step.kv,
        heads=heads,
        qk_dim=float(mixer.qk_dim),
        v_dim=float(mixer.v_dim),
        kv=step.kv_format,
    )


def _sparse_latent(mixer: LatentAttention, indexer: Indexer, step: _Step) -> Iterator[Operator]:
    yield from _indexer(indexer, step, step.keys(), paged=step.phase == "decode")
    attention = SparseLatentAttention(
        role="attention.sparse",
        count=step.count,
        batch=step.sequences,
        queries=step.new,
        kv_tokens=step.keys(),
        heads=np.divide(mixer.heads, step.layout.tp),
        top_k=float(indexer.top_k),
        phase=step.phase,
    )
    yield from _absorbed(mixer, step, attention)


def _absorbed(mixer: LatentAttention, step: _Step, attention: Operator) -> Iterator[Operator]:
    """Attention over the latent cache between the two products that absorb kv_b."""
    heads, rank = np.divide(mixer.heads, step.layout.tp), float(mixer.kv_rank)
    # kv_b is stored quantised but multiplied in 16 bits by every framework the coefficients cover.
    yield LatentBmm(
        role="attention.absorb_q", count=step.count, tokens=step.tokens, heads=heads, k=float(mixer.nope_dim), n=rank
    )
    yield attention
    yield LatentBmm(
        role="attention.absorb_v",
        count=step.count,
        tokens=step.tokens,
        heads=heads,
        k=rank,
        n=float(mixer.v_dim),
        first=False,
    )


def _indexer(indexer: Indexer, step: _Step, keys: Number, *, paged: bool) -> Iterator[Operator]:
    if indexer.shared:
        return
    yield IndexerLogits(
        role="indexer.logits",
        count=step.count,
        batch=step.sequences,
        new_tokens=step.new,
        kv_tokens=keys,
        heads=float(indexer.heads),
        head_dim=float(indexer.head_dim),
        phase=step.phase,
        paged=paged,
    )
    yield TopK(role="indexer.top_k", count=step.count, queries=step.tokens, candidates=keys, k=float(indexer.top_k))


def _compressed(mixer: CompressedSparseAttention, step: _Step) -> Iterator[Operator]:
    keys = step.keys(at_most=float(mixer.window))
    if mixer.indexer is not None:
        yield from _indexer(mixer.indexer, step, step.keys(float(mixer.ratio)), paged=True)
        keys = keys + step.keys(float(mixer.ratio), float(mixer.indexer.top_k))
    elif mixer.ratio:
        keys = keys + step.keys(float(mixer.ratio))
    yield CompressedAttention(
        role="attention.compressed",
        count=step.count,
        batch=step.sequences,
        queries=step.new,
        keys=keys,
        heads=np.divide(mixer.heads, step.layout.tp),
        head_dim=float(mixer.head_dim),
        phase=step.phase,
        kv=step.kv_format,
    )


def _linear_attention(mixer: LinearAttentionBlock, step: _Step) -> Iterator[Operator]:
    tp = step.layout.tp
    if mixer.kind != "lightning" and mixer.conv_width:
        channels = 2.0 * mixer.key_heads * mixer.key_dim + mixer.value_heads * mixer.value_dim
        yield CausalConv(
            role="attention.conv",
            count=step.count,
            kind=mixer.kind,
            batch=step.sequences,
            new_tokens=step.new,
            channels=np.divide(channels, tp),
            phase=step.phase,
        )
    yield LinearAttention(
        role="attention.linear",
        count=step.count,
        kind=mixer.kind,
        batch=step.sequences,
        new_tokens=step.new,
        key_heads=np.divide(mixer.key_heads, tp),
        value_heads=np.divide(mixer.value_heads, tp),
        key_dim=float(mixer.key_dim),
        value_dim=float(mixer.value_dim),
        phase=step.phase,
    )


def _state_space(mixer: StateSpace, step: _Step) -> Iterator[Operator]:
    tp = step.layout.tp
    groups = np.maximum(np.divide(mixer.groups, tp), 1.0)
    yield CausalConv(
        role="mamba.conv",
        count=step.count,
        kind="mamba2",
        batch=step.sequences,
        new_tokens=step.new,
        channels=np.divide(mixer.heads * mixer.head_dim, tp) + 2.0 * groups * mixer.state,
        phase=step.phase,
    )
    yield StateSpaceScan(
        role="mamba.scan",
        count=step.count,
        batch=step.sequences,
        new_tokens=step.new,
        heads=np.divide(mixer.heads, tp),
        head_dim=float(mixer.head_dim),
        groups=groups,
        state=float(mixer.state),
        phase=step.phase,
    )
