"""What frameworks and load generators add to the kernels: few numbers each, fitted on measured deployments.

`python -m assay.validation.overheads` reads silicon_sample.csv (extra `validation`) and writes data/overheads.json: one
fit on all chips, and one for each chip without its rows and with kernel coefficients that never saw it. Running it
again gives the same bytes.

A number belongs to a framework and a harness (the campaign that measured: its releases, launch flags and load). Each is
global x framework x harness x both, every factor pulled towards 1, so that a framework never measured in a campaign
takes what the campaign's others and the framework's other campaigns say.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from assay.catalogue.door import Record, read_json, validated
from assay.core.array import FloatArray
from assay.serving.equilibrium import Steps, burst, in_waves, queueing, time_per_output_token
from assay.validation.features import Features, features
from assay.validation.launches import STREAM_NUMBERS
from assay.validation.left_out import coefficients
from assay.validation.measured import Measured
from assay.validation.silicon_sample import aggregated, sample_path

DATA: Final = Path(__file__).parent / "data" / "overheads.json"
WAVES: Final = {("gap", "sglang"): 0.7, ("gap", "trtllm"): 0.08, ("gap", "vllm"): 0.09}
"""Weight of prompts that stay in step: fixed lengths, campaign `gap` only. From the composition study."""
TPOT_SCALE, TTFT_SCALE = 0.1, 0.25
PULL: Final = 3.0
"""Weight of the priors: a factor one standard deviation off costs as much as nine rows that are one scale off."""
SPREAD: Final = (1.0, 0.7, 1.0, 0.4)
"""Standard deviations of the factors, in those of the number: global, framework, harness, both."""


class Overheads(Record):
    """The numbers of one framework under one harness; SI units."""

    step_s: float = 150e-6
    """Per step."""
    sequence_s: float = 5e-6
    """Per step and running sequence."""
    floor_factor: float = 0.95
    """On every kernel floor."""
    first_token_s: float = 40e-3
    """Before the first token: HTTP, tokenising, scheduling."""
    launch_s: float = 200e-6
    """Per layer and chunk of a prefill."""
    stream_steps: float = 3.0
    """Decode steps until the first token is delivered, below 16 concurrent requests."""
    stream_steps_many: float = 3.0
    """The same, from 16 on."""
    stream_steps_plain: float = 3.0
    """The same at any concurrency, where the launch script of SGLang is known to set no receive interval."""
    balance: float = 0.3
    """Share of the longest wait for prompts on all attention ranks, where the launch script sets one."""
    burst: float = 0.15
    """Share of requests that meet the burst at the start."""


DEVIATION: Final = {
    "step_s": 1.0,
    "sequence_s": 1.0,
    "floor_factor": 0.1,
    "first_token_s": 1.0,
    "launch_s": 0.4,
    "stream_steps": 1.0,
    "stream_steps_many": 1.0,
    "stream_steps_plain": 1.0,
    "balance": 1.0,
    "burst": 0.7,
}
"""Standard deviation of the logarithm of each number."""
STEP_NUMBERS: Final = ("step_s", "sequence_s", "floor_factor")
TOKEN_NUMBERS: Final = (
    "first_token_s",
    "launch_s",
    "stream_steps",
    "stream_steps_many",
    "stream_steps_plain",
    "balance",
    "burst",
)


class OverheadsFile(Record):
    """data/overheads.json: left-out chip ("" for none) -> framework -> harness -> numbers."""

    regenerate: str
    fits: dict[str, dict[str, dict[str, Overheads]]]


def overheads(framework: str, harness: str, left_out: str = "") -> Overheads:
    """Return the numbers of a framework under a harness, fitted without the chip `left_out`.

    A chip without a fit of its own has no row in the fit: the numbers of all chips are then without it.
    """
    fits = _file().fits
    return fits.get(left_out, fits[""])[framework][harness]


@dataclass(frozen=True, slots=True)
class Prior:
    """What a number is believed to be before any row is seen."""

    centre: float
    deviation: float
    """Standard deviation of its logarithm."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Rows with their framework and harness as indices."""

    frameworks: tuple[str, ...]
    harnesses: tuple[str, ...]
    framework: FloatArray
    harness: FloatArray

    @classmethod
    def of(cls, rows: Sequence[Measured]) -> Labels:
        frameworks = tuple(sorted({row.framework for row in rows}))
        harnesses = tuple(sorted({row.harness for row in rows}))
        return cls(
            frameworks,
            harnesses,
            np.array([frameworks.index(row.framework) for row in rows]),
            np.array([harnesses.index(row.harness) for row in rows]),
        )

    @property
    def factors(self) -> int:
        """Factors of one number."""
        return 1 + len(self.frameworks) + len(self.harnesses) + len(self.frameworks) * len(self.harnesses)

    def deviations(self, priors: Iterable[Prior]) -> FloatArray:
        """Return the standard deviation of each factor of each number."""
        f, h = len(self.frameworks), len(self.harnesses)
        shares = np.repeat(SPREAD, (1, f, h, f * h))
        return np.asarray(np.concatenate([prior.deviation * shares for prior in priors]))

    def table(self, base: float, logs: FloatArray) -> FloatArray:
        """Return a number for each framework and harness from the logarithms of its factors."""
        f, h = len(self.frameworks), len(self.harnesses)
        by_framework, by_harness = logs[1 : 1 + f], logs[1 + f : 1 + f + h]
        both = logs[1 + f + h :].reshape(f, h)
        return np.asarray(base * np.exp(logs[0] + by_framework[:, np.newaxis] + by_harness[np.newaxis, :] + both))


def fit(rows: Sequence[Measured], found: Features) -> dict[str, dict[str, Overheads]]:
    """Return the numbers of every framework and harness, fitted to clean rows.

    First step_s, sequence_s and floor_factor to TPOT, ln(predicted / measured) / 0.1; then the others to TTFT of rows
    whose cache is not full, / 0.25; soft-L1 loss and the priors above.
    """
    pool = Labels.of(rows)
    tpot = np.array([row.tpot_s for row in rows])
    ttft = np.array([row.ttft_s for row in rows])
    tables = solve(pool, _priors(STEP_NUMBERS), lambda n: np.log(composed(found, rows, n).tpot_s / tpot) / TPOT_SCALE)
    free = found.concurrency <= found.capacity
    fixed = {name: table[pool.framework, pool.harness] for name, table in tables.items()}

    def token_residuals(numbers: dict[str, FloatArray]) -> FloatArray:
        return np.asarray(np.log(composed(found, rows, fixed | numbers).ttft_s / ttft)[free] / TTFT_SCALE)

    tables |= solve(pool, _priors(TOKEN_NUMBERS), token_residuals)
    return {
        framework: {
            harness: Overheads(**{name: float(f"{table[i, j]:.4g}") for name, table in tables.items()})
            for j, harness in enumerate(pool.harnesses)
        }
        for i, framework in enumerate(pool.frameworks)
    }


@dataclass(frozen=True, slots=True)
class Composed:
    """Times of the rows."""

    tpot_s: FloatArray
    ttft_s: FloatArray


def composed(found: Features, rows: Sequence[Measured], numbers: dict[str, FloatArray]) -> Composed:
    """Return TPOT and TTFT of rows from the parts of their steps: serving.closed_loop, all rows in one array."""
    one = {field: np.full(len(rows), float(info.default)) for field, info in Overheads.model_fields.items()} | numbers
    kf, a = one["floor_factor"], one["step_s"]
    alternates = np.array([row.framework == "sglang" for row in rows])
    waves = np.array([WAVES.get((row.harness, row.framework), 0.0) for row in rows])
    prefill_s = found.prefill_variable_s + kf * found.prefill_floor_s + a * found.chunks
    together_s = found.together_variable_s + kf * found.together_floor_s + a * found.chunks
    alone_s = np.where(alternates, prefill_s, found.mixed_s)
    steps = Steps(
        decode_s=found.decode_variable_s + kf * found.decode_floor_s + a + one["sequence_s"] * found.sequences,
        prefill_s=prefill_s,
        intrusion_s=np.where(found.ranks > 1, together_s / found.ranks, alone_s),
        crowd_s=found.crowd_variable_s + kf * found.crowd_floor_s + a * found.crowd_chunks,
        crowd=found.crowd,
    )
    running = np.minimum(found.concurrency, found.capacity)
    tpot_s = time_per_output_token(steps, running, found.output_tokens)
    tpot_s = (1 - waves) * tpot_s + waves * in_waves(steps, found.sequences, found.output_tokens)
    stream = np.choose(found.stream.astype(np.int64), [one[name] for name in STREAM_NUMBERS])
    stream = stream + found.held_steps + one["balance"] * found.balance_steps
    ttft_s = (
        one["first_token_s"]
        + prefill_s
        + queueing(steps, tpot_s, found.sequences, found.output_tokens)
        + stream * steps.decode_s
        + one["launch_s"] * found.layers * found.chunks
        + one["burst"] * burst(steps, found.sequences, 1.0)
    )
    return Composed(np.asarray(tpot_s), np.asarray(ttft_s))


def solve(
    labels: Labels, priors: Mapping[str, Prior], residuals: Callable[[dict[str, FloatArray]], FloatArray]
) -> dict[str, FloatArray]:
    """Return each number for each framework and harness: least squares, soft-L1 loss and priors.

    `residuals` takes each number as a column over the rows.
    """
    from scipy.optimize import least_squares  # comes with the extra

    deviations = labels.deviations(priors.values())

    def tables(logs: FloatArray) -> dict[str, FloatArray]:
        parts = np.split(logs, len(priors))
        return {
            name: labels.table(prior.centre, part) for (name, prior), part in zip(priors.items(), parts, strict=True)
        }

    def objective(logs: FloatArray) -> FloatArray:
        z = residuals({name: table[labels.framework, labels.harness] for name, table in tables(logs).items()})
        soft = np.sign(z) * np.sqrt(2.0 * (np.sqrt(1.0 + z * z) - 1.0))
        return np.concatenate([soft, PULL * logs / deviations])

    return tables(np.asarray(least_squares(objective, np.zeros(len(deviations)), xtol=1e-10, ftol=1e-10).x))


def _priors(names: Iterable[str]) -> dict[str, Prior]:
    return {name: Prior(float(Overheads.model_fields[name].default), DEVIATION[name]) for name in names}


def fitted() -> OverheadsFile:
    """Return the fit on all chips and the fits with each chip left out of operators and overheads alike."""
    rows = [row for row in aggregated(sample_path()).rows if not row.flags]
    fits = {"": _fit_without(rows, "")}
    for chip in sorted({row.chip for row in rows}):
        fits[chip] = _fit_without(rows, chip)
    return OverheadsFile(regenerate="python -m assay.validation.overheads", fits=fits)


def _fit_without(rows: Sequence[Measured], left_out: str) -> dict[str, dict[str, Overheads]]:
    kept = [row for row in rows if row.chip != left_out]
    found = features(kept, coefficients(left_out, "chip") if left_out else None)
    usable = [
        index for index, row in enumerate(kept) if found.concurrency[index] <= 1.5 * found.capacity[index] and row
    ]
    return fit([kept[index] for index in usable], found.take(usable))


@cache
def _file() -> OverheadsFile:
    return validated(read_json(DATA), OverheadsFile, str(DATA))


if __name__ == "__main__":
    DATA.write_text(json.dumps(fitted().model_dump(), indent=1) + "\n", encoding="utf-8")
    sys.stderr.write(f"wrote {DATA.name}\n")
