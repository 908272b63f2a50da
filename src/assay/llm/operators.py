"""The operators of one forward step: everything but attention kernels (see `attention`) and the output head."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
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
from assay.llm.attention import attention_operators
from assay.llm.ffn_operators import FfnStep, ffn_operators
from assay.llm.gemms import all_reduce, gemms
from assay.llm.layout import Layout
from assay.llm.operator import Elementwise, Gemm, HyperConnection, Operator, PointToPoint
from assay.llm.precision import Precision
from assay.llm.weights import local_kv_heads, mixer_matrices

__all__ = ["Phase", "attention_operators", "head_operators", "linear_operators"]

Phase = Literal["prefill", "decode"]


def linear_operators(
    architecture: Architecture,
    tokens: Number,
    moe_tokens: Number,
    layout: Layout,
    precision: Precision,
    phase: Phase,
) -> tuple[Operator, ...]:
    """Return GEMMs, experts, element-wise kernels and collectives of all layers and pipeline stages.

    Parameters
    ----------
    tokens
        Tokens of one attention rank in the step.
    moe_tokens
        Tokens that the experts of one group see together, usually `tokens * layout.dp`.
    layout, precision
        How the model is laid out and in which formats it is served.
    phase
        Picks the kernels of experts and all-to-all.

    Notes
    -----
    Communication per layer, m tokens of width H in 16 bits: all-reduce of 2 m H over tp after attention; after the
    FFN all-reduce over the stage (dp = 1), or all-gather and reduce-scatter of all ranks' tokens (dp > 1), or dispatch
    and combine (all-to-all). Shapes and launch counts follow the composition that reproduced 2,308 measured
    deployments (aiconfigurator-core 0.12.0, PyPI) with a median error of 8 %.
    """
    hidden = architecture.hidden
    found: list[Operator] = []
    for mixer, count in _windowless(architecture).items():
        matrices = mixer_matrices(mixer, hidden, layout.tp)
        found += gemms(matrices, tokens, precision, count)
        found += _mixer_rest(architecture, mixer, tokens, layout, count)
    step = FfnStep(tokens, moe_tokens, layout, precision, phase)
    for ffn, count in architecture.ffns.items():
        found += ffn_operators(architecture, ffn, step, count)
    if architecture.residual_streams > 1:
        found += _streams(architecture, tokens)
    message = np.multiply(2.0 * hidden, tokens)
    stages = np.maximum(np.subtract(layout.pp, 1), 0)
    found.append(PointToPoint(role="pipeline.send", count=stages, message_bytes=message, stride=layout.world))
    return tuple(found)


def head_operators(
    architecture: Architecture, sequences: Number, layout: Layout, precision: Precision
) -> tuple[Operator, ...]:
    """Return the output head on `sequences` rows of one attention rank, the vocabulary split over tp."""
    columns = np.divide(float(architecture.vocab), layout.tp)
    return (Gemm(role="head", m=sequences, n=columns, k=float(architecture.hidden), format=precision.head),)


def _windowless(architecture: Architecture) -> dict[Mixer, int]:
    """Mixers that differ in nothing but what attention sees have the same linear part."""
    counts: dict[Mixer, int] = {}
    for mixer, count in architecture.mixers.items():
        same = replace(mixer, window=None, sinks=False) if isinstance(mixer, GroupedQueryAttention) else mixer
        counts[same] = counts.get(same, 0) + count
    return counts


def _mixer_rest(
    architecture: Architecture, mixer: Mixer, tokens: Number, layout: Layout, count: int
) -> Iterator[Operator]:
    """Element-wise kernels and the all-reduce of an attention layer."""
    launches, width = _mixer_elementwise(mixer, layout.tp)
    extra_norms = architecture.norms_per_sublayer - 1
    traffic = np.multiply(tokens, (8.0 + 4.0 * extra_norms) * architecture.hidden + 4.0 * width)
    yield Elementwise(role="attention.elementwise", count=count, traffic_bytes=traffic, launches=launches + extra_norms)
    if isinstance(mixer, GroupedQueryAttention) and mixer.qk_norm == "full":
        yield all_reduce("attention.qk_norm_all_reduce", 2 * count, np.multiply(8.0, tokens), layout.tp)
    message = np.multiply(2.0 * architecture.hidden, tokens)
    yield all_reduce("attention.all_reduce", count, message, layout.tp)


def _mixer_elementwise(mixer: Mixer, tp: Number) -> tuple[int, Number]:
    """Return the launches of an attention layer, and the width that they read and write twice beside the residual."""
    match mixer:
        case GroupedQueryAttention():
            heads = np.divide(mixer.heads, tp) + 2.0 * local_kv_heads(mixer.kv_heads, tp)
            return (2 if mixer.qk_norm == "none" else 3), heads * mixer.head_dim
        case LatentAttention():
            plain = mixer.indexer is None or mixer.indexer.shared
            return (3 if plain else 6), np.divide(mixer.heads * mixer.qk_dim, tp)
        case CompressedSparseAttention():
            return (4 if mixer.indexer is None else 6), np.divide(mixer.heads * mixer.head_dim, tp)
        case LinearAttentionBlock():
            return 4, np.divide(2.0 * (mixer.key_heads * mixer.key_dim + mixer.value_heads * mixer.value_dim), tp)
        case StateSpace():
            return 3, np.divide(2.0 * mixer.heads * mixer.head_dim, tp)


def _streams(architecture: Architecture, tokens: Number) -> Iterator[HyperConnection]:
    for site in ("pre", "post"):
        yield HyperConnection(
            role=f"hyper_connection.{site}",
            count=architecture.layers,
            tokens=tokens,
            hidden=float(architecture.hidden),
            streams=float(architecture.residual_streams),
            site=site,
        )
