"""The parallel layouts worth trying for a model on a kind of chip."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from assay.llm.architecture import Architecture, LinearAttentionBlock, MoeFfn, StateSpace
from assay.llm.layout import Layout

MAX_TENSOR_PARALLEL: Final = 16
PIPELINES: Final = (1, 2, 4, 8)
NARROWEST_EXPERT: Final = 64
"""Columns of an expert left on one chip: kernels and quantisation blocks take no narrower slice."""


def layouts(architecture: Architecture, chips_per_domain: int, max_chips: int) -> Layout:
    """Return every candidate layout, as columns of shape (n, 1).

    Sizes are powers of two. Tensor parallelism stays inside the scale-up domain and divides the heads. Attention is
    replicated (dp > 1) only with experts to share; instances larger than a domain spread experts over all chips and
    exchange tokens by all-to-all. Pipelines take over where an instance without experts to share leaves a domain.
    """
    columns = np.array(sorted(set(_candidates(architecture, chips_per_domain, max_chips))), dtype=np.float64)
    columns = columns.reshape(-1, 5)
    tp, dp, ep, pp, exchange = (columns[:, [axis]] for axis in range(5))
    return Layout(tp=tp, dp=dp, ep=ep, pp=pp, all_to_all=exchange.astype(bool))


def layout_at(layout: Layout, index: int) -> Layout:
    """Return one of the layouts as plain numbers."""
    tp, dp, ep, pp = (int(np.asarray(axis)[index, 0]) for axis in (layout.tp, layout.dp, layout.ep, layout.pp))
    return Layout(tp=tp, dp=dp, ep=ep, pp=pp, all_to_all=bool(np.asarray(layout.all_to_all)[index, 0]))


def _candidates(architecture: Architecture, domain: int, max_chips: int) -> Iterator[tuple[int, int, int, int, bool]]:
    heads = _head_counts(architecture)
    experts = [block.ffn for block in architecture.blocks if isinstance(block.ffn, MoeFfn)]
    for world in _powers(max_chips):
        for tp in _powers(min(world, domain, MAX_TENSOR_PARALLEL)):
            if any(count % tp for count in heads):
                continue
            dp = world // tp
            if dp == 1:
                for pp in PIPELINES:
                    if world * pp <= max_chips and pp <= architecture.layers:
                        yield from ((tp, 1, ep, pp, False) for ep in _expert_sizes(experts, world))
            elif experts and all(ffn.experts >= world for ffn in experts):
                if world <= domain:
                    yield from ((tp, dp, ep, 1, False) for ep in _expert_sizes(experts, world))
                yield (tp, dp, world, 1, True)


def _expert_sizes(experts: list[MoeFfn], world: int) -> Iterator[int]:
    if all(ffn.intermediate // world >= NARROWEST_EXPERT for ffn in experts):
        yield 1
    if world > 1 and experts and all(ffn.experts >= world for ffn in experts):
        yield world


def _head_counts(architecture: Architecture) -> set[int]:
    counts = set()
    for block in architecture.blocks:
        match block.mixer:
            case None:
                continue
            case LinearAttentionBlock(value_heads=heads) | StateSpace(heads=heads):
                counts.add(heads)
            case mixer:
                counts.add(mixer.heads)
    return counts


def _powers(limit: int) -> Iterator[int]:
    size = 1
    while size <= limit:
        yield size
        size *= 2
