"""The dated steps: of every authority, and those that moved the answer for one chip and country."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from assay.catalogue.door import Record, read_csv
from assay.export.change import Turn, history
from assay.export.chip_item import item
from assay.export.country import DATA, Basis, country
from assay.export.law import law
from assay.export.product import words
from assay.export.request import ExportRequest

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


@dataclass(frozen=True, slots=True)
class Timeline:
    """Dated steps, and how they moved one answer where a request is given."""

    events: tuple[Event, ...]
    turns: tuple[Turn, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the timeline as JSON carries it."""
        return {
            "schema": SCHEMA,
            "events": [event.as_dict() for event in self.events],
            "turns": [
                {
                    "date": turn.on.isoformat(),
                    "status": turn.status,
                    "changed": list(turn.changed),
                    "instruments": list(dict.fromkeys(rule.instrument or rule.cite for rule in turn.causes)),
                }
                for turn in self.turns
            ],
        }


def timeline(chip: str | None, to: str | None, proposals: tuple[str, ...] = ()) -> Timeline:
    """Return the steps that concern a chip and a destination; where both are named, the turns of the answer too.

    Raises
    ------
    NotInCatalogue
        The chip, the country or a proposal does not exist; the error names the nearest.
    """
    found = item(chip) if chip else None
    code = country(to).iso2 if to else None
    if found is None or code is None:
        return Timeline(tuple(events_of(found.family or found.name if found else None, code)), ())
    request = ExportRequest(found, law().known_from, destination=code, hq=code, proposals=proposals)
    return Timeline(tuple(events_of(found.family or found.name, code)), tuple(history(request)))
