"""Evaluate all layouts, batches and chunk sizes of a variant at once: serving alone, prefilling only, decoding only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from assay.core.array import FloatArray, Number
from assay.engine.deployment import Deployment
from assay.engine.line import StepTime, total
from assay.engine.memory import memory_use
from assay.engine.step import prefill_step
from assay.kernels.speed_of_light import WORK
from assay.llm.layout import Layout
from assay.serving.closed_loop import Workload, steady_state
from assay.serving.planning.columns import EMPTY, Columns, flattened
from assay.serving.planning.request import PlanRequest
from assay.serving.planning.variant import Variant
from assay.serving.traffic.requests import IntArray

BATCHES: Final[FloatArray] = np.unique(np.round(np.geomspace(1.0, 1024.0, 64)))
"""Sequences per attention rank that are tried beside the most that fit: each integer to 11, then 12 % apart."""


@dataclass(frozen=True, slots=True)
class Points:
    """What one variant can do."""

    aggregated: Columns
    prefill: Columns
    decode: Columns
    unfit: int
    """Points that the memory does not hold."""
    shortfall_bytes: float
    """What one sequence misses on the roomiest layout; 0 where one fits."""

    @property
    def count(self) -> int:
        """Points that were evaluated."""
        return len(self.aggregated) + len(self.prefill) + len(self.decode)


def points(variant: Variant, index: int, request: PlanRequest) -> Points:
    """Return the operating points of a variant's layouts.

    Formula (b sequences or prompts a rank, T_q the prefill of b prompts on every rank, s accepted tokens a step)::

        aggregated  steady state of a closed loop at concurrency b dp
        prefill     requests/s = b dp pp / T_q                   b = 1, or as many prompts as fit into a chunk
        decode      TPOT = T_d / s,   requests/s = b dp / (output TPOT)

    Parameters
    ----------
    index
        Of the variant among all.
    """
    workload = request.workload
    running = _Fitting(variant, workload.input_tokens, workload.output_tokens, request.longest_tokens)
    aggregated, decode, unfit = _running(running, index, workload)
    if variant.deployment.speculation.draft_tokens:  # a prefill drafts nothing: the variant without drafts has it
        return Points(aggregated, EMPTY, decode, unfit, running.shortfall_bytes)
    prefilling = _Fitting(variant, workload.input_tokens, 0.0, request.longest_tokens)
    prefill, unfit_prompts = _prefilling(prefilling, index, workload)
    return Points(aggregated, prefill, decode, unfit + unfit_prompts, running.shortfall_bytes)


class _Fitting:
    """The layouts that hold a mean sequence at its fuller moments, and the longest one."""

    def __init__(self, variant: Variant, input_tokens: float, output_tokens: float, longest_tokens: float) -> None:
        self.variant = variant
        memory = memory_use(variant.deployment, input_tokens, output_tokens)
        longest = memory_use(variant.deployment, longest_tokens, 0.0)
        sequences, fewest = np.asarray(memory.sequences), np.asarray(longest.sequences)
        self.left_out = int((fewest[:, 0] < 1.0).sum())
        self.rows: IntArray = np.flatnonzero(fewest[:, 0] >= 1.0)
        missing = np.asarray(longest.kv_bytes_per_sequence - longest.kv_bytes)
        self.shortfall_bytes = max(float(missing.min()), 0.0)
        self.capacity: FloatArray = np.floor(sequences[self.rows])
        self.deployment = replace(variant.deployment, layout=_rows(variant.deployment.layout, self.rows))

    def columns(self, mask: np.ndarray, index: int, busy: Number, **columns: Number) -> Columns:
        """Return the points of a grid, with what holds for all points of a layout."""
        kind, chips = self.variant.kind, np.asarray(self.deployment.layout.chips)
        return flattened(
            mask,
            variant=index,
            layout=self.rows[:, np.newaxis],
            chips=chips,
            link_bytes_per_s=chips * kind.silicon.nic_bytes_per_s,
            usd_per_h=chips * kind.usd_per_h,
            idle_w=chips * kind.idle_w,
            active_w=chips * (kind.full_w - kind.idle_w) * busy,
            **columns,
        )


def _running(fitting: _Fitting, index: int, workload: Workload) -> tuple[Columns, Columns, int]:
    """Return the points of instances that serve alone and of those that decode only, and how many do not fit."""
    deployment, dp = fitting.deployment, np.asarray(fitting.deployment.layout.dp)
    beyond = int((BATCHES[np.newaxis, :] > fitting.capacity).sum()) + fitting.left_out * BATCHES.size
    beyond *= fitting.variant.chunks.size + 1
    if not fitting.rows.size:
        return EMPTY, EMPTY, beyond
    batch = np.minimum(BATCHES[np.newaxis, :], fitting.capacity)
    distinct = np.diff(batch, axis=1, prepend=0.0) > 0
    state = steady_state(deployment, workload, batch * dp)
    busy = busy_share(deployment, state.decode)
    chunks = fitting.variant.chunks
    every = np.broadcast_to(distinct, (chunks.size, *distinct.shape))
    requests_per_s = state.output_tok_per_s / workload.output_tokens
    aggregated = fitting.columns(
        every, index, busy=busy, chunk_tokens=chunks, batch=batch, first_s=state.ttft_s, service_s=0.0,
        tpot_s=state.tpot_s, requests_per_s=requests_per_s,
    )  # fmt: skip
    step_s = np.asarray(state.decode.seconds)
    tpot_s = step_s / deployment.speculation.accepted_tokens
    decode = fitting.columns(
        distinct, index, busy=busy, chunk_tokens=chunks.flat[0], batch=batch,
        first_s=deployment.engine.number("stream_interval_steps") * step_s, service_s=0.0, tpot_s=tpot_s,
        requests_per_s=batch * dp / (workload.output_tokens * tpot_s),
    )  # fmt: skip
    return aggregated, decode, beyond


def _prefilling(fitting: _Fitting, index: int, workload: Workload) -> tuple[Columns, int]:
    """Return the points of instances that prefill only, and how many do not fit."""
    deployment, layout, chunks = fitting.deployment, fitting.deployment.layout, fitting.variant.chunks
    new_tokens = max(workload.input_tokens - workload.cached_tokens, 1.0)
    together = np.maximum(np.floor(chunks / new_tokens), 1.0)
    left_out = fitting.left_out * (chunks.size + int((together > 1).sum()))
    if not fitting.rows.size:
        return EMPTY, left_out
    shape = (chunks.size, len(fitting.rows), 1)
    wanted = np.concatenate([np.ones(shape), np.broadcast_to(together, shape)], axis=2)
    distinct = np.diff(wanted, axis=2, prepend=0.0) > 0
    fits = wanted <= fitting.capacity
    step = prefill_step(deployment, wanted, new_tokens, workload.cached_tokens, coincident=True)
    service_s = np.asarray(step.seconds)
    number = deployment.engine.number
    passes = np.maximum(np.ceil(wanted * new_tokens / chunks), 1.0)
    launches_s = number("prefill_launch_s") * deployment.architecture.layers * passes
    prefill = fitting.columns(
        distinct & fits, index, busy=busy_share(deployment, step),
        chunk_tokens=chunks, batch=wanted, first_s=number("first_token_overhead_s") + launches_s + service_s,
        service_s=service_s / layout.pp, tpot_s=0.0, requests_per_s=wanted * layout.dp * layout.pp / service_s,
    )  # fmt: skip
    return prefill, int((distinct & ~fits).sum()) + left_out


def busy_share(deployment: Deployment, step: StepTime) -> Number:
    """Return the share of a step in which the busier of tensor units and memory works at its datasheet rate."""
    silicon = deployment.silicon
    flop_s: Number = 0.0
    moved_s: Number = 0.0
    for line in step.lines:
        if line.operator is None or type(line.operator) not in WORK:
            continue
        work = WORK[type(line.operator)](line.operator)
        flop_s = flop_s + np.multiply(work.flop, line.launches) / silicon.peak(work.tensor)
        moved_s = moved_s + np.multiply(work.bytes, line.launches) / silicon.bandwidth_bytes_per_s
    return np.minimum(np.maximum(flop_s, moved_s) / total(line.seconds for line in step.lines), 1.0)


def _rows(layout: Layout, rows: IntArray) -> Layout:
    axes = (layout.tp, layout.dp, layout.ep, layout.pp, layout.all_to_all)
    tp, dp, ep, pp, exchange = (np.asarray(axis)[rows] for axis in axes)
    return Layout(tp=tp, dp=dp, ep=ep, pp=pp, all_to_all=exchange)
