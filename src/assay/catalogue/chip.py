"""Chips: one TOML file each in data/chips, or anywhere else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from assay.catalogue.derived import derived_facts
from assay.catalogue.door import DATA, Record, heads, read_all, read_toml
from assay.catalogue.fact import FactTable, PositiveFact
from assay.catalogue.sources import SourceRecord
from assay.core.errors import NotInCatalogue
from assay.core.source import Fact, Source

CHIPS = DATA / "chips"
PEAK = "peak_flop_per_s."
TABLES = ("peak_flop_per_s", "classification_flop_per_s")


@dataclass(frozen=True, slots=True)
class Conflict:
    """A figure on which sources disagree: what else is said of the fact `key`, by whom, and why the fact stands."""

    key: str
    other: tuple[float | str, ...]  # numbers in the unit of the key
    says: str
    why: str


@dataclass(frozen=True, slots=True)
class Chip:
    """An accelerator as its datasheet states it: SI units, dense peaks, link rates per direction and chip.

    A number that nobody published is None.
    """

    id: str
    aliases: tuple[str, ...]
    name: str
    vendor: str
    country: str  # ISO 3166-1 alpha-2, of the vendor's headquarters
    architecture: str  # as the vendor says it: "Hopper GH100"
    generation: str  # key of the kernel coefficients: "hopper"
    tensor_issue: str  # how tensor cores are fed: "mma_sync", "wgmma", "other"
    status: str
    launch_date: str  # as published: a day, a month, a quarter
    form_factor: str
    process: str
    foundry: str
    memory: str
    link: str
    core_unit: str
    confidence: str  # in the record as a whole, as its compiler judges it: "high", "medium", "low"
    unverified: tuple[str, ...]  # the texts above that were not read in a source
    notes: str
    cores: float | None  # SM, CU, AI core, TensorCore: see core_unit
    boost_hz: float | None
    memory_bytes: float | None
    memory_bandwidth_bytes_per_s: float | None
    l2_bytes: float | None
    link_bytes_per_s: float | None  # scale-up
    nic_bytes_per_s: float | None  # scale-out
    pcie_generation: float | None
    tdp_w: float | None
    dies: float | None  # logic dies of the package
    die_area_mm2: float | None  # of all of them
    transistors: float | None
    tpp: float | None
    performance_density: float | None  # TPP / mm2
    peak_flop_per_s: Mapping[str, float] = field(hash=False)  # by format; int8 in op/s
    facts: Mapping[str, Fact] = field(hash=False, repr=False)
    conflicts: tuple[Conflict, ...]
    sources: Mapping[str, Source] = field(hash=False, repr=False)  # those stated in the file itself
    origin: str  # the file it was read from

    @staticmethod
    def load(name: str) -> Chip:
        """Return the chip of an id, an alias or a path: the same as `chip(name)`."""
        return chip(name)


def chip(name: str) -> Chip:
    """Return the chip of an id or alias (in any case), or of the TOML file at a path.

    Parameters
    ----------
    name
        "h20-96gb", "H20", or a path: anything that ends in .toml or contains a separator.

    Raises
    ------
    NotInCatalogue
        No chip has that id or alias; the error names the nearest.
    BadData
        The file cannot be read, or has faults; the error names them all.
    """
    if name.endswith(".toml") or "/" in name or os.sep in name:
        return read_chip(Path(name))
    wanted = "-".join(name.casefold().replace("_", " ").split())
    id = _known(wanted)
    if id is None:  # "nvidia-h20" is the H20 of Nvidia
        vendor, _, rest = wanted.partition("-")
        id = _known(rest)
        if id is not None and _catalogued(id).vendor.casefold() != vendor:
            id = None
    if id is None:
        hint = "A path to a chip's TOML file works too: see docs/add-a-chip.md."
        raise NotInCatalogue("chip", name, chip_names(), hint)
    return _catalogued(id)


def _known(name: str) -> str | None:
    """Return the id of an id or alias in lower case."""
    return name if name in chip_ids() else _ids_by_alias().get(name)


@cache
def chip_ids() -> tuple[str, ...]:
    """Return the ids of all chips of the catalogue, sorted: the names of their files."""
    return tuple(sorted(path.stem for path in CHIPS.glob("*.toml")))


def chip_names() -> tuple[str, ...]:
    """Return every id and alias that `chip` answers to."""
    return (*chip_ids(), *_ids_by_alias())


def chips() -> tuple[Chip, ...]:
    """Return all chips of the catalogue, by id."""
    return read_all(_catalogued, chip_ids())


def read_chip(path: Path) -> Chip:
    """Return the chip in a TOML file. TPP and performance density are computed where the file leaves them out."""
    record = read_toml(path, ChipRecord)
    facts = record.facts.facts()
    facts = derived_facts(facts) | facts
    texts = record.model_dump(exclude={"facts", "conflict", "source"})
    numbers: dict[str, Any] = {key: facts[key].value if key in facts else None for key in NUMBERS}
    return Chip(
        **texts,
        **numbers,
        peak_flop_per_s={key.removeprefix(PEAK): fact.value for key, fact in facts.items() if key.startswith(PEAK)},
        facts=facts,
        conflicts=tuple(Conflict(entry.key, entry.other, entry.says, entry.why) for entry in record.conflict),
        sources={id: entry.source(id) for id, entry in record.source.items()},
        origin=str(path),
    )


class PeakTable(FactTable):
    """Dense peaks by number format, flop/s (int8: op/s)."""

    fp64: PositiveFact | None = None
    fp64_tensor: PositiveFact | None = None
    fp32: PositiveFact | None = None
    tf32: PositiveFact | None = None
    bf16: PositiveFact | None = None
    fp16: PositiveFact | None = None
    fp8: PositiveFact | None = None
    fp6: PositiveFact | None = None
    fp4: PositiveFact | None = None
    int8: PositiveFact | None = None


class ChipFacts(FactTable):
    """The numbers of a chip."""

    cores: PositiveFact | None = None
    boost_hz: PositiveFact | None = None
    memory_bytes: PositiveFact | None = None
    memory_bandwidth_bytes_per_s: PositiveFact | None = None
    l2_bytes: PositiveFact | None = None
    link_bytes_per_s: PositiveFact | None = None
    nic_bytes_per_s: PositiveFact | None = None
    pcie_generation: PositiveFact | None = None
    tdp_w: PositiveFact | None = None
    dies: PositiveFact | None = None
    die_area_mm2: PositiveFact | None = None
    transistors: PositiveFact | None = None
    tpp: PositiveFact | None = None
    performance_density: PositiveFact | None = None
    peak_flop_per_s: PeakTable = PeakTable()
    classification_flop_per_s: PeakTable = PeakTable()


FACT_KEYS = frozenset(
    [*ChipFacts.model_fields, *(f"{table}.{fmt}" for table in TABLES for fmt in PeakTable.model_fields)]
)
"""Every key that a fact of a chip can have."""

NUMBERS = tuple(key for key in ChipFacts.model_fields if key not in TABLES)


class ConflictRecord(Record):
    """`[[conflict]]`: what else is said of a fact, by whom, and why the fact stands."""

    key: str
    other: tuple[float | str, ...]
    says: str
    why: str


class ChipRecord(Record):
    """A chip's file."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    aliases: tuple[str, ...] = ()
    name: str = Field(min_length=1)
    vendor: str
    country: str = Field(pattern=r"^[A-Z]{2}$")
    architecture: str = ""
    generation: str = Field(pattern=r"^[a-z0-9-]+$")
    tensor_issue: Literal["mma_sync", "wgmma", "other"] = "other"
    status: str = ""
    launch_date: str = ""
    form_factor: str = ""
    process: str = ""
    foundry: str = ""
    memory: str = ""
    link: str = ""
    core_unit: str = ""
    confidence: Literal["high", "medium", "low", ""] = ""
    unverified: tuple[str, ...] = ()
    notes: str = ""
    facts: ChipFacts = ChipFacts()
    conflict: tuple[ConflictRecord, ...] = ()
    source: dict[str, SourceRecord] = Field(default_factory=dict)


@cache
def _catalogued(id: str) -> Chip:
    return read_chip(CHIPS / f"{id}.toml")


@cache
def _ids_by_alias() -> dict[str, str]:
    return {alias.casefold(): id for id, head in heads(CHIPS).items() for alias in head.get("aliases", ())}
