"""Operators of MLA: absorbed in decode, expanded in prefill."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assay.llm.architecture import LatentAttention
from assay.llm.attention_step import AttentionStep
from assay.llm.operator import Gemm, LatentBmm, LatentDecodeAttention, LatentPrefillAttention, Operator


def latent(mixer: LatentAttention, step: AttentionStep) -> Iterator[Operator]:
    """Return the operators of MLA."""
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
        yield from absorbed(mixer, step, attention)
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


def absorbed(mixer: LatentAttention, step: AttentionStep, attention: Operator) -> Iterator[Operator]:
    """Return attention over the latent cache between the two products that absorb kv_b."""
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
