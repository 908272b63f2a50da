"""What a kernel runs on, and what it costs there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from assay.core.array import Number
from assay.kernels.coefficients import Coefficients, Theta
from assay.kernels.silicon import Silicon
from assay.kernels.software import Software

POWER_HEADROOM: Final = 0.85
"""Share of the TDP that tensor cores and memory can draw."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Time of one launch, s: `floor_s` whatever the shape (launch, first latency), `variable_s` all else."""

    variable_s: Number
    floor_s: Number

    @property
    def seconds(self) -> Number:
        """Both together."""
        return np.add(self.variable_s, self.floor_s)


@dataclass(frozen=True, slots=True)
class Machine:
    """A chip, the software on it, and the coefficients that describe both."""

    silicon: Silicon
    software: Software
    coefficients: Coefficients

    def theta(self, family: str, software: str = "") -> Theta:
        """Return the bounded coefficients of a family here, under a framework or kernel class."""
        return self.coefficients.bounded(family, self.silicon.generation, software)


def p_norm(p: float, *times: Number) -> Number:
    """Return (a^p + b^p + ...)^(1/p): the times of units that overlap, nearly their maximum where p is large."""
    total: Number = 0.0
    for time in times:
        total = np.add(total, np.power(time, p))
    return np.power(total, 1.0 / p)


def waves(tiles: Number, cores: float, q: float) -> Number:
    """Return the waves in which `tiles` run on `cores`; the share q of a partly filled last wave is paid in full."""
    filled = np.divide(tiles, cores)
    return q * np.ceil(filled) + (1.0 - q) * np.maximum(filled, 1.0)


HALVED_L2: Final = frozenset({"ampere", "hopper", "blackwell"})
"""Generations whose L2 is two partitions that both keep what both read, so that a benchmark finds half of it."""


def warm_bytes(silicon: Silicon) -> float:
    """Return the L2 in which a benchmark that repeats a kernel finds its buffers again."""
    return silicon.l2_bytes / (2.0 if silicon.generation in HALVED_L2 else 1.0)


def residency(touched_bytes: Number, capacity_bytes: Number, steepness: float = 4.0) -> Number:
    """Return the share of buffers that a benchmark finds in L2 when it runs the same kernel again."""
    if np.all(np.equal(capacity_bytes, 0.0)):
        return 0.0
    return 1.0 / (1.0 + np.power(np.divide(touched_bytes, capacity_bytes), steepness))
