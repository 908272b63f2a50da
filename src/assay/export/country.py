"""Countries and the country groups of supplement 1 to part 740, by date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from assay.catalogue.door import Record, read_csv
from assay.core.errors import NotInCatalogue
from assay.export.condition import Groups

DATA = Path(__file__).parent / "data"
COUNTRIES = DATA / "countries.csv"

Basis = Literal["primary", "quoted", "secondary", "derived", "unverified"]
"""How a rule is known: its text was read; it was quoted word for word in what was read; press or a law firm says so;
it was computed; it was not read in a source."""


@dataclass(frozen=True, slots=True)
class Country:
    """A country of the supplement."""

    iso2: str
    name: str
    aliases: tuple[str, ...]


class CountryRow(Record):
    """One line of countries.csv: the groups of a country in a period."""

    iso2: str = Field(pattern=r"^[A-Z]{2}$")
    name: str
    aliases: str = ""
    groups: str = ""
    untraced: str = ""
    since: date = Field(default=date.min, alias="from")
    until: date = Field(default=date.max, alias="to")
    basis: Basis
    source: str
    note: str = ""


def country(name: str) -> Country:
    """Return the country of an ISO 3166-1 alpha-2 code or a name. Raises NotInCatalogue with the nearest."""
    found = _by_name().get(name.strip().casefold())
    if found is None:
        short = len(name.strip()) <= 3
        known = {label for e in _by_name().values() for label in ((e.iso2,) if short else (e.name, *e.aliases))}
        raise NotInCatalogue("country", name, known, "Give the two letters of ISO 3166-1, such as CN.")
    return found


def country_codes() -> tuple[str, ...]:
    """Return the codes of all countries, sorted."""
    return tuple(sorted({row.iso2 for row in country_rows()}))


def groups(on: date) -> Groups:
    """Return the country groups on a date: members, and countries of which membership is not known."""
    members: dict[str, set[str]] = {}
    untraced: dict[str, set[str]] = {}
    for row in country_rows():
        if row.since <= on <= row.until:
            for group in row.groups.split():
                members.setdefault(group, set()).add(row.iso2)
            for group in row.untraced.split():
                untraced.setdefault(group, set()).add(row.iso2)
    names = members.keys() | untraced.keys()
    return {
        name: (frozenset(members.get(name, ())) - frozenset(untraced.get(name, ())), frozenset(untraced.get(name, ())))
        for name in names
    }


@cache
def country_rows() -> tuple[CountryRow, ...]:
    """Return all lines of countries.csv."""
    return tuple(read_csv(COUNTRIES, CountryRow))


@cache
def _by_name() -> Mapping[str, Country]:
    found: dict[str, Country] = {}
    for row in country_rows():
        entry = Country(row.iso2, row.name, tuple(alias for alias in row.aliases.split("|") if alias))
        for label in (row.iso2, row.name, *entry.aliases):
            found[label.casefold()] = entry
    return found
