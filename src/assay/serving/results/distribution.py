"""The statistics of a metric, over values that may stand for many."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, nan
from typing import Final

import numpy as np

from assay.core.array import FloatArray

PERCENTILES: Final = (1, 5, 10, 25, 50, 75, 90, 95, 99)
NAMES: Final = tuple(f"p{percent}" for percent in PERCENTILES)


@dataclass(frozen=True, slots=True)
class Statistics:
    """Of one metric, in its unit; NaN where there is no value."""

    count: int
    mean: float
    std: float
    """Of the population, as benchmark programs report it."""
    min: float
    p1: float
    p5: float
    p10: float
    p25: float
    p50: float
    p75: float
    p90: float
    p95: float
    p99: float
    max: float

    def as_dict(self) -> dict[str, float | None]:
        """Return the statistics as JSON carries them: null where there is no value."""
        names = ("mean", *NAMES, "min", "max", "std")
        return {name: number(getattr(self, name)) for name in names}


def number(value: float) -> float | None:
    """Return a number as JSON carries it: null instead of NaN."""
    return None if isnan(value) else value


def statistics(values: FloatArray, counts: FloatArray | None = None) -> Statistics:
    """Return the statistics of values, each of which occurred `counts` times (None: once).

    Percentiles interpolate linearly between order statistics, as numpy, vLLM and AIPerf do; weighted ones equal those
    of the values written out one by one. NaN is no value.
    """
    weights = np.ones(len(values)) if counts is None else counts
    there = ~np.isnan(values) & (weights > 0)
    order = np.argsort(values[there], kind="stable")
    ordered, weights = values[there][order], weights[there][order]
    if not len(ordered):
        return Statistics(count=0, mean=nan, std=nan, min=nan, max=nan, **dict.fromkeys(NAMES, nan))
    upto = np.cumsum(weights)
    total = upto[-1]
    mean = float(np.dot(ordered, weights) / total)
    rank = np.array(PERCENTILES) / 100.0 * (total - 1.0)
    below = np.floor(rank)
    low = ordered[np.searchsorted(upto, below, side="right")]
    high = ordered[np.searchsorted(upto, np.minimum(below + 1.0, total - 1.0), side="right")]
    percentiles = dict(zip(NAMES, (low + (rank - below) * (high - low)).tolist(), strict=True))
    std = float(np.sqrt(np.dot((ordered - mean) ** 2, weights) / total))
    return Statistics(
        count=round(total), mean=mean, std=std, min=float(ordered[0]), max=float(ordered[-1]), **percentiles
    )
