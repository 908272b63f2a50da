"""Where a number comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["vendor", "regulator", "measured", "derived", "estimate"]
"""How a fact is known. An estimate was not read in a source of its own and carries a 90 % range."""


@dataclass(frozen=True, slots=True)
class Source:
    """A publication that facts point to by its id."""

    id: str
    title: str
    url: str = ""  # empty where only a copy of unrecorded address was read; the title says so
    read: str = ""  # ISO date or month at which it was read


@dataclass(frozen=True, slots=True)
class Fact:
    """One sourced number, in SI units; the unit stands in the name of the key that holds it."""

    value: float
    sources: tuple[str, ...]
    kind: Kind = "vendor"
    low: float | None = None
    high: float | None = None
    note: str = ""
