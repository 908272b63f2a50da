"""Levers: what a scenario may turn, and when. data/levers.toml lists them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Self

import numpy as np
from pydantic import Field, model_validator

from assay.catalogue.door import Record, read_toml
from assay.core.array import FloatArray
from assay.core.errors import nearest
from assay.supply.estimate import DATA
from assay.supply.inputs import Text
from assay.supply.month import first_day, last_day, month_of


class Lever(Record):
    """`[lever.name]`: what it does, and the states or the numbers that it takes."""

    what: str
    states: list[str] = Field(default_factory=list)
    default: float = 0.0
    least: float = 0.0
    most: float = 0.0

    def problem(self, value: float | str) -> str:
        """Return what is wrong with a value, or nothing."""
        if self.states:
            return "" if value in self.states else f"'{value}' is none of {', '.join(self.states)}"
        if isinstance(value, str):
            return f"'{value}' is not a number"
        return "" if self.least <= value <= self.most else f"{value:g} is not between {self.least:g} and {self.most:g}"


class LeversFile(Record):
    """The whole file."""

    lever: dict[str, Lever]


class Turn(Record):
    """`[[lever]]` of a scenario: a lever is turned on a date and acts `lag_months` later.

    A turn with `announced` is a fact: it is seen by runs as of that day or later, and can be undone by an unannounced
    change. One without is the scenario's own: certain, whatever is announced later. `notice_months` before a closure
    buyers hurry.
    """

    name: str
    date: Text
    value: float | str
    lag_months: float = 0.0
    notice_months: float = 0.0
    announced: Text = ""
    source: str = ""

    @model_validator(mode="after")
    def _dates(self) -> Self:
        first_day(self.date)
        if self.announced:
            last_day(self.announced)
        if self.notice_months < 0:
            raise ValueError("notice_months is negative")
        return self

    @property
    def month(self) -> float:
        """When it acts, in months."""
        return month_of(first_day(self.date)) + self.lag_months

    def problem(self, start: int) -> tuple[str, str]:
        """Return the faulty key and what is wrong with it, or two empty texts."""
        known = levers()
        if self.name not in known:
            near = ", ".join(nearest(self.name, known))
            return "name", f"no lever '{self.name}'" + (f" (nearest: {near})" if near else "")
        wrong = known[self.name].problem(self.value)
        if wrong:
            return "value", wrong
        if self.month < start:
            return "lag_months", f"acts {start - self.month:g} months before the horizon begins"
        if self.lag_months < 0:
            return "lag_months", f"is negative: {self.lag_months:g}"
        return "", ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The turns of one lever that a run sees, in order of effect; `pinned` is where the scenario's own begin."""

    lever: Lever
    turns: tuple[Turn, ...]
    pinned: float

    def monthly(self, start: int, months: int) -> FloatArray:
        """Return the mean value in each month of a number lever."""
        edges = np.arange(start, start + months + 1, dtype=float)
        values = np.full(months, self.lever.default)
        for turn in self.turns:
            share = np.clip(edges[1:] - turn.month, 0.0, 1.0)
            values += share * (float(turn.value) - values)
        return values


def timeline(name: str, turns: Iterable[Turn], as_of: date) -> Timeline:
    """Return what a run as of a day sees of a lever: the facts announced by then and the scenario's own turns.

    From the scenario's own first turn on, facts that act later are not seen: the scenario replaces them.
    """
    own_and_known = [
        turn for turn in turns if turn.name == name and (not turn.announced or last_day(turn.announced) <= as_of)
    ]
    pinned = min((turn.month for turn in own_and_known if not turn.announced), default=np.inf)
    seen = [turn for turn in own_and_known if not turn.announced or turn.month < pinned]
    return Timeline(levers()[name], tuple(sorted(seen, key=lambda turn: turn.month)), float(pinned))


@cache
def levers(path: Path = DATA / "levers.toml") -> Mapping[str, Lever]:
    """Return every lever by name."""
    return read_toml(path, LeversFile).lever
