"""Growth that fades: no rate of the present holds for a decade."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from assay.core.array import FloatArray
from assay.supply.stretch import column

FADING_YEARS = 8.0
"""Years after which a growth rate has lost 63 % of its exponent; a judgement, the same for every trend."""


def fading(years: FloatArray) -> FloatArray:
    """Return the years that count as an exponent: T (1 - exp(-y / T)) ahead of the anchor, y itself before it."""
    return np.where(years > 0, FADING_YEARS * -np.expm1(-years / FADING_YEARS), years)


def grown(log_growth: npt.NDArray[Any], months: FloatArray) -> npt.NDArray[Any]:
    """Return growth^(fading years), shape (months, samples).

    Parameters
    ----------
    log_growth
        Logarithm of the yearly growth, per sample.
    months
        Months since the anchor of the trend.
    """
    powers: npt.NDArray[Any] = log_growth * column(fading(months / 12))
    np.exp(powers, out=powers)
    return powers
