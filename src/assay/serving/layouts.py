"""The parallel layouts worth trying for a model on a kind of chip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np

from assay.core.errors import Infeasible
from assay.llm.architecture import Architecture, LinearAttentionBlock, MoeFfn, StateSpace
from assay.llm.layout import Layout

MAX_TENSOR_PARALLEL: Final = 16
PIPELINES: Final = (1, 2, 4, 8)
NARROWEST_EXPERT: Final = 64
"""Columns of an expert left on one chip: kernels and quantisation blocks take no narrower slice."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """Axes of the layout that the user decided; None is left to the search."""

    tp: int | None = None
    dp: int | None = None
    ep: int | None = None
    pp: int | None = None


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a layout must respect on a kind of chip."""

    chips_per_domain: int
    max_chips: int


Candidate = tuple[int, int, int, int, bool]  # tp, dp, ep, pp, all-to-all


def layouts(architecture: Architecture, bounds: Bounds, fixed: Fixed = Fixed()) -> Layout:
    """Return every candidate layout, as columns of shape (n, 1).

    Sizes are powers of two unless fixed. Tensor parallelism stays inside the scale-up domain and divides the heads.
    Attention is replicated (dp > 1) only with experts to share; instances larger than a domain spread experts over
    all chips and exchange tokens by all-to-all. Pipelines serve instances that replicate no attention.

    Raises
    ------
    Infeasible
        Where what is fixed leaves nothing; the message names the constraint that is broken.
    """
    candidates = list(_candidates(bounds, fixed))
    allowed = [candidate for candidate in candidates if not obstacle(architecture, candidate, bounds)]
    if not allowed:
        nearest = max(candidates, key=lambda candidate: _passed(architecture, candidate, bounds))
        raise Infeasible(f"no such layout of {architecture.id}: {obstacle(architecture, nearest, bounds)}")
    columns = np.array(sorted(set(allowed)), dtype=np.float64)
    tp, dp, ep, pp, exchange = (columns[:, [axis]] for axis in range(5))
    return Layout(tp=tp, dp=dp, ep=ep, pp=pp, all_to_all=exchange.astype(bool))


def layout_at(layout: Layout, index: int) -> Layout:
    """Return one of the layouts as plain numbers."""
    tp, dp, ep, pp = (int(np.asarray(axis)[index, 0]) for axis in (layout.tp, layout.dp, layout.ep, layout.pp))
    return Layout(tp=tp, dp=dp, ep=ep, pp=pp, all_to_all=bool(np.asarray(layout.all_to_all)[index, 0]))


def obstacle(architecture: Architecture, candidate: Candidate, bounds: Bounds) -> str:
    """Return the first constraint that a layout breaks, in words; empty where it breaks none."""
    return next((reason for broken, reason in _constraints(architecture, candidate, bounds) if broken), "")


def _passed(architecture: Architecture, candidate: Candidate, bounds: Bounds) -> int:
    """Count the constraints that a layout keeps before it breaks one."""
    broken = [broken for broken, _reason in _constraints(architecture, candidate, bounds)]
    return broken.index(True) if True in broken else len(broken)


def _constraints(architecture: Architecture, candidate: Candidate, bounds: Bounds) -> tuple[tuple[bool, str], ...]:
    tp, dp, ep, pp, exchange = candidate
    world = tp * dp
    experts = [block.ffn for block in architecture.blocks if isinstance(block.ffn, MoeFfn)]
    fewest = min((ffn.experts for ffn in experts), default=1)
    narrowest = min(ffn.intermediate for ffn in experts) * ep // world if experts else NARROWEST_EXPERT
    undivided = sorted(count for count in _head_counts(architecture) if count % tp)
    return (
        (world * pp > bounds.max_chips, f"{world * pp} chips exceed the {bounds.max_chips} of an instance"),
        (tp > min(bounds.chips_per_domain, MAX_TENSOR_PARALLEL), f"tp={tp} leaves the scale-up domain"),
        (bool(undivided), f"tp={tp} does not divide {undivided[0] if undivided else 0} heads"),
        (pp > architecture.layers, f"pp={pp} exceeds {architecture.layers} layers"),
        (dp > 1 and not experts, f"dp={dp} without experts to share: run {dp} instances instead"),
        (dp > 1 and pp > 1, f"dp={dp} and pp={pp} together are not modelled"),
        (ep not in (1, world), f"ep={ep}: experts are spread over 1 or all {world} chips of a stage"),
        (ep > 1 and ep > fewest, f"ep={ep} exceeds {fewest} experts"),
        (narrowest < NARROWEST_EXPERT, f"an expert split over {world // ep} chips is {narrowest} columns wide"),
        (exchange and (dp == 1 or ep != world), "all-to-all needs ep = tp x dp and dp > 1"),
        (not exchange and world > bounds.chips_per_domain, f"{world} chips leave the scale-up domain"),
    )


def _candidates(bounds: Bounds, fixed: Fixed) -> Iterator[Candidate]:
    def sizes(decided: int | None, tried: tuple[int, ...]) -> tuple[int, ...]:
        return tried if decided is None else (decided,)

    powers = tuple(2**power for power in range(bounds.max_chips.bit_length()) if 2**power <= bounds.max_chips)
    for tp, dp, pp in product(sizes(fixed.tp, powers), sizes(fixed.dp, powers), sizes(fixed.pp, PIPELINES)):
        for ep, exchange in product(sizes(fixed.ep, (1, tp * dp)), (False, True)):
            yield tp, dp, ep, pp, exchange


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
