"""Dated prices: data/prices.csv, one row per price, place and date of publication."""

from __future__ import annotations

import calendar
import datetime
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from assay.catalogue.door import DATA, Record, read_csv
from assay.core.interval import Interval
from assay.core.source import Kind

_DAY = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_YEARS = re.compile(r"(\d{4})-(\d{4})")
_FALLBACK_PLACE = "US"


@dataclass(frozen=True, slots=True)
class Price:
    """One published price or cost figure, `low <= mid <= high` in `unit`; equal where the source states one number."""

    category: str  # rental, node_purchase, electricity, pue, overhead...
    item: str
    chip: str  # chip id, empty where the price is of no chip
    chips: float  # how many chips the price covers
    place: str  # ISO country, empty where it holds anywhere
    date: str  # as published, empty where it is tied to no date
    date_from: datetime.date
    date_to: datetime.date
    low: float
    mid: float
    high: float
    unit: str
    sources: tuple[str, ...]
    kind: Kind
    note: str

    @property
    def interval(self) -> Interval:
        """The price and its 80 % interval; low and high are its 90 % range."""
        return Interval.from_range(self.mid, self.low, self.high)


@dataclass(frozen=True, slots=True)
class NoPrice:
    """The catalogue cannot answer: it holds no such price, or none that was known on the date."""

    reason: str
    begins: datetime.date | None = None  # when the first such price was known


class PriceRecord(Record):
    """A row of prices.csv; `source` holds ids joined by ';'."""

    category: str
    item: str
    chip: str = ""
    chips: float = Field(default=1.0, gt=0)
    place: str = Field(default="", pattern=r"^([A-Z]{2})?$")
    date: str = ""
    low: float | None = Field(default=None, gt=0)
    mid: float = Field(gt=0)
    high: float | None = Field(default=None, gt=0)
    unit: str
    source: str = Field(min_length=1)
    kind: Kind
    note: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        parse_dates(self.date)
        low, high = self.low or self.mid, self.high or self.mid
        if not low <= self.mid <= high:
            raise ValueError(f"low <= mid <= high is false: {low}, {self.mid}, {high}")
        if self.kind == "estimate" and not low < high:
            raise ValueError("an estimate needs low < high, its 90 % range")
        return self

    def price(self) -> Price:
        """Return the price that the row states."""
        first, last = parse_dates(self.date)
        return Price(
            self.category, self.item, self.chip, self.chips, self.place, self.date, first, last,
            self.low or self.mid, self.mid, self.high or self.mid, self.unit,
            tuple(self.source.split(";")), self.kind, self.note,
        )  # fmt: skip


@cache
def prices(path: Path = DATA / "prices.csv") -> tuple[Price, ...]:
    """Return every price, in the order of the file. Raises BadData with every fault."""
    return tuple(record.price() for record in read_csv(path, PriceRecord))


def price(category: str, *, item: str = "", chip: str = "", place: str = "", as_of: datetime.date) -> Price | NoPrice:
    """Return the price that was known on a date.

    Parameters
    ----------
    category, item, chip
        What is priced; an empty item is any, an empty chip is a price of no chip.
    place
        ISO country wanted. Without a price there: one that holds anywhere, else one of the US, else of any country.
    as_of
        No row that begins later is seen. Of those left in the best place, the one that began last, then the one that
        ended last, then the first in the file.
    """
    rows = [row for row in prices() if (row.category, row.chip) == (category, chip) and item in ("", row.item)]
    name = " ".join(part for part in (category.replace("_", " "), item, "price") if part)
    name += f" of {chip}" if chip else ""
    if not rows:
        return NoPrice(f"no {name} in the catalogue")
    seen = [row for row in rows if row.date_from <= as_of]
    if not seen:
        begins = min(row.date_from for row in rows)
        return NoPrice(f"no {name} by {as_of}: the first is of {begins}", begins)
    order = (place, "", _FALLBACK_PLACE)
    rank = [order.index(row.place) if row.place in order else len(order) for row in seen]
    nearest = [row for row, its_rank in zip(seen, rank, strict=True) if its_rank == min(rank)]
    return max(nearest, key=lambda row: (row.date_from, row.date_to))


def parse_dates(text: str) -> tuple[datetime.date, datetime.date]:
    """Return first and last day of a published date: '2026-04-03', '2026-04', '2025', '2024-2025', '2025-09 / 2026-07'.

    No date at all covers every day. Raises ValueError.
    """
    if not text:
        return datetime.date.min, datetime.date.max
    span = _YEARS.fullmatch(text)
    ends = span.groups() if span else text.split(" / ", 1)
    first, last = _days(ends[0])[0], _days(ends[-1])[1]
    if first > last:
        raise ValueError(f"'{text}' ends before it begins")
    return first, last


def _days(text: str) -> tuple[datetime.date, datetime.date]:
    match = _DAY.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text}' is not a date such as 2026, 2026-04 or 2026-04-03")
    year, month, day = (int(part) if part else 0 for part in match.groups())
    last_month = month or 12
    last_day = day or calendar.monthrange(year, last_month)[1]
    return datetime.date(year, month or 1, day or 1), datetime.date(year, last_month, last_day)
