"""Predictions of measured deployments, grouped so that each configuration is one array call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from assay.core.array import FloatArray, Number
from assay.core.tree import Branch
from assay.engine.deployment import Deployment, Speculation
from assay.engine.line import StepTime, total
from assay.engine.memory import memory_use
from assay.engine.step import decode_step, prefill_step
from assay.kernels.speed_of_light import speed_of_light_s
from assay.serving.closed_loop import STEADY, Harness, Workload, steady_state
from assay.validation.deployments import LENGTH_FACTOR, configuration, deployment_of
from assay.validation.launches import balance_steps, held_steps, stream_number
from assay.validation.left_out import LeftOut, coefficients
from assay.validation.measured import Measured
from assay.validation.overheads import WAVES, overheads

KV_LIMITED: Final = 1.5
"""Beyond this multiple of the capacity the estimate of memory, not the step, decides the time."""


@dataclass(frozen=True, slots=True)
class Predicted:
    """A measured row beside its prediction."""

    row: Measured
    tpot_s: float
    ttft_s: float
    output_tok_per_s: float
    """Of the replica."""
    capacity: float
    """Concurrency that the KV cache holds."""
    light_s: float
    """Speed-of-light time of a decode step without speculation."""

    @property
    def set_aside(self) -> tuple[str, ...]:
        """Why the row is not among the clean ones: its flags, and what only the model can tell."""
        slow = self.row.concurrency > KV_LIMITED * self.capacity
        fast = self.row.tpot_s is not None and self.row.tpot_s < self.light_s / self.row.accepted_tokens
        return (*self.row.flags, *(["KV-limited"] if slow else []), *(["faster than light"] if fast else []))


def predict(rows: Sequence[Measured], left_out: LeftOut = "", *, fitted: bool = True) -> list[Predicted]:
    """Return the prediction of every row, in the order of the rows.

    With "chip" left out neither a kernel coefficient nor an overhead has seen the row's chip; with "generation" no
    kernel coefficient has seen any chip of its generation, and no overhead the chip. Not `fitted`: the framework's own
    numbers stand in for those of the campaign, as in every answer to a user.
    """
    groups: dict[object, list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        groups[
            (
                *configuration(row),
                row.mode,
                row.draft_tokens,
                row.accepted_tokens,
                stream_number(row),
                held_steps(row),
                balance_steps(row),
            )
        ].append(index)
    found: dict[int, Predicted] = {}
    for members in groups.values():
        group = [rows[index] for index in members]
        found |= dict(zip(members, _predict(group, left_out, fitted), strict=True))
    return [found[index] for index in range(len(rows))]


def _predict(group: Sequence[Measured], left_out: LeftOut, fitted: bool) -> list[Predicted]:
    first = group[0]
    deployment = _deployment(first, left_out, fitted)
    factor = LENGTH_FACTOR[first.harness]
    workload = Workload(first.input_tokens * factor, first.output_tokens * factor)
    asked = np.array([row.concurrency for row in group])
    memory = memory_use(deployment, workload.input_tokens, workload.output_tokens)
    capacity = np.maximum(np.asarray(memory.sequences) * first.dp, 1.0)
    if first.mode == "decode worker":
        times: tuple[Number, ...] = _decode_worker(deployment, workload, asked)
    else:
        state = steady_state(
            deployment, workload, np.minimum(asked, capacity), _harness(first, left_out) if fitted else STEADY
        )
        times = (state.tpot_s, state.ttft_s, state.output_tok_per_s)
    light_s = _light_s(deployment, workload, asked)
    columns = [np.broadcast_to(column, asked.shape) for column in (*times, capacity, light_s)]
    return [Predicted(row, *(float(column[index]) for column in columns)) for index, row in enumerate(group)]


def _light_s(deployment: Deployment, workload: Workload, concurrency: FloatArray) -> FloatArray:
    """Return the least time of a decode step: every operator at the speed of light, one token a sequence."""
    plain = replace(deployment, speculation=Speculation())
    sequences = np.maximum(concurrency / float(deployment.layout.dp), 1.0)
    step = decode_step(plain, sequences, workload.input_tokens + workload.output_tokens / 2)
    each = (
        np.multiply(speed_of_light_s(line.operator, deployment.silicon), line.launches)
        for line in step.lines
        if line.operator is not None
    )
    return np.asarray(total(each))


def _decode_worker(deployment: Deployment, workload: Workload, concurrency: FloatArray) -> tuple[FloatArray, ...]:
    """Return the times of a worker that only decodes: no interference, and no first token of its own."""
    sequences = np.maximum(concurrency / float(deployment.layout.dp), 1.0)
    step = decode_step(deployment, sequences, workload.input_tokens + workload.output_tokens / 2)
    tpot_s = np.asarray(step.seconds) / deployment.speculation.accepted_tokens
    return tpot_s, np.full(concurrency.shape, np.nan), concurrency / tpot_s


def breakdown(row: Measured, predicted: Predicted, left_out: LeftOut = "") -> Branch:
    """Return where the predicted time of a row goes, beside what was measured."""
    deployment = _deployment(row, left_out)
    factor = LENGTH_FACTOR[row.harness]
    context = factor * (row.input_tokens + row.output_tokens / 2)
    sequences = max(min(row.concurrency, predicted.capacity) / row.dp, 1.0)
    decode = decode_step(deployment, sequences, context)
    prefill = prefill_step(deployment, 1.0, factor * row.input_tokens)
    layout = f"TP{row.tp} DP{row.dp} EP{row.ep}, concurrency {row.concurrency:g}, {row.precision}"
    times = (("TPOT", row.tpot_s, predicted.tpot_s), ("TTFT", row.ttft_s, predicted.ttft_s))
    compared = (
        Branch(name, value, "s", note=f"measured {measured:.4g} s, {value / measured - 1:+.0%}")
        for name, measured, value in times
        if measured
    )
    steps = (
        Branch(name, float(step.seconds), "s", children=_lines(step))
        for name, step in (("decode step", decode), ("prefill of one prompt", prefill))
    )
    aside = f"; set aside: {', '.join(predicted.set_aside)}" if predicted.set_aside else ""
    note = f"{row.model} on {row.chip}, {row.framework} {row.version}, {layout}{aside}"
    return Branch(row.id, note=note, children=(*compared, *steps))


def _lines(step: StepTime) -> tuple[Branch, ...]:
    lines = sorted(step.lines, key=lambda line: -abs(float(line.seconds)))
    return tuple(
        Branch(line.role, float(line.seconds), "s", note=f"floor {float(line.floor_s):.3g} s")
        for line in lines
        if float(line.seconds)
    )


def _deployment(row: Measured, left_out: LeftOut, fitted: bool = True) -> Deployment:
    """Return the row's deployment with the fitted overheads of its framework and harness, where there are any."""
    deployment = deployment_of(row, coefficients(row.chip, left_out))
    if not row.harness or not fitted:
        return deployment
    numbers = overheads(row.framework, row.harness, row.chip if left_out else "")
    facts = dict(deployment.engine.facts)
    for key, value in (
        ("step_overhead_s", numbers.step_s),
        ("sequence_overhead_s", numbers.sequence_s),
        ("floor_factor", numbers.floor_factor),
        ("first_token_overhead_s", numbers.first_token_s),
        ("prefill_launch_s", numbers.launch_s),
    ):
        facts[key] = replace(facts[key], value=value)
    return replace(deployment, engine=replace(deployment.engine, facts=facts))


def _harness(row: Measured, left_out: LeftOut) -> Harness:
    if not row.harness:
        return Harness()
    numbers = overheads(row.framework, row.harness, row.chip if left_out else "")
    interval = float(getattr(numbers, stream_number(row))) + held_steps(row) + numbers.balance * balance_steps(row)
    return Harness(numbers.burst, WAVES.get((row.harness, row.framework), 0.0), interval)
