"""Domestic production: packages limited by dies, memory and packaging."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.core.array import FloatArray, Number
from assay.supply.stretch import Stretch, column
from assay.supply.trend import grown

Array = npt.NDArray[Any]

BEGINS = 2024 * 12
"""January 2024: the die bank and the memory bank are full, and packages are made from then."""

YEAR_2025 = 2025 * 12 + 6
YEAR_2026 = 2026 * 12 + 6
CXMT_FROM = 2026 * 12
PART_910C_FROM = 2025 * 12
PART_950_FROM = 2026 * 12 + 3
PART_950_FULL = 2026 * 12 + 11
HIGHEST_YIELD = 0.95


@dataclass(frozen=True, slots=True)
class Part:
    """A package: dies and HBM stacks in each, and its row among the classes."""

    row: int
    dies: float
    stacks: float


@dataclass(frozen=True, slots=True)
class DomesticPlan:
    """The three packages, older first, and the levers of production, monthly over the horizon."""

    parts: tuple[Part, Part, Part]
    other_row: int
    wafers: FloatArray
    packaging: FloatArray
    hbm_leak: FloatArray
    cxmt: FloatArray
    own_memory: FloatArray
    proxy_dies: FloatArray
    other: FloatArray


class Domestic:
    """The makers of one country in the samples of one block.

        dies  += wafers x share for AI x share of the maker x gross dies x yield + proxy - used
        stacks += CXMT x share + leak - used
        N = min(packaging, dies y / n_d, stacks y / n_h);  used = N n / y

    Packaging counts good packages, so its yield y weighs on dies and stacks alone. Capacity is split by product;
    what one cannot use goes to none. The newest part takes the maker's own memory instead of HBM.
    """

    def __init__(self, plan: DomesticPlan, values: Mapping[str, Array]) -> None:
        self.plan = plan
        self._values = values
        self.dies = values["die_bank"].copy()
        self.stacks = values["hbm_bank"].copy()
        self.dies_in = self.dies.copy()
        self.stacks_in = self.stacks.copy()
        self.dies_used = np.zeros_like(self.dies)
        # dies sold today were begun a lag ago: growth and yield gain act on that date
        lag_years = values["wafer_lag_months"] / 12
        share = values["ai_wafer_share"] * values["huawei_share"] * values["gross_dies"]
        self._lagged_wafers = values["wafers_2025"] * values["wafer_growth"] ** -lag_years * share
        self._lagged_yield = values["yield_2025"] * values["yield_growth"] ** -lag_years
        self.stacks_used = np.zeros_like(self.stacks)

    def run(self, stretch: Stretch, sold: Array) -> None:
        """Write the packages and cards of each month into the rows of `sold`, shape (months, classes, samples)."""
        plan, values = self.plan, self._values
        months = stretch.since(YEAR_2025)
        cards = grown(values["log other_domestic_growth"], months)
        cards *= values["other_domestic_2025"] / 12
        cards *= stretch.of(plan.other)
        sold[:, plan.other_row] = cards
        if stretch.last < BEGINS:
            return
        capacity = grown(values["log packaging_growth"], months)
        capacity *= values["packaging_2025"]
        capacity *= stretch.of(plan.packaging) * stretch.reached(BEGINS)
        products = [(part, np.minimum(capacity * share, limit)) for part, share, limit in self._products(stretch)]
        received = zip(self._new_dies(stretch), self._new_stacks(stretch), strict=True)
        for place, (dies, stacks) in enumerate(received):
            self.dies += dies
            self.dies_in += dies
            self.stacks += stacks
            self.stacks_in += stacks
            for part, most in products:
                sold[place, part.row] = self._package(part, most[place])

    def _new_dies(self, stretch: Stretch) -> Array:
        plan, values = self.plan, self._values
        months = stretch.since(YEAR_2025)
        good = np.minimum(self._lagged_yield * grown(values["log yield_growth"], months), HIGHEST_YIELD)
        wafers = self._lagged_wafers * grown(values["log wafer_growth"], months) * stretch.of(plan.wafers)
        dies: Array = (wafers * good + stretch.of(plan.proxy_dies)) * stretch.reached(BEGINS)
        return dies

    def _new_stacks(self, stretch: Stretch) -> Array:
        plan, values = self.plan, self._values
        stacks: Array = values["hbm_leak"] * (stretch.of(plan.hbm_leak) * stretch.reached(BEGINS))
        if stretch.last >= CXMT_FROM:
            ramp = grown(values["log cxmt_growth"], stretch.since(YEAR_2026))
            ramp *= stretch.of(plan.cxmt) * stretch.reached(CXMT_FROM) / 12
            stacks = stacks + values["cxmt_2026"] * values["huawei_share"] * ramp
        return stacks

    def _products(self, stretch: Stretch) -> list[tuple[Part, Number, Number]]:
        """Return each package with its share of the capacity and what else limits it, the newest first."""
        plan, values = self.plan, self._values
        older, newer, newest = plan.parts
        if stretch.last < PART_910C_FROM:
            return [(older, 1.0, math.inf)]
        # the odds of the newer part double every half year after the middle of 2025
        steps = column(4 ** np.maximum(stretch.since(YEAR_2025) / 12, 0))
        odds = values["share_910c_2025"] / (1 - values["share_910c_2025"]) * steps
        share_910c = odds / (1 + odds) * stretch.reached(PART_910C_FROM)
        if stretch.last < PART_950_FROM:
            return [(newer, share_910c, math.inf), (older, 1 - share_910c, math.inf)]
        ramp = stretch.since(PART_950_FROM) + 0.5
        ramp_950 = column(np.clip(ramp / (PART_950_FULL - PART_950_FROM), 0, 1))
        share_950 = values["share_950_2026"] * ramp_950
        memory = grown(values["log packaging_growth"], np.maximum(stretch.since(PART_950_FULL), 0))
        memory *= values["own_memory_2026"] * ramp_950 * stretch.of(plan.own_memory)
        rest = 1 - share_950
        return [
            (newest, share_950, memory),
            (newer, rest * share_910c, math.inf),
            (older, rest * (1 - share_910c), math.inf),
        ]

    def _package(self, part: Part, most: Array) -> Array:
        good = self._values["package_yield"]
        made = np.minimum(most, self.dies * good / part.dies)
        if part.stacks:
            made = np.minimum(made, self.stacks * good / part.stacks)
            used = made * part.stacks / good
            np.maximum(self.stacks - used, 0, out=self.stacks)  # rounding may take the last stack twice
            self.stacks_used += used
        dies = made * part.dies / good
        np.maximum(self.dies - dies, 0, out=self.dies)
        self.dies_used += dies
        return made
