"""The difference between two scenarios, sample by sample: what they share cancels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.core.array import FloatArray
from assay.core.errors import UsageError
from assay.supply.month import month_name
from assay.supply.quantiles import COLUMNS, quantiles
from assay.supply.run import Manifest, RunRequest, manifest, manifest_dict
from assay.supply.series import Reader, long_rows, unit_of
from assay.supply.simulate import sample, simulate

Array = npt.NDArray[Any]
SCHEMA = "assay.supply-diff/1"
ENDS = [COLUMNS.index("p5"), COLUMNS.index("p95")]


@dataclass(frozen=True, slots=True)
class DiffResult:
    """Quantiles of b - a by month, and how much narrower the pairing makes them at the end of the horizon.

    `narrowing` is the width of the 90 % interval of a difference of independent runs over that of the paired one, per
    series; infinite where the paired difference does not vary, NaN where neither does.
    """

    a: Manifest
    b: Manifest
    months: tuple[str, ...]
    names: tuple[str, ...]
    table: FloatArray = field(repr=False)
    narrowing: FloatArray = field(repr=False)

    def rows(self) -> list[dict[str, Any]]:
        """Return one row a month and series."""
        return long_rows(self.months, self.names, self.table)

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON carries it."""
        return {
            "schema": SCHEMA,
            "a": manifest_dict(self.a),
            "b": manifest_dict(self.b),
            "columns": list(COLUMNS),
            "months": list(self.months),
            "series": {
                name: {
                    "unit": unit_of(name),
                    "values": self.table[:, row].tolist(),
                    "narrowing": float(self.narrowing[row]),
                }
                for row, name in enumerate(self.names)
            },
        }


def diff(a: RunRequest, b: RunRequest, progress: Callable[[], None] = lambda: None) -> DiffResult:
    """Run two scenarios on the same random numbers and return the quantiles of b - a.

    Parameters
    ----------
    a, b
        Requests that differ in their scenario alone.
    progress
        Called after each month.

    Raises
    ------
    UsageError
        Seed, samples, date or horizon differ: the samples could not be paired.
    """
    if (a.seed, a.samples, a.as_of) != (b.seed, b.samples, b.as_of):
        raise UsageError("two scenarios are compared at one seed, number of samples and as-of date")
    plans = a.plan(), b.plan()
    if (plans[0].start, plans[0].months) != (plans[1].start, plans[1].months):
        raise UsageError("two scenarios are compared over one horizon", "Give both the same months.")
    sampled = [sample(it, a.samples, a.seed) for it in plans]
    readers = [Reader(it, values) for it, values in zip(plans, sampled, strict=True)]
    names = readers[0].names
    table = np.empty((plans[0].months, len(names), len(COLUMNS)))
    narrowing = np.full(len(names), np.nan)
    runs = [simulate(it, values) for it, values in zip(plans, sampled, strict=True)]
    for index, (one, other) in enumerate(zip(*runs, strict=True)):
        left, right = readers[0].read(one), readers[1].read(other)
        if index == plans[0].months - 1:
            narrowing = _narrowing(left, right)
        for old, new in zip(left, right, strict=True):
            new -= old
        table[index] = quantiles(right, signed=True)
        progress()
    months = tuple(month_name(plans[0].start + index) for index in range(plans[0].months))
    return DiffResult(manifest(a, plans[0]), manifest(b, plans[1]), months, names, table, narrowing)


def _narrowing(left: list[Array], right: list[Array]) -> FloatArray:
    """Compare with a difference of independent runs: the same samples, each paired with one half a run away."""
    paired = [new - old for old, new in zip(left, right, strict=True)]
    apart = [np.roll(new, len(new) // 2) - old for old, new in zip(left, right, strict=True)]
    widths = [np.diff(quantiles(rows, signed=True)[:, ENDS])[:, 0] for rows in (apart, paired)]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(widths[0] / widths[1])
