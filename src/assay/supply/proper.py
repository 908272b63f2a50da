"""Proper scores of a forecast made of samples, and of a point forecast."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Any

import numpy as np
import numpy.typing as npt


def crps(samples: npt.NDArray[Any], outcome: float) -> float:
    """Return the continuous ranked probability score, in the unit of the outcome: less is better.

    CRPS = E|X - y| - E|X - X'| / 2, over the sample; for a point forecast it is the absolute error.
    """
    ordered = np.sort(np.asarray(samples, np.float64))
    n = len(ordered)
    weights = 2 * np.arange(1, n + 1) - n - 1
    return float(np.mean(np.abs(ordered - outcome)) - np.dot(weights, ordered) / n**2)


def inside(samples: npt.NDArray[Any], outcome: float, level: float) -> bool:
    """Tell whether the central interval of a level holds the outcome, ends included."""
    low, high = np.quantile(samples, ((1 - level) / 2, (1 + level) / 2))
    return bool(low <= outcome <= high)


def log_score(samples: npt.NDArray[Any], below: float, outcome: float) -> float:
    """Return the natural logarithm of the probability given to the side of `below` on which the outcome fell.

    Meant for outcomes of which many are nil, where a density has no meaning; the probability is (k + 1/2) / (n + 1).
    """
    fell = samples < below if outcome < below else samples >= below
    return float(np.log((np.count_nonzero(fell) + 0.5) / (len(samples) + 1)))


def skill(scores: Sequence[float], baselines: Sequence[float], scales: Iterable[float]) -> float:
    """Return 1 - mean(score / scale) / mean(baseline / scale): above 0 where the forecast beats the baseline.

    The scale of a row makes rows of different units comparable. NaN where the baseline never errs.
    """
    pairs = [
        (score / scale, baseline / scale) for score, baseline, scale in zip(scores, baselines, scales, strict=True)
    ]
    worst = fmean(baseline for _, baseline in pairs) if pairs else 0.0
    return 1 - fmean(score for score, _ in pairs) / worst if worst else float("nan")
