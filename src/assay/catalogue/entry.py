"""The catalogue as one list: every record of every noun, each with its facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from assay.catalogue.chip import Chip, chip, chip_names, chips
from assay.catalogue.door import shown
from assay.catalogue.engine import Engine, engine, engines
from assay.catalogue.model import ModelRecord, model_ids, model_record, model_records
from assay.catalogue.node import Node, node, node_ids, nodes
from assay.catalogue.price import Price, prices
from assay.core.errors import NotInCatalogue
from assay.core.source import Fact


@dataclass(frozen=True, slots=True)
class Entry:
    """A record of the catalogue: what it is, where it stands, and its numbers."""

    noun: str
    id: str
    name: str
    origin: str  # the file, short where it ships with the package
    facts: Mapping[str, Fact]
    record: object


def entries(noun: str) -> tuple[Entry, ...]:
    """Return the records of a noun (chips, nodes, models, prices, engines), in the order of their files.

    Raises NotInCatalogue where there is no such noun, and BadData with every fault of the files.
    """
    if noun not in NOUNS:
        raise NotInCatalogue("noun", noun, NOUNS)
    return tuple(NOUNS[noun]())


def find(name: str) -> Entry:
    """Return the record of an id or alias, or the chip in the TOML file at a path. Raises NotInCatalogue."""
    for look_up in LOOK_UPS:
        try:
            return look_up(name)
        except NotInCatalogue:
            continue
    raise NotInCatalogue("record", name, [*chip_names(), *node_ids(), *model_ids(), *engines()])


def of_chip(chip: Chip) -> Entry:
    """Return the entry of a chip, from the catalogue or from anywhere else."""
    return Entry("chip", chip.id, chip.name, shown(chip.origin), chip.facts, chip)


def _of_node(node: Node) -> Entry:
    return Entry("node", node.id, node.name, shown(node.origin), node.facts, node)


def _of_model(model: ModelRecord) -> Entry:
    return Entry("model", model.id, model.name, shown(model.origin), model.facts, model)


def _of_engine(engine: Engine) -> Entry:
    return Entry("engine", engine.id, engine.name, f"engines/{engine.id}.toml", engine.facts, engine)


def _of_price(price: Price) -> Entry:
    id = " ".join(part for part in (price.category, price.chip, price.place, price.date) if part)
    low, high = (None, None) if price.low == price.high else (price.low, price.high)
    fact = Fact(price.mid, price.sources, price.kind, low, high, price.note)
    return Entry("price", id, price.item, "prices.csv", {price.unit: fact}, price)


NOUNS: Mapping[str, Callable[[], Iterable[Entry]]] = {
    "chips": lambda: map(of_chip, chips()),
    "nodes": lambda: map(_of_node, nodes()),
    "models": lambda: map(_of_model, model_records()),
    "prices": lambda: map(_of_price, prices()),
    "engines": lambda: map(_of_engine, engines().values()),
}

# Models come first: an id such as "deepseek-ai/DeepSeek-R1" would be read as the path to a chip.
LOOK_UPS: tuple[Callable[[str], Entry], ...] = (
    lambda name: _of_model(model_record(name)),
    lambda name: of_chip(chip(name)),
    lambda name: _of_node(node(name)),
    lambda name: _of_engine(engine(name)),
)
