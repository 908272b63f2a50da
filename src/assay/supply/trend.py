"""Growth that fades: no rate of the present holds for a decade."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

FADING_YEARS = 8.0
"""Years after which a growth rate has lost 63 % of its exponent; a judgement, the same for every trend."""


def fading_years(years: float) -> float:
    """Return the years that count as an exponent: T (1 - exp(-y / T)) ahead of the anchor, y itself before it."""
    return FADING_YEARS * -math.expm1(-years / FADING_YEARS) if years > 0 else years


def grown(log_growth: npt.NDArray[Any], years: float) -> npt.NDArray[Any]:
    """Return growth^(fading years), per sample, of the logarithm of the yearly growth."""
    return np.exp(log_growth * fading_years(years))
