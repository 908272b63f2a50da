"""Nodes: the servers, racks and pods that chips come in; one TOML file each in data/nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pydantic import Field

from assay.catalogue.door import DATA, Record, heads, read_all, read_toml
from assay.catalogue.fact import FactTable, PositiveFact
from assay.core.errors import NotInCatalogue
from assay.core.source import Fact

NODES = DATA / "nodes"


@dataclass(frozen=True, slots=True)
class Node:
    """A server, rack or pod: SI units, rates per chip and per direction. A number that nobody published is None."""

    id: str
    name: str
    vendor: str
    chip: str  # id of the chip it is listed with
    chips: tuple[str, ...]  # that one, and those that fit the same board at the same link rate
    default: bool  # whether this is the usual node of its chips
    topology: str
    fabric: str  # scale-out
    host: str
    unverified: tuple[str, ...]
    notes: str
    chips_per_node: float | None
    domain_chips: float | None  # chips that reach each other over the scale-up link
    link_bytes_per_s: float | None  # scale-up, all links of a chip together
    pair_bytes_per_s: float | None  # scale-up, between two chips: less than the link in a mesh
    nic_bytes_per_s: float | None  # scale-out, per chip
    nics: float | None  # per node
    latency_s: float | None  # of a message over the scale-up link
    power_w: float | None  # of `power_chips` chips with their hosts, switches and fans
    power_chips: float | None
    facts: Mapping[str, Fact] = field(hash=False, repr=False)
    origin: str


def node(name: str) -> Node:
    """Return the node of an id. Raises NotInCatalogue with the nearest ids."""
    id = name.casefold()
    if id not in heads(NODES):
        raise NotInCatalogue("node", name, heads(NODES))
    return _catalogued(id)


def node_ids() -> tuple[str, ...]:
    """Return the ids of all nodes of the catalogue, sorted: the names of their files."""
    return tuple(heads(NODES))


def nodes() -> tuple[Node, ...]:
    """Return all nodes of the catalogue, by id."""
    return read_all(_catalogued, node_ids())


def node_of(chip_id: str) -> Node | None:
    """Return the usual node of a chip, or None where the catalogue holds none: the one whose file says `default`."""
    for id, head in heads(NODES).items():
        if chip_id in head["chips"] and head.get("default"):
            return _catalogued(id)
    return None


class NodeFacts(FactTable):
    """The numbers of a node."""

    chips_per_node: PositiveFact | None = None
    domain_chips: PositiveFact | None = None
    link_bytes_per_s: PositiveFact | None = None
    pair_bytes_per_s: PositiveFact | None = None
    nic_bytes_per_s: PositiveFact | None = None
    nics: PositiveFact | None = None
    latency_s: PositiveFact | None = None
    power_w: PositiveFact | None = None
    power_chips: PositiveFact | None = None


class NodeRecord(Record):
    """A node's file."""

    id: str
    chips: tuple[str, ...] = Field(min_length=1)
    default: bool = False
    name: str
    vendor: str
    topology: str = ""
    fabric: str = ""
    host: str = ""
    unverified: tuple[str, ...] = ()
    notes: str = ""
    facts: NodeFacts = NodeFacts()


@cache
def _catalogued(id: str) -> Node:
    path = NODES / f"{id}.toml"
    record = read_toml(path, NodeRecord)
    facts = record.facts.facts()
    texts = record.model_dump(exclude={"facts"})
    numbers: dict[str, Any] = {key: facts[key].value if key in facts else None for key in NodeFacts.model_fields}
    return Node(**texts, **numbers, chip=record.chips[0], facts=facts, origin=str(path))
