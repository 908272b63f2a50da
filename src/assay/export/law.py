"""What the data as a whole covers: from when, verified until when, and how paragraphs are named in each form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from assay.catalogue.door import Record, read_toml
from assay.catalogue.sources import SourcesFile
from assay.core.source import Source
from assay.export.country import DATA

Level = Literal["a", "b", "below"]


class Naming(Record):
    """Names of the ECCN of each level by form, in a period."""

    since: date = Field(alias="from")
    until: date = Field(default=date.max, alias="to")
    a: Mapping[str, str]
    b: Mapping[str, str]
    below: Mapping[str, str]


class Law(Record):
    """data/law.toml."""

    known_from: date
    verified_until: date
    notice: str
    naming: tuple[Naming, ...]

    def names(self, on: date, level: Level) -> Mapping[str, str]:
        """Return the ECCN of a level by form on a date; before the first rule, of an item below it."""
        for naming in self.naming:
            if naming.since <= on <= naming.until:
                return {"a": naming.a, "b": naming.b, "below": naming.below}[level]
        return self.naming[0].below if level == "below" else {}


@cache
def law() -> Law:
    """Return what the data covers."""
    return read_toml(DATA / "law.toml", Law)


@cache
def sources(path: Path = DATA / "sources.toml") -> Mapping[str, Source]:
    """Return the publications that rules point to, by id."""
    return {id: record.source(id) for id, record in read_toml(path, SourcesFile).source.items()}
