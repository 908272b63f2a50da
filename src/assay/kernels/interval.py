"""How far a kernel's time may be off: 80 % half widths, calibrated on chips that the fit had not seen."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from assay.catalogue.door import Record, read_json, validated
from assay.core.array import Number
from assay.kernels.coefficients import DATA
from assay.kernels.grade import Grade

FILE: Final = DATA / "intervals" / "kernels.json"
REGIMES: Final = (20e-6, 200e-6)
"""Predicted seconds at which a regime ends: launches dominate, waves and tails do, throughput does."""
STANDS_FOR: Final[dict[str, str]] = {"guess": "other vendor"}
"""Grade whose widths serve one that nothing was measured of."""


class Widths(Record):
    """Half widths in log space by grade and family, one for each regime; family "" pools all."""

    about: str
    widths: dict[str, dict[str, tuple[float, float, float]]]


@cache
def shipped_widths() -> Widths:
    """Return the widths in data/intervals/."""
    return validated(read_json(FILE), Widths, str(FILE))


def regime(seconds: Number) -> NDArray[np.intp]:
    """Return 0, 1 or 2: below 20 us, to 200 us, above."""
    return np.asarray(np.digitize(seconds, REGIMES))


def half_width(family: str | None, grade: Grade, seconds: Number, widths: Widths | None = None) -> Number:
    """Return the log half width of the 80 % interval around a predicted time.

    [t exp(-w), t exp(w)] holds the measured time of four rows in five, over chips; on a single chip, whose rows share
    an error, of more or fewer.

    Parameters
    ----------
    family
        Coefficient family; None, or one without measurements of that grade, gets the pool of all families.
    grade
        How well the cost is founded, from `grade`.
    seconds
        Predicted time.
    widths
        Those of another calibration; None: those that ship.

    Notes
    -----
    Split conformal: quantiles of |ln(measured / predicted)| over left-out chips, each chip weighing the same.
    """
    by_family = (widths or shipped_widths()).widths[STANDS_FOR.get(grade, grade)]
    found: Number = np.asarray(by_family.get(family or "", by_family[""]))[regime(seconds)]
    return found
