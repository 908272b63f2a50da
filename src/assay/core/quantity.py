"""Quantities as people write and read them: the only place where SI prefixes exist."""

from __future__ import annotations

import math
import re

from assay.core.errors import UsageError

_TIME_S = {"": 1.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "min": 60.0, "h": 3600.0}
_NUMBER = re.compile(r"\s*([+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([A-Za-zµ]*)\s*")
_COUNT = {"": 1, "k": 1_000, "K": 1_024, "M": 1_000_000}


def parse_seconds(text: str) -> float:
    """Return seconds of a text such as '2s', '50ms' or '0.05' (a bare number is seconds)."""
    number, unit = _split(text, "a time such as 2s or 50ms")
    if unit not in _TIME_S:
        raise UsageError(f"'{text}' is not a time: unknown unit '{unit}'", f"Use one of {', '.join(_TIME_S)[2:]}.")
    if not number > 0 or math.isinf(number):
        raise UsageError(f"'{text}' is not a positive time")
    return number * _TIME_S[unit]


def parse_count(text: str) -> int:
    """Return a positive whole number of a text such as '4096' or '4K' (K is 1,024, k is 1,000)."""
    number, unit = _split(text, "a whole number such as 4096 or 4K")
    value = number * _COUNT[unit] if unit in _COUNT else math.nan
    if not (value >= 1 and value % 1 == 0):  # neither infinity nor NaN has the remainder 0
        raise UsageError(f"'{text}' is not a positive whole number")
    return int(value)


def format_si(value: float, unit: str, digits: int = 3) -> str:
    """Return a value with an SI prefix and `digits` significant digits: format_si(4e12, 'B/s') == '4 TB/s'."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g} {unit}"
    exponent = min(max(math.floor(math.log10(abs(value)) / 3), -4), 6)
    prefix = "pnµm kMGTPE"[exponent + 4].strip()
    return f"{value / 1000.0**exponent:.{digits}g} {prefix}{unit}"


def _split(text: str, expected: str) -> tuple[float, str]:
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise UsageError(f"'{text}' is not {expected}")
    return float(match[1].replace("_", "")), match[2]
