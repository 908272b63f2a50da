"""How far a chip is from every line of the rules: how much faster could it be and stay below?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from assay.export.condition import COMPARISONS, leaves
from assay.export.decision import check
from assay.export.item import Item
from assay.export.request import ExportRequest
from assay.export.rule import Version
from assay.export.rulebook import rulebook

SCHEMA = "assay.export-headroom/1"
MEASURES = (
    "tpp",
    "performance_density",
    "dram_gb_per_s",
    "interconnect_gb_per_s",
    "dram_and_interconnect_gb_per_s",
    "hbm_gb_per_s_per_mm2",
)


@dataclass(frozen=True, slots=True)
class Line:
    """One threshold of one measure, and where the chip is to it."""

    measure: str
    line: float
    test: str
    """How the rule compares: ">=", "<" and so on."""
    value: float | None
    rules: tuple[str, ...]
    cites: tuple[str, ...]

    @property
    def factor(self) -> float | None:
        """Return line over value: 1.2 is 20 % below the line; below 1 the chip is past it."""
        return self.line / self.value if self.value else None

    @property
    def past(self) -> bool | None:
        """Return whether the chip meets or passes the line."""
        if self.value is None:
            return None
        return self.value >= self.line if self.test in (">=", "<") else self.value > self.line


@dataclass(frozen=True, slots=True)
class Headroom:
    """Distance of a chip to every line on a date."""

    item: Item
    on: date
    level: str
    """Classification on the date."""
    lines: tuple[Line, ...]
    next_tpp: float | None
    """Least TPP, with all else as it is, at which the classification becomes another."""
    next_level: str | None

    def as_dict(self) -> dict[str, Any]:
        """Return the distances as JSON carries them."""
        return {
            "schema": SCHEMA,
            "item": self.item.name,
            "date": self.on.isoformat(),
            "eccn": self.level,
            "lines": [
                {
                    "measure": line.measure,
                    "line": line.line,
                    "test": line.test,
                    "value": line.value,
                    "factor": line.factor,
                    "past": line.past,
                    "rules": list(line.rules),
                    "cites": list(line.cites),
                }
                for line in self.lines
            ],
            "next_tpp": self.next_tpp,
            "next_tpp_factor": self.next_tpp / self.item.tpp if self.next_tpp and self.item.tpp else None,
            "next_eccn": self.next_level,
        }


def headroom(item: Item, on: date) -> Headroom:
    """Return the distance of an item to every threshold of the rules of a date.

    A density line is met at a TPP of line x die area, with the die as it is; `next_tpp` is the least TPP, over all
    lines, at which the classification changes.
    """
    verdict = check(ExportRequest(item, on, destination="CN", hq="CN"))
    lines = tuple(_lines(verdict.facts, on))
    level = verdict.eccn or "unknown"
    if item.tpp is None:
        return Headroom(item, on, level, lines, None, None)
    area = item.die_area_mm2 or 0.0
    steps = {line.line for line in lines if line.measure == "tpp"}
    steps |= {line.line * area for line in lines if line.measure == "performance_density"}
    for tpp in sorted(step for step in steps if step > item.tpp):
        raised = check(ExportRequest(replace(item, tpp=tpp, vendor_eccn=None), on, destination="CN", hq="CN"))
        if (raised.paragraph, raised.review_policy) != (verdict.paragraph, verdict.review_policy):
            said = f"{raised.paragraph or 'below 3A090'} ({raised.review_policy or 'no licence'})"
            return Headroom(item, on, level, lines, tpp, said)
    return Headroom(item, on, level, lines, None, None)


def thresholds(on: date) -> Iterator[tuple[Version, str, str, float]]:
    """Yield every threshold of the rules of a date: rule, measure, comparison, value."""
    for version in rulebook(on).versions:
        for leaf in leaves(version.when):
            if leaf.fact in MEASURES:
                yield version, leaf.fact, COMPARISONS[leaf.op][1], float(leaf.value)


def _lines(facts: Any, on: date) -> Iterator[Line]:  # noqa: ANN401 - facts of every type
    found: dict[tuple[str, float, str], list[Version]] = {}
    for version, measure, test, line in thresholds(on):
        if version.stage != "exception" or version.binds:
            found.setdefault((measure, line, test), []).append(version)
    for (measure, line, test), versions in sorted(
        found.items(), key=lambda pair: (MEASURES.index(pair[0][0]), pair[0])
    ):
        rules = tuple(dict.fromkeys(version.rule for version in versions))
        cites = tuple(dict.fromkeys(version.cite for version in versions))
        yield Line(measure, line, test, facts[measure], rules, cites)
