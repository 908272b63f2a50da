"""The best deployment of a model on one kind of chip: most output tokens a second and chip within a service level."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from assay.catalogue.chip import Chip
from assay.catalogue.engine import Engine
from assay.core.errors import Infeasible, UsageError
from assay.core.quantity import format_si
from assay.engine.deployment import Deployment, Speculation
from assay.engine.memory import MemoryUse, memory_use
from assay.engine.precision import served_precision
from assay.kernels.silicon import Silicon
from assay.kernels.software import Software, software
from assay.llm.architecture import Architecture
from assay.llm.layout import Layout
from assay.serving.closed_loop import SteadyState, Workload, steady_state
from assay.serving.layouts import Bounds, Fixed, layout_at, layouts

SEQUENCES: Final = np.array(
    [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024], dtype=np.float64
)
"""Sequences per attention rank at which every layout is tried; the best is then searched between its neighbours."""

REFINEMENTS: Final = 24


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """Upper limits on the means: time to first token, and time per output token after it."""

    ttft_s: float
    tpot_s: float

    def __post_init__(self) -> None:
        """Refuse limits that nothing can keep. Raises UsageError."""
        if not (self.ttft_s > 0 and self.tpot_s > 0):
            raise UsageError("a service level needs positive times")


@dataclass(frozen=True, slots=True)
class Choice:
    """A deployment at a concurrency, all plain numbers, and what it reaches."""

    deployment: Deployment
    workload: Workload
    concurrency: int
    state: SteadyState
    memory: MemoryUse
    capacity_bound: bool
    """One more sequence per rank would not fit into memory."""
    evaluated: int
    """Points (layout x concurrency x framework) that were looked at."""

    @property
    def output_tok_per_s_per_chip(self) -> float:
        """What was maximised."""
        return float(self.state.output_tok_per_s) / float(self.deployment.layout.chips)


def best_deployment(
    architecture: Architecture,
    chip: Chip,
    silicon: Silicon,
    engines: Sequence[Engine],
    workload: Workload,
    level: ServiceLevel,
    *,
    max_chips: int,
    fixed: Fixed = Fixed(),
    speculation: Speculation = Speculation(),
) -> Choice:
    """Return the deployment with the most output tok/s/chip whose mean TTFT and TPOT keep the service level.

    All layouts and concurrencies of a framework are evaluated as one array; the concurrency of the best layout is
    then refined. Equal throughput: fewer chips.

    Raises
    ------
    Infeasible
        The model fits on no layout, or no layout keeps the service level; the message says which limit binds and by
        how much.
    """
    layout = layouts(architecture, Bounds(int(silicon.chips_per_domain), max_chips), fixed)
    candidates = [
        _Candidates(deployment, workload, level)
        for deployment in _deployments(architecture, chip, silicon, engines, layout, speculation)
    ]
    if not any(candidate.fits for candidate in candidates):
        raise Infeasible(_memory_reason(candidates))
    evaluated = sum(candidate.points for candidate in candidates)
    feasible = [candidate for candidate in candidates if candidate.best_score > 0]
    if not feasible:
        raise Infeasible(_level_reason(candidates, level))
    best = max(feasible, key=lambda candidate: candidate.best_score)
    return replace(best.refined(), evaluated=evaluated)


class _Candidates:
    """Every layout of one framework at every number of sequences, evaluated together."""

    def __init__(self, deployment: Deployment, workload: Workload, level: ServiceLevel) -> None:
        self.workload, self.level = workload, level
        memory = memory_use(deployment, workload.input_tokens, workload.output_tokens)
        fitting = np.flatnonzero(np.asarray(memory.sequences)[:, 0] >= 1.0)
        self.all_layouts, self.memory = deployment, memory
        self.fits = fitting.size > 0
        self.points, self.best_score = 0, 0.0
        self.row = self.column = 0
        if not self.fits:
            return
        self.deployment = replace(deployment, layout=_rows(deployment.layout, fitting))
        self.capacity = np.asarray(memory.sequences)[fitting]
        sequences = SEQUENCES[np.newaxis, :]
        self.state = steady_state(self.deployment, workload, sequences * self.deployment.layout.dp)
        self.possible = sequences <= self.capacity
        self.points = int(self.possible.sum())
        met = self.possible & (self.state.ttft_s <= level.ttft_s) & (self.state.tpot_s <= level.tpot_s)
        score = np.where(met, self.state.output_tok_per_s / self.deployment.layout.chips, 0.0)
        score = score * (1.0 - 1e-9 * self.deployment.layout.chips)  # equal throughput: fewer chips
        self.row, self.column = divmod(int(np.argmax(score)), len(SEQUENCES))
        self.best_score = float(score[self.row, self.column])

    def refined(self) -> Choice:
        """Return the best concurrency of the best layout, searched between the neighbours on the grid."""
        low = SEQUENCES[max(self.column - 1, 0)]
        high = min(SEQUENCES[min(self.column + 1, len(SEQUENCES) - 1)], float(self.capacity[self.row, 0]))
        sequences = np.unique(np.append(np.floor(np.linspace(low, high, REFINEMENTS)), SEQUENCES[self.column]))
        deployment = replace(self.deployment, layout=layout_at(self.deployment.layout, self.row))
        state = steady_state(deployment, self.workload, sequences * deployment.layout.dp)
        met = (state.ttft_s <= self.level.ttft_s) & (state.tpot_s <= self.level.tpot_s)
        chosen = float(sequences[np.argmax(np.where(met, state.output_tok_per_s, 0.0))])
        return _choice(deployment, self.workload, chosen)

    def least_violation(self) -> tuple[float, Choice]:
        """Return the point nearest to the service level, and by which factor it misses it."""
        excess = np.maximum(self.state.ttft_s / self.level.ttft_s, self.state.tpot_s / self.level.tpot_s)
        excess = np.where(self.possible, excess, np.inf)
        row, column = divmod(int(np.argmin(excess)), len(SEQUENCES))
        deployment = replace(self.deployment, layout=layout_at(self.deployment.layout, row))
        return float(excess[row, column]), _choice(deployment, self.workload, float(SEQUENCES[column]))


def _choice(deployment: Deployment, workload: Workload, sequences: float) -> Choice:
    memory = memory_use(deployment, workload.input_tokens, workload.output_tokens)
    concurrency = round(sequences * float(deployment.layout.dp))
    state = steady_state(deployment, workload, concurrency)
    return Choice(deployment, workload, concurrency, state, memory, sequences + 1 > float(memory.sequences), 0)


def _deployments(
    architecture: Architecture,
    chip: Chip,
    silicon: Silicon,
    engines: Sequence[Engine],
    layout: Layout,
    speculation: Speculation,
) -> Iterator[Deployment]:
    """Yield all layouts under each framework that runs on the chip. Raises Infeasible where none does."""
    refusals: list[Infeasible] = []
    for engine in engines:
        try:
            precision = served_precision(architecture.native, chip, engine)
        except Infeasible as refusal:
            refusals.append(refusal)
            continue
        stack: Software = software(engine, silicon)
        yield Deployment(architecture, silicon, stack, engine, layout, precision, speculation)
    if len(refusals) == len(engines):
        raise (
            refusals[0]
            if refusals
            else Infeasible(f"none of the frameworks asked for runs on {chip.name} (generation {chip.generation})")
        )


def _rows(layout: Layout, rows: np.ndarray) -> Layout:
    axes = (layout.tp, layout.dp, layout.ep, layout.pp, layout.all_to_all)
    tp, dp, ep, pp, exchange = (np.asarray(axis)[rows] for axis in axes)
    return Layout(tp=tp, dp=dp, ep=ep, pp=pp, all_to_all=exchange)


def _memory_reason(candidates: Sequence[_Candidates]) -> str:
    """Say how far the roomiest layout is from holding the weights and one sequence."""

    def shortfall(candidate: _Candidates) -> tuple[float, int]:
        missing = candidate.memory.kv_bytes_per_sequence - candidate.memory.kv_bytes
        row = int(np.argmin(np.asarray(missing)[:, 0]))
        return float(np.asarray(missing)[row, 0]), row

    candidate = min(candidates, key=lambda each: shortfall(each)[0])
    missing, row = shortfall(candidate)
    chips = int(np.asarray(candidate.all_layouts.layout.chips)[row, 0])
    weights = float(np.asarray(candidate.memory.weights_bytes)[row, 0])
    usable = float(candidate.memory.usable_bytes)
    return (
        f"does not fit on {chips} chips: weights take {format_si(weights, 'B')} of {format_si(usable, 'B')} usable "
        f"a chip, and one sequence misses {format_si(missing, 'B')}"
    )


def _level_reason(candidates: Sequence[_Candidates], level: ServiceLevel) -> str:
    """Say what the nearest deployment reaches, and by how much it misses the service level."""
    misses = (candidate.least_violation() for candidate in candidates if candidate.fits)
    excess, choice = min(misses, key=lambda miss: miss[0])
    ttft_s, tpot_s = float(choice.state.ttft_s), float(choice.state.tpot_s)
    name, reached, limit = (
        ("TTFT", ttft_s, level.ttft_s)
        if ttft_s / level.ttft_s > tpot_s / level.tpot_s
        else ("TPOT", tpot_s, level.tpot_s)
    )
    return (
        f"{name} {format_si(reached, 's')} at best, {excess - 1:.0%} over {format_si(limit, 's')} "
        f"({int(choice.deployment.layout.chips)} chips, concurrency {choice.concurrency})"
    )
