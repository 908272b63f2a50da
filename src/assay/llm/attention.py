"""The attention kernels of one forward step, and their like: linear attention, convolutions, indexers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from assay.core.array import Number
from assay.llm.architecture import (
    Architecture,
    CompressedSparseAttention,
    GroupedQueryAttention,
    LatentAttention,
    LinearAttentionBlock,
    Mixer,
    StateSpace,
)
from assay.llm.attention_step import AttentionStep
from assay.llm.latent_attention import latent
from assay.llm.layout import Layout
from assay.llm.operator import DecodeAttention, Operator, PrefillAttention
from assay.llm.precision import Precision
from assay.llm.recurrent import linear_attention, state_space
from assay.llm.sparse_attention import block_sparse, compressed, sparse_latent
from assay.llm.weights import local_kv_heads


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
        found += _mixer(mixer, AttentionStep(sequences, new_tokens, kv_tokens, layout, precision, phase, count))
    return tuple(found)


def _mixer(mixer: Mixer, step: AttentionStep) -> Iterator[Operator]:
    match mixer:
        case GroupedQueryAttention():
            if mixer.block_indexer is not None:
                return block_sparse(mixer, mixer.block_indexer, step)
            return _grouped_query(mixer, step)
        case LatentAttention():
            return latent(mixer, step) if mixer.indexer is None else sparse_latent(mixer, mixer.indexer, step)
        case CompressedSparseAttention():
            return compressed(mixer, step)
        case LinearAttentionBlock():
            return linear_attention(mixer, step)
        case StateSpace():
            return state_space(mixer, step)


def _grouped_query(mixer: GroupedQueryAttention, step: AttentionStep) -> Iterator[Operator]:
    heads = np.divide(mixer.heads, step.layout.tp)
    kv_heads = local_kv_heads(mixer.kv_heads, step.layout.tp)
    width = (mixer.head_dim + mixer.v_head_dim) / 2.0  # work and bytes depend on the sum of key and value width
    window = None if mixer.window is None else float(mixer.window)
    if step.phase == "prefill":
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
