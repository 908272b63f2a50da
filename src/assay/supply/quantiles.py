"""Five quantiles and the mean of a series, month by month."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from assay.core.array import FloatArray

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
COLUMNS = ("p5", "p25", "p50", "p75", "p95", "mean")


def quantiles(values: npt.NDArray[Any]) -> FloatArray:
    """Return the quantiles at LEVELS, interpolated linearly between order statistics, and the mean.

    Sorting a copy is the quickest way that numpy has to several quantiles; what is nil in every sample is not sorted.
    """
    if not values.any():
        return np.zeros(len(COLUMNS))
    ordered = np.sort(values)
    places = np.array(LEVELS) * (len(ordered) - 1)
    below = places.astype(int)
    above = np.minimum(below + 1, len(ordered) - 1)
    low, high = ordered[below].astype(float), ordered[above].astype(float)
    return np.append(low + (places - below) * (high - low), ordered.mean(dtype=np.float64))
