"""Operators of attention over chosen tokens: DSA (DeepSeek-V3.2, GLM-5), CSA and HCA (DeepSeek-V4), MSA (MiniMax)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assay.core.array import Number
from assay.llm.architecture import (
    BlockIndexer,
    CompressedSparseAttention,
    GroupedQueryAttention,
    Indexer,
    LatentAttention,
)
from assay.llm.attention_step import AttentionStep
from assay.llm.latent_attention import absorbed
from assay.llm.operator import (
    BlockSparseAttention,
    CompressedAttention,
    IndexerLogits,
    Operator,
    SparseLatentAttention,
    TopK,
)
from assay.llm.weights import local_kv_heads


def sparse_latent(mixer: LatentAttention, indexer: Indexer, step: AttentionStep) -> Iterator[Operator]:
    """Return the operators of DSA: scores, choice, absorbed attention over the chosen."""
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
    yield from absorbed(mixer, step, attention)


def compressed(mixer: CompressedSparseAttention, step: AttentionStep) -> Iterator[Operator]:
    """Return the operators of CSA and HCA: attention over a window and over a compressed cache."""
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


def block_sparse(mixer: GroupedQueryAttention, indexer: BlockIndexer, step: AttentionStep) -> Iterator[Operator]:
    """Return the operator of MSA: its index branch is part of the kernel."""
    yield BlockSparseAttention(
        role="attention.block_sparse",
        count=step.count,
        batch=step.sequences,
        new_tokens=step.new,
        kv_tokens=step.keys(),
        heads=np.divide(mixer.heads, step.layout.tp),
        kv_heads=local_kv_heads(mixer.kv_heads, step.layout.tp),
        head_dim=float(mixer.head_dim),
        block=float(indexer.block),
        blocks=float(indexer.blocks),
        phase=step.phase,
        kv=step.kv_format,
    )


def _indexer(indexer: Indexer, step: AttentionStep, keys: Number, *, paged: bool) -> Iterator[Operator]:
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
