"""The parts of the steps of measured deployments, before any framework overhead: what overheads are fitted to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np

from assay.core.array import FloatArray
from assay.engine.deployment import Deployment
from assay.engine.memory import memory_use
from assay.engine.step import decode_step, mixed_prefill_s, prefill_step
from assay.kernels.coefficients import Coefficients
from assay.validation.deployments import LENGTH_FACTOR, configuration, deployment_of
from assay.validation.launches import STREAM_NUMBERS, balance_steps, held_steps, stream_number
from assay.validation.measured import Measured

NEUTRAL: Final = {"step_overhead_s": 0.0, "sequence_overhead_s": 0.0, "floor_factor": 1.0}


@dataclass(frozen=True, slots=True)
class Features:
    """One entry a row."""

    decode_variable_s: FloatArray
    decode_floor_s: FloatArray
    prefill_variable_s: FloatArray
    prefill_floor_s: FloatArray
    together_variable_s: FloatArray
    """Prefill of one prompt on every attention rank at once."""
    together_floor_s: FloatArray
    mixed_s: FloatArray
    crowd_variable_s: FloatArray
    crowd_floor_s: FloatArray
    crowd: FloatArray
    crowd_chunks: FloatArray
    chunks: FloatArray
    layers: FloatArray
    sequences: FloatArray
    concurrency: FloatArray
    capacity: FloatArray
    output_tokens: FloatArray
    ranks: FloatArray
    held_steps: FloatArray
    """Decode steps that a launch flag holds a request back."""
    balance_steps: FloatArray
    """Decode steps that a launch flag lets attention ranks wait for each other, at most."""
    stream: FloatArray
    """Index into launches.STREAM_NUMBERS."""

    def take(self, rows: Sequence[int]) -> Features:
        """Return the entries of some rows."""
        return Features(**{field.name: getattr(self, field.name)[list(rows)] for field in fields(self)})


def features(rows: Sequence[Measured], coefficients: Coefficients | None = None) -> Features:
    """Return the parts of the steps of every row, with kernel coefficients of one's own or those that ship."""
    groups: dict[object, list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        groups[configuration(row)].append(index)
    columns = {field.name: np.empty(len(rows)) for field in fields(Features)}
    for members in groups.values():
        asked = np.array([rows[index].concurrency for index in members])
        for name, values in _parts(rows[members[0]], asked, coefficients).items():
            columns[name][members] = values
    columns["held_steps"] = np.array([held_steps(row) for row in rows])
    columns["balance_steps"] = np.array([balance_steps(row) for row in rows])
    columns["stream"] = np.array([STREAM_NUMBERS.index(stream_number(row)) for row in rows])
    return Features(**columns)


def _parts(row: Measured, concurrency: FloatArray, coefficients: Coefficients | None) -> dict[str, FloatArray | float]:
    deployment = _without_overheads(deployment_of(row, coefficients))
    factor = LENGTH_FACTOR[row.harness]
    input_tokens, output_tokens = row.input_tokens * factor, row.output_tokens * factor
    capacity = np.maximum(np.asarray(memory_use(deployment, input_tokens, output_tokens).sequences) * row.dp, 1.0)
    sequences = np.maximum(np.minimum(concurrency, capacity) / row.dp, 1.0)
    chunk = deployment.engine.number("chunk_tokens")
    crowd = np.maximum(np.minimum(np.floor(chunk / input_tokens), sequences), 1.0)
    decode = decode_step(deployment, sequences, input_tokens + output_tokens / 2)
    prefill = prefill_step(deployment, 1.0, input_tokens)
    together = prefill_step(deployment, 1.0, input_tokens, coincident=True)
    many = prefill_step(deployment, crowd, input_tokens)
    return {
        "decode_variable_s": np.asarray(decode.variable_s),
        "decode_floor_s": np.asarray(decode.floor_s),
        "prefill_variable_s": np.asarray(prefill.variable_s),
        "prefill_floor_s": np.asarray(prefill.floor_s),
        "together_variable_s": np.asarray(together.variable_s),
        "together_floor_s": np.asarray(together.floor_s),
        "mixed_s": np.asarray(mixed_prefill_s(deployment, sequences, input_tokens)),
        "crowd_variable_s": np.asarray(many.variable_s),
        "crowd_floor_s": np.asarray(many.floor_s),
        "crowd": crowd,
        "crowd_chunks": np.maximum(np.ceil(crowd * input_tokens / chunk), 1.0),
        "chunks": max(np.ceil(input_tokens / chunk), 1.0),
        "layers": float(deployment.architecture.layers),
        "sequences": sequences,
        "concurrency": concurrency,
        "capacity": capacity,
        "output_tokens": output_tokens,
        "ranks": float(row.dp),
    }


def _without_overheads(deployment: Deployment) -> Deployment:
    facts = dict(deployment.engine.facts)
    for key, value in NEUTRAL.items():
        facts[key] = replace(facts[key], value=value)
    return replace(deployment, engine=replace(deployment.engine, facts=facts))
