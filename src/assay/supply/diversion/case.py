"""The public record: cases by id, red flags, typologies. No names are kept, of persons or of firms."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from assay.catalogue.door import Record, read_csv, read_toml
from assay.supply.estimate import DATA
from assay.supply.month import last_day


def _split(value: object) -> object:
    return [part for part in value.split(";") if part] if isinstance(value, str) else value


Codes = Annotated[list[str], BeforeValidator(_split)]


class Case(Record):
    """One case. Only a `charged` one counts as diversion; `unproven` never does, `lawful` broke no rule."""

    id: str
    first: str
    last: str
    public: str
    quantity: float | None = None
    unit: str = ""
    value_usd: float | None = None
    status: Literal["charged", "unproven", "lawful"]
    evidence: str
    flags: Codes = Field(default_factory=list)
    typologies: Codes = Field(default_factory=list)
    url: str

    @property
    def public_day(self) -> date:
        """The day on which it became public, read with care."""
        return last_day(self.public)


class Flag(Record):
    """`[flag.RF01]`: a red flag, and how often a lawful order shows it."""

    what: str
    official: bool
    lawful_rate: Annotated[float, Field(gt=0, lt=1)]
    low: float
    high: float


class FlagsFile(Record):
    """The whole file."""

    flag: dict[str, Flag]


class Typology(Record):
    """`[typology.T01]`: one way of ordering, lawful or not."""

    name: str
    weight: float
    lawful: bool = False
    flags: dict[str, float]


class TypologiesFile(Record):
    """The whole file."""

    typology: dict[str, Typology]


@cache
def cases() -> tuple[Case, ...]:
    """Return the public cases."""
    return tuple(read_csv(DATA / "diversion_cases.csv", Case))


@cache
def flags() -> dict[str, Flag]:
    """Return the red flags by id."""
    return read_toml(DATA / "red_flags.toml", FlagsFile).flag


@cache
def typologies() -> dict[str, Typology]:
    """Return the typologies by id."""
    return read_toml(DATA / "typologies.toml", TypologiesFile).typology
