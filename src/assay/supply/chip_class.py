"""The classes of chips: data/classes.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from assay.catalogue.door import Record, read_toml
from assay.core.array import FloatArray
from assay.supply.estimate import DATA, Estimate
from assay.supply.measure import LABELS, Serving, worth

Origin = Literal["licensed", "diverted", "domestic", "offshore"]
SOURCES: tuple[Origin, ...] = ("licensed", "diverted", "domestic", "offshore")
POLICIES = ("h20", "h200", "blackwell")


class ChipClass(Record):
    """`[classes.name]`: which chip, how it comes, and the inputs that govern it.

    `policy` names the pair of keys, Washington's and Beijing's, that a licensed class needs; `demand` its monthly
    demand, which holds in `demand_month` and begins in `sold_from`; `inventory` what is in stock when sales resume.
    """

    chip: str
    source: Origin
    level: str = ""
    policy: str = ""
    demand: str = ""
    demand_month: str = ""
    sold_from: str = ""
    inventory: str = ""
    dies: float = 0
    hbm_stacks: float = 0
    peaks: dict[str, float] = Field(default_factory=dict)


class ReferencePart(Record):
    """`[[reference]]`: one kind of chip in the stock of the rest of the world."""

    chip: str
    h100e: float
    estimates: list[str]


class ClassesFile(Record):
    """The whole file."""

    classes: dict[str, ChipClass]
    reference: list[ReferencePart]


@dataclass(frozen=True, slots=True)
class Classes:
    """The classes in the order of the model's arrays."""

    by_name: Mapping[str, ChipClass]
    reference: tuple[ReferencePart, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names in order."""
        return tuple(self.by_name)

    def of_source(self, source: Origin) -> list[int]:
        """Return the rows of the classes that come in one way."""
        return [row for row, it in enumerate(self.by_name.values()) if it.source == source]

    def worths(self, serving: Serving | None = None) -> FloatArray:
        """Return what one chip of each class counts, shape (labels, classes)."""
        columns = [worth(it.chip, it.peaks or None, serving) for it in self.by_name.values()]
        return np.array([[column[label] for column in columns] for label in LABELS])

    def reference_worths(self, known: Mapping[str, Estimate], serving: Serving | None = None) -> dict[str, float]:
        """Return units of each label per H100e (dense 8-bit) of the rest of the world, as known from estimates."""
        parts = [part for part in self.reference if all(id in known for id in part.estimates)]
        mix = {part.chip: part.h100e for part in parts} or {"h100-sxm": 1.0}
        total = sum(mix.values())
        found = dict.fromkeys(LABELS, 0.0)
        for id, h100e in mix.items():
            each = worth(id, None, serving)
            for label in LABELS:
                found[label] += h100e / total * each[label] / each["h100e_fp8"]
        return found


@cache
def chip_classes(path: Path = DATA / "classes.toml") -> Classes:
    """Return the shipped classes."""
    content = read_toml(path, ClassesFile)
    return Classes(content.classes, tuple(content.reference))
