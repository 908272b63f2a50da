"""The dated steps: of every authority, and those that moved the answer for one chip and country."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

from assay.catalogue.door import Record, read_csv
from assay.export.country import DATA, Basis
from assay.export.product import words

SCHEMA = "assay.export-timeline/1"


class Event(Record):
    """One dated step: who did what, to which items and destinations, and where it stands."""

    date: date
    jurisdiction: str
    instrument: str
    effect: str
    items: str = ""
    destinations: str = ""
    state: str = ""
    source: str
    basis: Basis

    def as_dict(self) -> dict[str, str]:
        """Return the event as JSON carries it."""
        return self.model_dump(mode="json")


@cache
def events(path: Path = DATA / "timeline.csv") -> tuple[Event, ...]:
    """Return all dated steps, in order."""
    return tuple(sorted(read_csv(path, Event), key=lambda event: event.date))


def events_of(chip: str | None = None, to: str | None = None) -> Iterator[Event]:
    """Yield the steps that concern a chip (by the words of its name) and a destination; general ones always do."""
    given = set(words(chip)) if chip else set()
    for event in events():
        named = [set(words(name)) for name in event.items.split() if any(letter.isdigit() for letter in name)]
        products = [name for name in named if name != {"3a090"}]
        if chip and products and not any(name <= given for name in products):
            continue
        if to and event.destinations and to not in event.destinations.split():
            continue
        yield event
