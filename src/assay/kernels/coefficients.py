"""The fitted coefficients of the operator families: few numbers each, from files in data/.

A coefficient is global x offset of the chip generation x offset of the framework or kernel class; an offset that was
not fitted is 1. Everything is in SI units and keeps the symbol of its formula:

=====================  =========================================================================================
t0, tp, ts, tf         s: launch (at 1.8 GHz); per tile, CTA or query block; per split or serial step; small
                       kernels of a module
a0, a2                 s: latency of a collective, and of its second phase (NVLink: at 1.8 GHz)
an, ax                 growth of a0 per rank beyond two; exponent of the node count
e, ea, ei              fraction of the dense tensor peak (all-to-all: ei is the fraction of the NIC rate)
ex                     fraction of the special-function (exp) rate
eta, ell, e1           fraction of the datasheet bandwidth, of memory or link
ci                     FLOP per clock and core that the issue path sustains; ct, elements of tile edge, adds to it
phi, psi, psim         bytes per clock and core of operand load; of result store; of store in mma.sync kernels
tk, ck                 s per element of k that an mma.sync kernel waits for its operands; clocks per key of an
                       attention kernel that does not split
p, gh, en              exponent of the p-norm; of head_dim / 128 in the softmax cost; of the ranks in a link's share
q                      share of a partly filled wave that is paid in full
ef, efm, eb            J per FLOP (wgmma and others; mma.sync), J per byte of memory traffic
cq, cw, cio            multiples of traffic: quantisation, KV write, permutation
ra, r2, e2, e8, c0, s  plain multiples (s: of the projections that a measured module contains)
kw, ka, kap            fractions of L2 that stay warm between the runs of a benchmark (experts: kap and eps describe
                       the router of the benchmark); not used in prediction
hot, host              of a benchmark, too: exponent of the fullest rank's share; s of a host that launches one by one
=====================  =========================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import Final

from pydantic import Field

from assay.catalogue.door import Record, read_json, validated
from assay.core.errors import NotInCatalogue

DATA: Final = Path(str(resources.files("assay.kernels"))) / "data"

BOUNDS: Final[dict[str, float]] = {
    "eta": 0.95,
    "ell": 0.95,
    "e1": 0.95,
    "e": 1.0,
    "ea": 1.0,
    "ei": 0.95,
    "eb": 25e-12,
    "q": 1.0,
}
"""Upper bounds in prediction. Products of offsets fitted on warm caches, or carried to a generation they were not
fitted on, pass the datasheet; no kernel does. eb of the bf16 GEMM ran off to 118 pJ/B: HBM costs a fifth of that.
With q above 1 a fuller wave would be faster. Fits obey them too."""


@dataclass(frozen=True, slots=True)
class Theta:
    """Coefficients by symbol: `theta.t0`."""

    values: Mapping[str, float]

    def __getattr__(self, symbol: str) -> float:
        try:
            return self.values[symbol]
        except KeyError:
            raise AttributeError(symbol) from None

    def bounded(self) -> Theta:
        """Return the coefficients with BOUNDS applied, so that no prediction beats the datasheet."""
        return Theta({symbol: min(value, BOUNDS.get(symbol, value)) for symbol, value in self.values.items()})

    def replace(self, **values: float) -> Theta:
        """Return the coefficients with some of them replaced."""
        return Theta({**self.values, **values})


@dataclass(frozen=True, slots=True)
class Family:
    """The coefficients of one operator family, and the chips they were fitted on."""

    what: str
    source: str  # of the measurements
    overall: Mapping[str, float]
    by_generation: Mapping[str, Mapping[str, float]]  # symbol -> generation -> offset
    by_software: Mapping[str, Mapping[str, float]]  # symbol -> framework or kernel class -> offset
    chips: tuple[str, ...]  # catalogue ids
    not_identified: tuple[str, ...] = ()  # no row of the fit moves these

    @property
    def generations(self) -> frozenset[str]:
        """Chip generations in the fit."""
        return frozenset(generation for offsets in self.by_generation.values() for generation in offsets)

    def theta(self, generation: str, software: str) -> Theta:
        """Return overall x generation offset x software offset, symbol by symbol."""
        return Theta(
            {
                symbol: value
                * self.by_generation.get(symbol, {}).get(generation, 1.0)
                * self.by_software.get(symbol, {}).get(software, 1.0)
                for symbol, value in self.overall.items()
            }
        )


@dataclass(frozen=True, eq=False)
class Coefficients:
    """A set of families: the one that ships, or a fit of one's own passed along to `cost`."""

    families: Mapping[str, Family] = field(repr=False)

    def family(self, name: str) -> Family:
        """Return a family. Raises NotInCatalogue with the nearest names."""
        try:
            return self.families[name]
        except KeyError:
            raise NotInCatalogue("operator family", name, self.families) from None

    def theta(self, family: str, generation: str, software: str = "") -> Theta:
        """Return the coefficients of a family on a chip generation under a framework or kernel class."""
        return _theta(self, family, generation, software)

    def bounded(self, family: str, generation: str, software: str = "") -> Theta:
        """Return the same with BOUNDS applied: what predictions use."""
        return _bounded(self, family, generation, software)

    def with_families(self, families: Mapping[str, Family]) -> Coefficients:
        """Return a set in which `families` stand in for those of the same name."""
        return Coefficients({**self.families, **families})


@cache
def shipped() -> Coefficients:
    """Return the coefficients in data/."""
    return read_coefficients(sorted(DATA.glob("*.json")))


def read_coefficients(paths: Iterable[Path]) -> Coefficients:
    """Return the coefficients in some files. Raises BadData with every fault of a file."""
    families: dict[str, Family] = {}
    for path in paths:
        record = validated(read_json(path), CoefficientFile, str(path))
        families |= {name: family.family(record.source) for name, family in record.families.items()}
    return Coefficients(families)


class FamilyRecord(Record):
    """One family as it stands in a file."""

    what: str
    overall: dict[str, float] = Field(alias="global")
    by_generation: dict[str, dict[str, float]]
    by_software: dict[str, dict[str, float]] = Field(default_factory=dict)
    software_axis: str = ""  # what the keys of by_software are
    chips: tuple[str, ...]
    rows: int | None = None  # of the fit
    filters: str = ""  # which rows
    not_identified: tuple[str, ...] = ()

    def family(self, source: str) -> Family:
        """Return the family that the file states."""
        return Family(
            self.what,
            source,
            self.overall,
            self.by_generation,
            self.by_software,
            self.chips,
            self.not_identified,
        )


class CoefficientFile(Record):
    """A file of families fitted to one source of measurements."""

    source: str
    families: dict[str, FamilyRecord]


@lru_cache(maxsize=4096)
def _theta(coefficients: Coefficients, family: str, generation: str, software: str) -> Theta:
    return coefficients.family(family).theta(generation, software)


@lru_cache(maxsize=4096)
def _bounded(coefficients: Coefficients, family: str, generation: str, software: str) -> Theta:
    return coefficients.theta(family, generation, software).bounded()
