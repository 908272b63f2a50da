"""What an output depends on: tornado, rank correlation, Sobol indices, and the value of knowing each input."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.core.array import FloatArray
from assay.core.errors import NotInCatalogue, UsageError
from assay.supply.marginal import Z95
from assay.supply.month import first_day, month_name
from assay.supply.plan import Plan
from assay.supply.run import Manifest, RunRequest, manifest, manifest_dict
from assay.supply.series import Reader
from assay.supply.simulate import sample, simulate, values_of
from assay.supply.sobol import radial_scores, sobol_indices

Array = npt.NDArray[Any]
SCHEMA = "assay.supply-sensitivity/1"
BINS = 20
SOBOL_BASE = 512


@dataclass(frozen=True, slots=True)
class Influence:
    """What one input does to one output.

    `low` and `high`: the output with the input at its 5th and 95th percentile, all others at their medians.
    `rank_correlation`: Spearman, over the correlated samples. `first` and `total`: Sobol indices of independent inputs,
    of the logarithm of the output. `value_of_knowing`: by what part the 90 % interval of the output would shrink, on
    average, if the input were known.
    """

    name: str
    low: float
    high: float
    rank_correlation: float
    first: float
    total: float
    value_of_knowing: float


@dataclass(frozen=True, slots=True)
class SensitivityResult:
    """Influences on one series in one month, the largest swing first."""

    manifest: Manifest
    series: str
    month: str
    median: float
    influences: tuple[Influence, ...]

    def rows(self) -> list[dict[str, Any]]:
        """Return one row an input."""
        return [{name: getattr(it, name) for name in Influence.__dataclass_fields__} for it in self.influences]

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON carries it."""
        return {
            "schema": SCHEMA,
            **manifest_dict(self.manifest),
            "series": self.series,
            "month": self.month,
            "median": self.median,
            "influences": self.rows(),
        }


def sensitivity(
    request: RunRequest, series: str, month: str, progress: Callable[[], None] = lambda: None
) -> SensitivityResult:
    """Rank the inputs of a scenario by what they do to one series at the end of one month.

    Parameters
    ----------
    request
        Scenario, date, samples, seed.
    series
        Name of a sampled series: 'owned.h100e_fp8'.
    month
        '2027-12'.
    progress
        Called three times.

    Raises
    ------
    UsageError, NotInCatalogue
        The month lies outside the horizon; the series does not exist.
    """
    plan = request.plan()
    index = _index(plan, month)
    inputs = len(plan.names)
    sampled = sample(plan, request.samples, request.seed)
    output = read_at(plan, sampled, series, index)
    progress()
    medians = np.zeros((inputs, 2 * inputs + 1), np.float32)
    medians[np.arange(inputs), np.arange(inputs)] = -Z95
    medians[np.arange(inputs), inputs + np.arange(inputs)] = Z95
    swings = read_at(plan, values_of(plan, medians), series, index)
    progress()
    scores = radial_scores(inputs, SOBOL_BASE, request.seed)
    # the output is spread over orders of magnitude: its variance is that of a few samples, unless taken in logarithms
    indices = sobol_indices(np.log1p(read_at(plan, values_of(plan, scores), series, index)), inputs)
    progress()
    ranks = _ranks(output)
    found = [
        Influence(
            name=name,
            low=float(swings[row]),
            high=float(swings[inputs + row]),
            rank_correlation=_correlation(_ranks(sampled[name]), ranks),
            first=float(indices.first[row]),
            total=float(indices.total[row]),
            value_of_knowing=value_of_knowing(sampled[name], output),
        )
        for row, name in enumerate(plan.names)
    ]
    found.sort(key=lambda it: -abs(it.high - it.low))
    return SensitivityResult(
        manifest(request, plan), series, month_name(plan.start + index), float(swings[-1]), tuple(found)
    )


def read_at(plan: Plan, values: dict[str, Array], series: str, index: int) -> FloatArray:
    """Return one series at the end of one month of the horizon, shape (samples,)."""
    reader = Reader(plan, values)
    if series not in reader.names:
        raise NotInCatalogue("series", series, reader.names)
    month = next(itertools.islice(simulate(plan, values), index, None))
    return np.array(reader.read(month)[reader.names.index(series)], np.float64)


def value_of_knowing(input_values: Array, output: FloatArray) -> float:
    """Return the part by which the 90 % interval of the output shrinks, on average, once the input is known.

    Estimated from the samples at hand: the mean width of the interval in 20 equal bins of the input, over that in 20
    bins of the samples as they come, which know nothing. Zero for a constant; the noise is cut at zero.
    """
    known, unknown = (_mean_width(output[order]) for order in (np.argsort(input_values, kind="stable"), slice(None)))
    return max(0.0, 1 - known / unknown) if unknown and np.ptp(input_values) else 0.0


def _mean_width(output: FloatArray) -> float:
    return float(np.mean([np.ptp(np.quantile(part, (0.05, 0.95))) for part in np.array_split(output, BINS)]))


def _index(plan: Plan, month: str) -> int:
    try:
        day = first_day(month)
    except ValueError as error:
        raise UsageError(str(error)) from error
    index = day.year * 12 + day.month - 1 - plan.start
    if not 0 <= index < plan.months:
        last = month_name(plan.start + plan.months - 1)
        raise UsageError(f"{month} lies outside the horizon", f"It runs from {month_name(plan.start)} to {last}.")
    return index


def _ranks(values: Array) -> FloatArray:
    ranks = np.empty(len(values))
    ranks[np.argsort(values, kind="stable")] = np.arange(len(values))
    return ranks


def _correlation(one: FloatArray, other: FloatArray) -> float:
    return float(np.corrcoef(one, other)[0, 1])
