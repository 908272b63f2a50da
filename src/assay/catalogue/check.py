"""The check of the catalogue: what the door cannot see in one file alone."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from assay.catalogue.chip import FACT_KEYS, Chip, chip_ids, read_chip
from assay.catalogue.derived import TOLERANCE, agrees, derived_facts
from assay.catalogue.door import DATA, read_text, read_toml, shown
from assay.catalogue.entry import NOUNS, Entry, entries, of_chip
from assay.catalogue.model import ModelRecord
from assay.catalogue.node import Node
from assay.catalogue.price import Price
from assay.catalogue.sources import SourcesFile, sources
from assay.core.errors import BadData, Fault

NO_SLOWER = (("fp8", "bf16"), ("fp6", "fp8"), ("fp4", "fp8"), ("bf16", "tf32"), ("tf32", "fp32"))
"""The first format is at least as fast as the second on every chip known."""

DENSE_FLOP_PER_CLOCK: Mapping[str, float] = {
    "volta": 1024,
    "ampere": 2048,
    "ada": 1024,
    "hopper": 4096,
    "blackwell": 8192,
    "gb20x": 1024,
    "cdna2": 1024,
    "cdna3": 2048,
    "cdna4": 4096,
    "da-vinci": 8192,
}
"""Dense FLOP of 16-bit formats that a core finishes in a clock, at most. A peak above it counts sparsity, or a unit
that does not multiply matrices. It follows from the peak, cores and clock of each generation's chips."""

CLOCK_TOLERANCE = 1.05
"""Datasheets round peaks, cores and clocks each by itself."""

WORD = re.compile(r"[a-z0-9][a-z0-9.-]*[a-z0-9]")

LEAST_LINK_SHARE = 0.5
"""A node may leave some links of a chip unused, but not most of them."""


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a check: how much was read, what is wrong, and which sources nothing rests on."""

    records: int
    facts: int
    sources: int
    faults: tuple[Fault, ...]
    unused: tuple[str, ...]

    def raise_faults(self) -> None:
        """Raise BadData with every fault, if there is any."""
        if self.faults:
            raise BadData(self.faults)


def check_catalogue() -> Report:
    """Check every record that ships with the package, against the others and against the sources."""
    found: list[Entry] = []
    faults: list[Fault] = []
    for noun in NOUNS:
        try:
            found.extend(entries(noun))
        except BadData as error:
            faults.extend(error.faults)
    known = sources()
    faults += _repeated_sources()
    faults += faults_between(found, known)
    return _report(found, faults, set(known), _words_of_data())


def check_files(paths: Sequence[Path]) -> Report:
    """Check chips' files from anywhere. Their sources are those of the catalogue and those stated in the file."""
    faults: list[Fault] = []
    found: list[Entry] = []
    for path in paths:
        try:
            found.append(of_chip(read_chip(path)))
        except BadData as error:
            faults.extend(error.faults)
    faults += chain.from_iterable(_entry_faults(entry, sources()) for entry in found)
    own = {id for entry in found if isinstance(entry.record, Chip) for id in entry.record.sources}
    return _report(found, faults, own, {id for entry in found for fact in entry.facts.values() for id in fact.sources})


def faults_between(found: Sequence[Entry], known: Collection[str]) -> Iterator[Fault]:
    """Yield what is wrong with records beside each other, where `known` are the ids of the sources there are."""
    yield from _repeated_names(found)
    yield from chain.from_iterable(_entry_faults(entry, known) for entry in found)
    yield from _unknown_chips(found)
    yield from _link_faults(found)


def chip_faults(chip: Chip) -> Iterator[Fault]:
    """Yield what is wrong with the figures of a chip, taken together."""
    for key, computed in derived_facts(chip.facts).items():
        if key not in chip.facts:
            continue
        for end in ("value", "low", "high"):
            said, expected = getattr(chip.facts[key], end), getattr(computed, end)
            if (said is None) != (expected is None) or (said is not None and not agrees(said, expected)):
                problem = f"does not recompute: {end} is {_number(said)}, and must be {_number(expected)}"
                yield Fault(shown(chip.origin), f"facts.{key}", problem)
    yield from _peak_faults(chip)
    for conflict in chip.conflicts:
        if conflict.key not in FACT_KEYS and not hasattr(chip, conflict.key):
            yield Fault(shown(chip.origin), "conflict.key", f"'{conflict.key}' is no key of a chip")
    for key in chip.unverified:
        if not isinstance(getattr(chip, key, None), str):
            yield Fault(shown(chip.origin), "unverified", f"'{key}' is no text of a chip")


def _peak_faults(chip: Chip) -> Iterator[Fault]:
    peaks = chip.peak_flop_per_s
    for fast, slow in NO_SLOWER:
        if fast in peaks and slow in peaks and peaks[fast] < peaks[slow]:
            problem = f"is slower than {slow}: {peaks[fast]:g} < {peaks[slow]:g}; is {slow} a sparse peak?"
            yield Fault(shown(chip.origin), f"facts.peak_flop_per_s.{fast}", problem)
    most = DENSE_FLOP_PER_CLOCK.get(chip.generation)
    if most is None or chip.cores is None or chip.boost_hz is None:
        return
    for fmt in ("bf16", "fp16"):
        limit = most * chip.cores * chip.boost_hz * CLOCK_TOLERANCE
        if peaks.get(fmt, 0.0) > limit:
            problem = f"is more than {chip.cores:g} cores finish at {chip.boost_hz:g} Hz: is it a sparse peak?"
            yield Fault(shown(chip.origin), f"facts.peak_flop_per_s.{fmt}", problem)


def _entry_faults(entry: Entry, known: Collection[str]) -> Iterator[Fault]:
    own: Collection[str] = entry.record.sources if isinstance(entry.record, Chip) else ()
    cited = {key: fact.sources for key, fact in entry.facts.items()}
    if isinstance(entry.record, ModelRecord):
        cited["config"] = entry.record.config_sources
    for key, ids in cited.items():
        for id in ids:
            if id not in known and id not in own:
                yield Fault(entry.origin, key, f"rests on the source '{id}', which does not exist")
    if isinstance(entry.record, Chip):
        yield from chip_faults(entry.record)


def _repeated_names(found: Iterable[Entry]) -> Iterator[Fault]:
    owner: dict[str, str] = {}
    for entry in found:
        if entry.noun == "price":
            continue
        file = entry.origin
        if Path(entry.origin).suffix == ".toml" and Path(entry.origin).stem != entry.id:
            yield Fault(file, "id", f"is '{entry.id}', but the file is named '{Path(entry.origin).stem}'")
        for name in (entry.id, *getattr(entry.record, "aliases", ())):
            if owner.setdefault(name.casefold(), file) != file:
                yield Fault(file, "aliases", f"'{name}' is taken by {owner[name.casefold()]}")


def _unknown_chips(found: Iterable[Entry]) -> Iterator[Fault]:
    usual: dict[str, str] = {}
    for entry in found:
        record = entry.record
        wanted = record.chips if isinstance(record, Node) else (record.chip,) if isinstance(record, Price) else ()
        for id in wanted:
            if id and id not in chip_ids():
                yield Fault(entry.origin, entry.id, f"names the chip '{id}', which the catalogue does not hold")
            if isinstance(record, Node) and record.default and usual.setdefault(id, entry.id) != entry.id:
                yield Fault(entry.origin, "default", f"'{id}' has the usual node '{usual[id]}' already")


def _link_faults(found: Iterable[Entry]) -> Iterator[Fault]:
    links = {e.id: e.record.link_bytes_per_s for e in found if isinstance(e.record, Chip)}
    for entry in found:
        node = entry.record
        if not isinstance(node, Node) or node.link_bytes_per_s is None:
            continue
        for id in node.chips:
            link = links.get(id)
            if link is not None and not LEAST_LINK_SHARE * link <= node.link_bytes_per_s <= link * (1 + TOLERANCE):
                problem = f"{node.link_bytes_per_s:g} does not fit the link of {id}, {link:g}"
                yield Fault(entry.origin, "facts.link_bytes_per_s", problem)


def _repeated_sources() -> Iterator[Fault]:
    owner: dict[str, Path] = {}
    for path in sorted((DATA / "sources").glob("*.toml")):
        for id in read_toml(path, SourcesFile).source:
            if owner.setdefault(id, path) != path:
                yield Fault(shown(path), id, f"is stated in {owner[id].name} too")


def _words_of_data() -> set[str]:
    """Return every word of every data file of every room: the ids of sources that something cites are among them."""
    words: set[str] = set()
    for path in DATA.parent.parent.glob("*/data/**/*.*"):
        if path.parent != DATA / "sources":
            words.update(WORD.findall(read_text(path)))
    return words


def _report(found: Sequence[Entry], faults: Iterable[Fault], known: set[str], used: set[str]) -> Report:
    facts = sum(len(entry.facts) for entry in found)
    return Report(len(found), facts, len(known), tuple(faults), tuple(sorted(known - used)))


def _number(value: float | None) -> str:
    return "left out" if value is None else f"{value:g}"
