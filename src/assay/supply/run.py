"""One run: a scenario, sampled, month by month, as quantiles of every series."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.core.array import FloatArray
from assay.core.errors import NotInCatalogue, UsageError
from assay.supply.estimate import Estimate
from assay.supply.measure import LABELS, Serving, h100_bandwidth_bytes_per_s, h100_bf16_flop_per_s, h100_tokens_per_s
from assay.supply.month import month_name
from assay.supply.plan import KnownInput, Plan, plan
from assay.supply.quantiles import COLUMNS, quantiles
from assay.supply.scenario import Scenario
from assay.supply.series import Reader, long_rows, unit_of
from assay.supply.simulate import sample, simulate

SCHEMA = "assay.supply/1"
FEWEST, MOST = 10, 1_000_000


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """A training run that a stock either supports or does not: flop = h100e x peak x MFU x seconds."""

    flop: float = 5e26
    days: float = 90.0
    mfu: float = 0.35

    def h100e(self) -> float:
        """Return the H100-equivalents (training) that one run takes."""
        return self.flop / (h100_bf16_flop_per_s() * self.mfu * self.days * 86400)


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to run. `thresholds` are series and the value whose first crossing is asked for."""

    scenario: Scenario
    as_of: date
    samples: int = 10_000
    seed: int = 1
    thresholds: tuple[tuple[str, float], ...] = ()
    training: TrainingRun = TrainingRun()
    serving: Serving | None = None

    def plan(self, table: Mapping[str, Estimate] | None = None) -> Plan:
        """Return the scenario as seen on the as-of day. Raises UsageError where the request makes no sense."""
        if not FEWEST <= self.samples <= MOST:
            raise UsageError(f"{self.samples} samples: give {FEWEST} to {MOST:,}")
        if self.seed < 0:
            raise UsageError(f"seed {self.seed} is negative")
        if not (self.training.flop > 0 and self.training.days > 0 and 0 < self.training.mfu <= 1):
            raise UsageError("a training run needs flop and days above 0 and an MFU between 0 and 1")
        return plan(self.scenario, self.as_of, self.serving, table)


@dataclass(frozen=True, slots=True)
class Crossing:
    """When a series first reaches a value: the share of samples that ever do, and quantiles of the month.

    A quantile is empty where fewer samples than that reach the value within the horizon.
    """

    series: str
    value: float
    share: float
    p5: str
    p50: str
    p95: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a result rests on: enough to make it again."""

    scenario: str
    scenario_hash: str
    input_hash: str
    as_of: str
    seed: int
    samples: int
    version: str
    serving: str
    share: str


@dataclass(frozen=True, slots=True)
class RunResult:
    """Quantiles of every series by month, shape of `table` (months, series, columns of `quantiles.COLUMNS`)."""

    manifest: Manifest
    months: tuple[str, ...]
    names: tuple[str, ...]
    table: FloatArray = field(repr=False)
    crossings: tuple[Crossing, ...]
    inputs: Mapping[str, KnownInput] = field(repr=False)

    def series(self, name: str) -> FloatArray:
        """Return one series, shape (months, columns). Raises NotInCatalogue with the nearest names."""
        if name not in self.names:
            raise NotInCatalogue("series", name, self.names)
        return self.table[:, self.names.index(name)]

    def rows(self) -> list[dict[str, Any]]:
        """Return one row a month and series."""
        return long_rows(self.months, self.names, self.table)

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON carries it."""
        return {
            "schema": SCHEMA,
            **manifest_dict(self.manifest),
            "columns": list(COLUMNS),
            "months": list(self.months),
            "series": {
                name: {"unit": unit_of(name), "values": self.table[:, row].tolist()}
                for row, name in enumerate(self.names)
            },
            "crossings": [
                {"series": it.series, "value": it.value, "share": it.share, "p5": it.p5, "p50": it.p50, "p95": it.p95}
                for it in self.crossings
            ],
            "labels": dict(LABELS),
            "inputs": input_table(self.inputs),
        }


def run(
    request: RunRequest,
    progress: Callable[[], None] = lambda: None,
    table: Mapping[str, Estimate] | None = None,
) -> RunResult:
    """Sample a scenario and return the quantiles of every series by month.

    The same request with the same data gives the same bytes, in any process.

    Parameters
    ----------
    request
        Scenario, as-of date, samples, seed.
    progress
        Called after each month.
    table
        Estimates to see instead of the shipped ones.

    Raises
    ------
    UsageError
        The as-of date is before 2024, or the numbers asked for make no sense.
    NotInCatalogue
        A threshold names a series that does not exist.

    Notes
    -----
    Equations: docs/supply.md. Quantiles carry the sampling error of `samples`: about 1.2 / sqrt(samples) of the
    spread at the median.
    """
    the_plan = request.plan(table)
    values = sample(the_plan, request.samples, request.seed)
    reader = Reader(the_plan, values)
    names = (*reader.names, *_derived_names(request))
    asked = (*request.thresholds, ("owned.h100e_training", request.training.h100e()))
    for name, _ in asked:
        if name not in reader.names:
            raise NotInCatalogue("series", name, reader.names, "Thresholds are asked of sampled series.")
    first = np.full((len(asked), request.samples), the_plan.months, np.int32)
    kept = np.empty((the_plan.months, len(names), len(COLUMNS)))
    for index, month in enumerate(simulate(the_plan, values)):
        rows = reader.read(month)
        for crossed, (name, value) in zip(first, asked, strict=True):
            np.minimum(crossed, index, out=crossed, where=rows[reader.names.index(name)] >= value)
        kept[index, : len(rows)] = quantiles(rows)
        progress()
    _derive(request, reader.names, kept)
    return RunResult(
        manifest=manifest(request, the_plan),
        months=tuple(month_name(the_plan.start + index) for index in range(the_plan.months)),
        names=names,
        table=kept,
        crossings=tuple(_crossing(the_plan, *pair, row) for pair, row in zip(asked, first, strict=True)),
        inputs=the_plan.inputs,
    )


def manifest(request: RunRequest, the_plan: Plan) -> Manifest:
    """Return what a result of this request rests on."""
    return Manifest(
        scenario=request.scenario.name,
        scenario_hash=request.scenario.hash(),
        input_hash=the_plan.hash(),
        as_of=request.as_of.isoformat(),
        seed=request.seed,
        samples=request.samples,
        version=version("assay"),
        serving=the_plan.serving_description,
        share=request.scenario.share(),
    )


def manifest_dict(it: Manifest) -> dict[str, Any]:
    """Return a manifest as JSON carries it."""
    return {name: getattr(it, name) for name in Manifest.__dataclass_fields__}


def input_table(inputs: Mapping[str, KnownInput]) -> list[dict[str, Any]]:
    """Return every input with its interval and where that comes from."""
    return [
        {
            "name": name,
            "unit": it.input.unit,
            "low": it.vintage.low,
            "high": it.vintage.high,
            "shape": it.marginal.shape,
            "basis": it.vintage.basis,
            "sources": list(it.vintage.estimates) or [it.vintage.source],
            "published": it.vintage.published.isoformat() if it.vintage.published else "",
        }
        for name, it in inputs.items()
    ]


def _derived_names(request: RunRequest) -> tuple[str, ...]:
    serving = "tokens_per_s" if request.serving else "h100e_serving"
    return ("owned.hbm_bytes_per_s", "owned.training_runs", f"owned.{serving}", f"access.{serving}")


def _derive(request: RunRequest, names: Sequence[str], kept: FloatArray) -> None:
    """Fill in the series that are monotone functions of one other: their quantiles follow without sampling."""

    def of(name: str) -> FloatArray:
        return kept[:, names.index(name)]

    derived = kept[:, len(names) :]
    derived[:, 0] = of("owned.h100e_bandwidth") * h100_bandwidth_bytes_per_s()
    derived[:, 1] = np.floor(of("owned.h100e_training") / request.training.h100e())
    derived[:, 1, COLUMNS.index("mean")] = math.nan  # the mean of a floor is not the floor of the mean
    label, each = ("h100e_serving", h100_tokens_per_s(request.serving)) if request.serving else ("h100e_bandwidth", 1.0)
    derived[:, 2] = of(f"owned.{label}") * each
    derived[:, 3] = of(f"access.{label}") * each


def _crossing(the_plan: Plan, name: str, value: float, first: npt.NDArray[np.int32]) -> Crossing:
    ordered = np.sort(first)

    def at(level: float) -> str:
        index = int(ordered[math.ceil(level * len(ordered)) - 1])
        return month_name(the_plan.start + index) if index < the_plan.months else ""

    return Crossing(name, value, float(np.mean(first < the_plan.months)), at(0.05), at(0.5), at(0.95))
