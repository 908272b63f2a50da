"""Domestic production: packages limited by dies, memory and packaging."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.core.array import FloatArray, Number
from assay.supply.trend import grown

Array = npt.NDArray[Any]

BEGINS = 2024 * 12
"""January 2024: the die bank and the memory bank are full, and packages are made from then."""

YEAR_2025 = 2025 * 12 + 6
YEAR_2026 = 2026 * 12 + 6
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

    def step(self, month: int, index: int, sold: Array) -> None:
        """Write the packages and cards of a month into the rows of `sold`."""
        plan, values = self.plan, self._values
        years = (month + 0.5 - YEAR_2025) / 12
        cards = values["other_domestic_2025"] / 12 * grown(values["log other_domestic_growth"], years)
        sold[plan.other_row] = cards * float(plan.other[index])
        if month < BEGINS:
            return
        self._receive(month, index)
        capacity = (
            values["packaging_2025"] * grown(values["log packaging_growth"], years) * float(plan.packaging[index])
        )
        for part, share, limit in self._products(month, index):
            made = np.minimum(capacity * share, limit)
            sold[part.row] = self._package(part, made)

    def _receive(self, month: int, index: int) -> None:
        plan, values = self.plan, self._values
        years = (month + 0.5 - YEAR_2025) / 12
        wafers = self._lagged_wafers * grown(values["log wafer_growth"], years) * float(plan.wafers[index])
        good = np.minimum(self._lagged_yield * grown(values["log yield_growth"], years), HIGHEST_YIELD)
        self._add_dies(wafers * good + float(plan.proxy_dies[index]))
        stacks = values["hbm_leak"] * float(plan.hbm_leak[index])
        if month >= YEAR_2026 - 6:
            ramp = grown(values["log cxmt_growth"], (month + 0.5 - YEAR_2026) / 12) * float(plan.cxmt[index] / 12)
            stacks = stacks + values["cxmt_2026"] * values["huawei_share"] * ramp
        self.stacks += stacks
        self.stacks_in += stacks

    def _add_dies(self, dies: Array) -> None:
        self.dies += dies
        self.dies_in += dies

    def _products(self, month: int, index: int) -> list[tuple[Part, Number, Number]]:
        plan, values = self.plan, self._values
        older, newer, newest = plan.parts
        ramp_950 = min(max((month + 1 - PART_950_FROM) / (PART_950_FULL - PART_950_FROM), 0.0), 1.0)
        share_950 = values["share_950_2026"] * ramp_950
        years = max((month + 0.5 - YEAR_2025) / 12, 0.0)
        # the odds of the newer part double every half year after 2025
        odds = values["share_910c_2025"] / (1 - values["share_910c_2025"]) * 4**years
        share_910c = odds / (1 + odds) if month >= PART_910C_FROM else 0.0
        memory = values["own_memory_2026"] * float(ramp_950 * plan.own_memory[index])
        memory = memory * grown(values["log packaging_growth"], max(month + 0.5 - PART_950_FULL, 0.0) / 12)
        return [
            (newest, share_950, memory),
            (newer, (1 - share_950) * share_910c, math.inf),
            (older, (1 - share_950) * (1 - share_910c), math.inf),
        ]

    def _package(self, part: Part, most: Array) -> Array:
        good = self._values["package_yield"]
        made = np.minimum(most, self.dies * good / part.dies)
        if part.stacks:
            made = np.minimum(made, self.stacks * good / part.stacks)
            used = made * part.stacks / good
            self.stacks -= used
            self.stacks_used += used
        dies = made * part.dies / good
        self.dies -= dies
        self.dies_used += dies
        return made
