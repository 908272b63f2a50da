"""How far predictions are from what was measured, by group: the scoreboard of every validation."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

SCHEMA: Final = "assay.validation/1"


@dataclass(frozen=True, slots=True)
class Scored:
    """One measured number beside its prediction and the 80 % interval around that."""

    id: str
    metric: str  # what was measured, unit last: "ttft_s", "seconds"
    by: Mapping[str, str]
    """What the row can be grouped by: {"chip": "h20", "family": "gemm_bf16"}."""
    measured: float
    value: float
    low: float
    high: float

    @property
    def error(self) -> float:
        """Signed relative error, (predicted - measured) / measured."""
        return self.value / self.measured - 1.0

    @property
    def covered(self) -> bool:
        """Whether the measured number lies in the interval."""
        return self.low <= self.measured <= self.high


@dataclass(frozen=True, slots=True)
class Group:
    """The errors of one group, as fractions of the measured."""

    by: Mapping[str, str]
    metric: str
    n: int
    median_ape: float
    mape: float
    p90_ape: float
    bias: float
    """Median signed error: above 0 where predictions are too slow."""
    interval80_coverage: float
    interval80_width: float
    """Median of sqrt(high / low) - 1: what the interval adds and takes away, as a fraction."""

    @classmethod
    def of(cls, rows: Sequence[Scored], by: Mapping[str, str], metric: str) -> Group:
        """Return the errors of `rows`, at least one."""
        errors = np.array([row.error for row in rows])
        sizes = np.abs(errors)
        low = np.array([row.low for row in rows])
        high = np.array([row.high for row in rows])
        with np.errstate(divide="ignore"):
            widths = np.sqrt(high / low) - 1.0
        return cls(
            by=by,
            metric=metric,
            n=len(rows),
            median_ape=float(np.median(sizes)),
            mape=float(np.mean(sizes)),
            p90_ape=float(np.quantile(sizes, 0.9)),
            bias=float(np.median(errors)),
            interval80_coverage=float(np.mean([row.covered for row in rows])),
            interval80_width=float(np.median(widths)),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the group as JSON carries it."""
        return {
            "by": dict(self.by),
            "metric": self.metric,
            "n": self.n,
            "median_ape": self.median_ape,
            "mape": self.mape,
            "p90_ape": self.p90_ape,
            "bias": self.bias,
            "interval80_coverage": self.interval80_coverage,
            "interval80_width": self.interval80_width,
        }


@dataclass(frozen=True, slots=True)
class Score:
    """The result of a validation: how many rows there were, how many could be predicted, and how well."""

    source: str
    rows: int
    predicted: tuple[Scored, ...]
    groups: tuple[Group, ...]
    left_out: str = ""
    """What no coefficient has seen: "chip" or "generation" of the row; empty where all were seen."""

    def as_dict(self) -> dict[str, Any]:
        """Return the score as JSON carries it."""
        return {
            "schema": SCHEMA,
            "source": self.source,
            "left_out": self.left_out,
            "rows": self.rows,
            "predicted": len(self.predicted),
            "groups": [group.as_dict() for group in self.groups],
        }


def group_by(rows: Iterable[Scored], *keys: str) -> tuple[Group, ...]:
    """Return the errors of rows that agree in metric and `keys`, sorted by both; without keys, one group a metric.

    Rows that lack one of the keys are left out.
    """
    found: dict[tuple[str, ...], list[Scored]] = defaultdict(list)
    for row in rows:
        if all(key in row.by for key in keys):
            found[(row.metric, *(row.by[key] for key in keys))].append(row)
    return tuple(
        Group.of(members, dict(zip(keys, values[1:], strict=True)), values[0])
        for values, members in sorted(found.items())
    )


def write_rows(rows: Iterable[Scored], path: Path) -> None:
    """Write one line a row: id, metric, measured, value, low, high, and what it is grouped by."""
    rows = list(rows)
    keys = list(dict.fromkeys(key for row in rows for key in row.by))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", "metric", "measured", "value", "low", "high", *keys])
        for row in rows:
            numbers = (f"{number:.6g}" for number in (row.measured, row.value, row.low, row.high))
            writer.writerow([row.id, row.metric, *numbers, *(row.by.get(key, "") for key in keys)])
