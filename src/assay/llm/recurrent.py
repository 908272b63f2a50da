"""Operators of mixers that keep a state instead of a cache: gated delta net, KDA, lightning attention, Mamba2."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assay.llm.architecture import LinearAttentionBlock, StateSpace
from assay.llm.attention_step import AttentionStep
from assay.llm.operator import CausalConv, LinearAttention, Operator, StateSpaceScan


def linear_attention(mixer: LinearAttentionBlock, step: AttentionStep) -> Iterator[Operator]:
    """Return the operators of linear attention: a short convolution (but for lightning), and the state."""
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


def state_space(mixer: StateSpace, step: AttentionStep) -> Iterator[Operator]:
    """Return the operators of Mamba2: a short convolution and the scan."""
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
