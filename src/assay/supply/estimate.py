"""Published estimates: data/estimates.csv, a row each, visible from the day on which they were published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path

from assay.catalogue.door import Record, read_csv
from assay.core.errors import BadData, Fault
from assay.supply.month import first_day, last_day

DATA = Path(str(resources.files("assay.supply"))) / "data"


@dataclass(frozen=True, slots=True)
class Estimate:
    """One number that somebody published.

    `low`, `mid` and `high` are in `unit`; `interval` says what the range is; `first` and `last` are the days that
    the number covers. A publication date given as a month or a year counts from its last day.
    """

    id: str
    quantity: str
    entity: str
    low: float | None
    mid: float | None
    high: float | None
    interval: str
    unit: str
    first: date
    last: date
    region: str
    publisher: str
    published: date
    url: str
    confidence: str
    read: str


class EstimateRow(Record):
    """A line of estimates.csv."""

    id: str
    quantity: str
    entity: str
    low: float | None = None
    mid: float | None = None
    high: float | None = None
    interval: str = ""
    unit: str
    first: str
    last: str
    region: str
    publisher: str
    published: str
    url: str = ""  # empty where no address was recorded
    confidence: str
    read: str


@cache
def estimates(path: Path = DATA / "estimates.csv") -> Mapping[str, Estimate]:
    """Return every estimate by id. Raises BadData with every fault."""
    found: dict[str, Estimate] = {}
    faults: list[Fault] = []
    for row in read_csv(path, EstimateRow):
        try:
            days = first_day(row.first), last_day(row.last), last_day(row.published)
        except ValueError as error:
            faults.append(Fault(str(path), row.id, str(error)))
            continue
        fields = row.model_dump(exclude={"first", "last", "published"})
        found[row.id] = Estimate(**fields, first=days[0], last=days[1], published=days[2])
    if faults:
        raise BadData(faults)
    return found


def published_by(as_of: date, table: Mapping[str, Estimate] | None = None) -> dict[str, Estimate]:
    """Return the estimates that could be read on a day: the only door through which a run sees them."""
    known = estimates() if table is None else table
    return {id: estimate for id, estimate in known.items() if estimate.published <= as_of}
