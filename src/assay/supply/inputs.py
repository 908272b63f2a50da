"""The uncertain inputs: data/inputs/*.toml, each with the successive intervals that were known of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from assay.catalogue.door import Record, read_toml
from assay.core.errors import BadData, Fault
from assay.supply.estimate import DATA, Estimate, estimates
from assay.supply.marginal import Marginal, Shape
from assay.supply.month import last_day

Text = Annotated[str, BeforeValidator(lambda value: value.isoformat() if isinstance(value, date) else value)]
"""A text, or a TOML date read as one."""


@dataclass(frozen=True, slots=True)
class Vintage:
    """A 90 % interval and since when it could have been written down.

    `estimates` are the rows it rests on; it is visible once all of them are. A vintage without any is a judgement
    (`published` is None: visible always) or carries a source and a date of its own.
    """

    low: float
    high: float
    basis: str
    estimates: tuple[str, ...] = ()
    source: str = "judgement"
    published: date | None = None

    def visible(self, as_of: date, known: Mapping[str, Estimate]) -> bool:
        """Tell whether the interval could be written down on a day from the estimates then known."""
        return all(id in known for id in self.estimates) and (self.published is None or self.published <= as_of)


@dataclass(frozen=True, slots=True)
class Input:
    """One uncertain quantity with all its vintages, oldest first; `before` is its value while none is visible."""

    name: str
    unit: str
    shape: Shape
    bounds: tuple[float, float]
    vintages: tuple[Vintage, ...]
    before: float | None = None

    def at(self, as_of: date, known: Mapping[str, Estimate]) -> tuple[Marginal, Vintage]:
        """Return the distribution as it stood on a day, and the vintage behind it: the latest that is visible."""
        seen = [vintage for vintage in self.vintages if vintage.visible(as_of, known)]
        if seen:
            latest = max(seen, key=lambda vintage: vintage.published or date.min)
        else:
            constant = 0.0 if self.before is None else self.before
            latest = Vintage(constant, constant, "nothing published yet")
        return Marginal(self.shape, latest.low, latest.high, self.bounds), latest


class VintageRecord(Record):
    """`low` and `high` of a 90 % interval, its basis, and either the estimates or the source and date behind it."""

    low: float
    high: float
    basis: str
    estimates: list[str] = Field(default_factory=list)
    source: str = ""
    date: Text = ""

    @model_validator(mode="after")
    def _provenance(self) -> Self:
        if bool(self.source) != bool(self.date):
            raise ValueError("source and date come together")
        if self.estimates and self.source:
            raise ValueError("give estimates, or a source with its date, not both")
        if self.date:
            last_day(self.date)
        return self

    def vintage(self) -> Vintage:
        """Return the vintage; what rests on estimates is published with the last of them."""
        published = [estimates()[id].published for id in self.estimates if id in estimates()]
        day = last_day(self.date) if self.date else max(published, default=None)
        return Vintage(self.low, self.high, self.basis, tuple(self.estimates), self.source or "judgement", day)


class InputRecord(Record):
    """`[input.name]`: unit, shape, and its vintages; `prior` is what judgement says before anything is published."""

    unit: str
    shape: Shape = "lognormal"
    bounds: tuple[float, float] = (0.0, 1.0)
    before: float | None = None
    prior: VintageRecord | None = None
    vintage: list[VintageRecord] = Field(default_factory=list)

    def input(self, name: str) -> Input:
        """Return the input that the file states."""
        records = [*([self.prior] if self.prior else []), *self.vintage]
        return Input(name, self.unit, self.shape, self.bounds, tuple(r.vintage() for r in records), self.before)

    def faults(self, file: str, name: str) -> list[Fault]:
        """Return everything wrong with the intervals and with the estimates they cite."""
        keyed = [("prior", self.prior)] if self.prior else []
        keyed += [(f"vintage[{index}]", record) for index, record in enumerate(self.vintage)]
        found = []
        if not keyed:
            found.append(Fault(file, f"input.{name}", "has neither a prior nor a vintage"))
        for key, record in keyed:
            where = f"input.{name}.{key}"
            problem = Marginal(self.shape, record.low, record.high, self.bounds).problem()
            if problem:
                found.append(Fault(file, where, problem))
            found += [
                Fault(file, f"{where}.estimates", f"no estimate '{id}'")
                for id in record.estimates
                if id not in estimates()
            ]
        return found


class CorrelationRecord(Record):
    """`[[correlation]]`: two inputs and the correlation of their scores."""

    between: Annotated[list[str], Field(min_length=2, max_length=2)]
    rho: Annotated[float, Field(gt=-1, lt=1)]
    basis: str = "judgement"


class InputsFile(Record):
    """One file of inputs."""

    input: dict[str, InputRecord] = Field(default_factory=dict)
    correlation: list[CorrelationRecord] = Field(default_factory=list)


@cache
def shipped_inputs(folder: Path = DATA / "inputs") -> Mapping[str, Input]:
    """Return every input by name, in the order of files and lines. Raises BadData with all faults of all files."""
    found: dict[str, Input] = {}
    faults: list[Fault] = []
    for path, content in _files(folder):
        for name, record in content.input.items():
            faults += record.faults(str(path), name)
            found[name] = record.input(name)
    if faults:
        raise BadData(faults)
    return found


@cache
def shipped_correlations(folder: Path = DATA / "inputs") -> Mapping[tuple[str, str], float]:
    """Return the correlations of the shipped inputs."""
    return correlation_pairs(record for _, content in _files(folder) for record in content.correlation)


def correlation_pairs(records: Iterable[CorrelationRecord]) -> dict[tuple[str, str], float]:
    """Return correlations by pair, the two names in alphabetical order; the last one stated of a pair holds."""
    return {(min(r.between), max(r.between)): r.rho for r in records}


def _files(folder: Path) -> list[tuple[Path, InputsFile]]:
    return [(path, read_toml(path, InputsFile)) for path in sorted(folder.glob("*.toml"))]
