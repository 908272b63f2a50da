"""Chips, models, frameworks and formats as measurements print them -> as the catalogue has them."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

from assay.catalogue.chip import Chip, chip, chip_ids
from assay.catalogue.door import Record, read_toml
from assay.catalogue.engine import engines
from assay.catalogue.model import model_record
from assay.core.errors import NotInCatalogue

DATA: Final = Path(__file__).parent / "data" / "published.toml"
QUANTISED: Final = re.compile(
    r"-(fp8-kv|fp8|fp4|nvfp4|mxfp4|w8a8|int8|int4|awq|gptq|gptq-int4|gptq-int8|instruct|chat|chat-hf|\d{4})$", re.I
)
"""Endings of repositories that hold the same architecture as the one without."""


class Limit(Record):
    """What a framework allows in a step on chips with less memory than a bound, or on all."""

    framework: str
    sequences: float
    chunk_tokens: float | None = None
    chips_below_bytes: float | None = None
    but_also: tuple[str, ...] = ()


class Blocks(Record):
    """Whose checkpoints of a format share a trait: organisations, or repositories."""

    fp8: tuple[str, ...]


class Release(Record):
    """What releases of a framework, known by how their names start, add to a step."""

    starts: tuple[str, ...]
    across_domains: bool = False
    """Only where one instance is larger than a scale-up domain."""
    step_overhead_s: float = 0.0
    serial_step_overhead_s: float | None = None
    """In its place where the host prepares no step ahead."""
    fitted_on: tuple[str, ...]


class Fault(Record):
    """Rows that measured a fault of their software: all that is given must fit."""

    name: str
    reason: str
    repositories: tuple[str, ...] = ()
    chips: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    weights: str = ""
    experts: bool = False

    def covers(self, repository: str, chip: str, release: str, weights: str, *, experts: bool) -> bool:
        """Tell whether a row falls under the fault."""
        return (
            (not self.repositories or repository.casefold() in self.repositories)
            and (not self.chips or chip in self.chips)
            and (not self.starts or release.casefold().startswith(self.starts))
            and self.weights in ("", weights)
            and (experts or not self.experts)
        )


class Names(Record):
    """data/published.toml."""

    chips: dict[str, str]
    models: dict[str, str]
    frameworks: dict[str, str]
    weights: dict[str, str]
    blocks: Blocks
    wide_attention: Blocks
    limit: tuple[Limit, ...]
    release: tuple[Release, ...]
    fault: tuple[Fault, ...]


@cache
def names() -> Names:
    """Return data/published.toml."""
    return read_toml(DATA, Names)


def chip_name(printed: str) -> str:
    """Return the catalogue's id of a chip, or the path of its TOML file as it is. Raises NotInCatalogue, BadData."""
    if printed.endswith(".toml"):
        chip(printed)
        return printed
    folded = printed.strip().casefold()
    if "/" in folded or "\\" in folded:  # two variants in one name, not a path
        raise NotInCatalogue("chip", printed, chip_ids())
    return chip(names().chips.get(folded, folded)).id


def model_id(printed: str) -> str:
    """Return the Hugging Face id of the architecture that a repository holds, quantised or tuned as it may be.

    The name is looked up as printed (what stands in parentheses left out), then without its last ending of QUANTISED,
    and so on. Raises NotInCatalogue, for the whole name.
    """
    name = re.sub(r"\(.*?\)", "", printed).strip()
    candidate = names().models.get(name.casefold(), name)
    while True:
        for known in (candidate, candidate.rpartition("/")[2]):
            try:
                return model_record(known).hf_id
            except NotInCatalogue:
                pass
        shorter = QUANTISED.sub("", candidate)
        if shorter == candidate:
            model_record(name)  # raises, naming the nearest
        candidate = shorter


def framework_id(printed: str) -> str:
    """Return the catalogue's id of a framework. Raises NotInCatalogue."""
    folded = printed.strip().casefold()
    found = next((id for start, id in names().frameworks.items() if folded.startswith(start)), None)
    if found is None:
        raise NotInCatalogue("framework", printed, engines())
    return found


def weights_format(printed: str) -> str | None:
    """Return the format that a label of weights names, as in published.toml; None where it names none."""
    folded = printed.strip().casefold()
    return next((format for start, format in names().weights.items() if folded.startswith(start)), None)


def limit_of(framework: str, chip: Chip) -> Limit | None:
    """Return what a framework allows in a step on a chip by default, the last that fits; None: memory decides."""
    found = None
    for limit in names().limit:
        small = limit.chips_below_bytes is None or (chip.memory_bytes or 0.0) < limit.chips_below_bytes
        if limit.framework == framework and (small or chip.id in limit.but_also):
            found = limit
    return found


def release_of(printed: str, *, across_domains: bool) -> Release | None:
    """Return what a release adds to a step; None where nothing is known of it."""
    folded = printed.casefold()
    fitting = (each for each in names().release if folded.startswith(each.starts))
    return next((each for each in fitting if across_domains or not each.across_domains), None)
