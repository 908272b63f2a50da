"""The clocks of traces: texts to ticks, one at a time or a column at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from assay.serving.traffic.part import MOST_TICKS

_INSTANT = re.compile(r"\s*((?:19|20)\d\d-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d{1,9})?)(?:Z|[+-]00:?00)?\s*", re.ASCII)
"""Years outside overflow the nanoseconds of numpy, silently."""


@dataclass(frozen=True, slots=True)
class Clock:
    """How times are written. Both functions raise ValueError; that of `cell` says what is wrong."""

    ticks_per_s: float
    cell: Callable[[str], float]
    column: Callable[[Sequence[str]], npt.NDArray[Any]]


def _second(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"the time {text[:40]!r} is not a number of seconds") from None
    if not abs(value) <= MOST_TICKS:  # NaN is not, either
        raise ValueError(f"the time {text[:40]!r} is not a number of seconds up to {MOST_TICKS:g}")
    return value


def _seconds(column: Sequence[str]) -> npt.NDArray[Any]:
    values = np.fromiter(map(float, column), np.float64, len(column))
    if not np.all(np.abs(values) <= MOST_TICKS):
        raise ValueError
    return values


def _instant(text: str) -> int:
    try:
        return int(_instants([text])[0])
    except ValueError:
        raise ValueError(f"the time {text[:40]!r} is not like 2023-11-16 18:17:03.9799600 (UTC)") from None


def _instants(column: Sequence[str]) -> npt.NDArray[Any]:
    found = [match[1] for match in map(_INSTANT.fullmatch, column) if match]
    if len(found) != len(column):
        raise ValueError
    return np.array(found, "datetime64[ns]").astype(np.int64)


SECONDS: Final = Clock(1.0, _second, _seconds)
INSTANTS: Final = Clock(1e9, _instant, _instants)
"""Dates with time, UTC, in nanoseconds."""
