"""Time in months: month 0 is January of year 0, so 2025-04 is 2025 * 12 + 3; fractions are days of the month."""

from __future__ import annotations

import calendar
import re
from datetime import date

_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


def first_day(text: str) -> date:
    """Return the first day that a date written as 2025, 2025-04 or 2025-04-09 can mean. Raises ValueError."""
    year, month, day = _parts(text)
    return date(year, month or 1, day or 1)


def last_day(text: str) -> date:
    """Return the last day that the text can mean: the careful reading of a publication date. Raises ValueError."""
    year, month, day = _parts(text)
    month = month or 12
    return date(year, month, day or calendar.monthrange(year, month)[1])


def month_of(day: date) -> float:
    """Return the time in months at which a day begins."""
    return day.year * 12 + day.month - 1 + (day.day - 1) / calendar.monthrange(day.year, day.month)[1]


def month_name(month: int) -> str:
    """Return '2025-04' of 2025 * 12 + 3."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def month_start(month: int) -> date:
    """Return the first day of a month."""
    return date(month // 12, month % 12 + 1, 1)


def _parts(text: str) -> tuple[int, int, int]:
    match = _DATE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"'{text}' is not a date such as 2025, 2025-04 or 2025-04-09")
    year, month, day = int(match[1]), int(match[2] or 0), int(match[3] or 0)
    try:
        date(year, month or 1, day or 1)
    except ValueError as error:
        raise ValueError(f"'{text}' is not a date: {error}") from None
    return year, month, day
