"""What the catalogue tells of itself: lists of records, one record in full, and what rests on a source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, cast

from assay.catalogue.chip import Chip
from assay.catalogue.entry import NOUNS, Entry, entries
from assay.catalogue.sources import source, sources
from assay.core.source import Source

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "chips": (
        "id",
        "vendor",
        "generation",
        "memory_bytes",
        "memory_bandwidth_bytes_per_s",
        "peak_flop_per_s.bf16",
        "peak_flop_per_s.fp8",
        "link_bytes_per_s",
        "tdp_w",
        "tpp",
    ),
    "nodes": (
        "id",
        "chip",
        "chips_per_node",
        "domain_chips",
        "link_bytes_per_s",
        "pair_bytes_per_s",
        "nic_bytes_per_s",
        "power_w",
        "power_chips",
    ),
    "models": ("id", "org", "country", "license", "release_date", "total_parameters", "active_parameters"),
    "prices": ("category", "item", "chip", "place", "date", "low", "mid", "high", "unit", "kind"),
    "engines": ("id", "name", "version", "vendors", "interference"),
}
"""What a list shows of each record: fields of the record, or keys of its facts."""


def rows(noun: str) -> list[dict[str, Any]]:
    """Return one flat row for each record of a noun. Raises NotInCatalogue."""
    return [{column: _cell(entry, column) for column in COLUMNS[noun]} for entry in entries(noun)]


def described(entry: Entry) -> dict[str, Any]:
    """Return all that a record states: its texts, its facts with their ranges and sources, and its conflicts."""
    texts = {name: value for name, value in _fields(entry.record) if value and _is_text(value)}
    conflicts = entry.record.conflicts if isinstance(entry.record, Chip) else ()
    return {
        "noun": entry.noun,
        "id": entry.id,
        "name": entry.name,
        **texts,
        "origin": entry.origin,
        "facts": {key: asdict(fact) for key, fact in entry.facts.items()},
        "conflicts": [asdict(conflict) for conflict in conflicts],
        "sources": {id: asdict(known) for id, known in cited(entry).items()},
    }


def cited(entry: Entry) -> dict[str, Source]:
    """Return the sources of a record's facts by id, in order of first use; ids that lead nowhere are left out."""
    own = entry.record.sources if isinstance(entry.record, Chip) else {}
    known = {**sources(), **own}
    ids = dict.fromkeys(id for fact in entry.facts.values() for id in fact.sources)
    return {id: known[id] for id in ids if id in known}


def resting_on(id: str) -> dict[str, Any]:
    """Return a source, and each fact that rests on it with its record and key. Raises NotInCatalogue."""
    found = source(id)
    uses = [
        {"noun": entry.noun, "record": entry.id, "key": key, "value": fact.value, "kind": fact.kind}
        for noun in NOUNS
        for entry in entries(noun)
        for key, fact in entry.facts.items()
        if id in fact.sources
    ]
    return {"source": asdict(found), "facts": uses}


def _cell(entry: Entry, column: str) -> Any:  # noqa: ANN401  a text, a number, or texts
    if column in entry.facts:
        return entry.facts[column].value
    value = getattr(entry.record, column, None)
    return ", ".join(value) if isinstance(value, tuple) else value


def _fields(record: object) -> list[tuple[str, object]]:
    return [(field.name, getattr(record, field.name)) for field in fields(cast(Any, record))]


def _is_text(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, tuple) and all(isinstance(item, str) for item in value))
