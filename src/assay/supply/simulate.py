"""The run itself: month by month, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.core.array import Number
from assay.supply.conservation import Audit
from assay.supply.copula import correlate, independent_scores
from assay.supply.diverted import diverted, offshore
from assay.supply.domestic import Domestic
from assay.supply.key import Delays, Key, key
from assay.supply.licensed import Licensed, Openness
from assay.supply.plan import Plan
from assay.supply.stock import QUARTER, Stock
from assay.supply.stretch import Stretch
from assay.supply.trend import grown

Array = npt.NDArray[Any]

BLOCK = 25_000
"""Samples that are advanced together: enough to make a call of numpy worth its while, few enough for the cache."""


END_OF_2025 = 2026 * 12
"""When the input world_2025 holds."""

LAG_OF_THE_WORLD = 3
"""Months from sold to installed in the stock that China's is compared with; the source's default of a quarter."""


@dataclass(frozen=True, slots=True)
class Month:
    """State of every sample at the end of a month. The arrays are reused: copy what is to be kept.

    `total` is all that was sold until then and `installed` what runs, both of shape (classes, samples).
    `world` is the stock of the whole world installed, H100e (dense 8-bit), shape (samples,).
    """

    month: int
    total: Array
    installed: Array
    world: Array


def sample(plan: Plan, samples: int, seed: int) -> dict[str, Array]:
    """Return every input of a plan, sampled with its correlations: name to array, float32."""
    scores = correlate(independent_scores(plan.names, samples, seed), plan.correlation.astype(np.float64))
    return values_of(plan, scores)


def values_of(plan: Plan, scores: Array) -> dict[str, Array]:
    """Return the inputs at standard normal scores, shape (inputs, samples)."""
    rows = zip(plan.inputs.items(), scores, strict=True)
    return {name: np.asarray(it.marginal.value(row), scores.dtype) for (name, it), row in rows}


def simulate(plan: Plan, values: dict[str, Array]) -> Iterator[Month]:
    """Run a plan over sampled inputs and yield the state after every month.

    Balances of dies, memory and chips are checked on the way: see `conservation`.
    """
    first = next(iter(values.values()))
    shape = (QUARTER, len(plan.classes.names), len(first))
    total, installed = np.zeros(shape, first.dtype), np.zeros(shape, first.dtype)
    world = np.zeros((QUARTER, len(first)), first.dtype)
    parts = [slice(begin, begin + BLOCK) for begin in range(0, len(first), BLOCK)]
    blocks = [_Block(plan, {name: value[part] for name, value in values.items()}) for part in parts]
    for begin in range(0, plan.months, QUARTER):
        stretch = Stretch(plan.start, begin, min(QUARTER, plan.months - begin))
        for block, part in zip(blocks, parts, strict=True):
            block.run(stretch, total[..., part], installed[..., part], world[:, part])
        for place in range(stretch.count):
            yield Month(stretch.first + place, total[place], installed[place], world[place])
    for block in blocks:
        block.audit.check(block.stock, block.domestic)


class _Block:
    """Some of the samples, all of their state."""

    def __init__(self, plan: Plan, values: dict[str, Array]) -> None:
        self.plan = plan
        self.values = values | {f"log {name}": np.log(values[name]) for name in values if name.endswith("_growth")}
        lost = values["failures_per_year"] / 12 * (1 - values["repaired_share"])
        lag = values["deployment_lag_months"]
        classes = len(plan.classes.names)
        self.stock = Stock(classes, lag, values["life_months"], values["infant_loss"], lost)
        self.keys = {policy: self._keys(policy) for policy in plan.keys}
        self.licensed = [Licensed(it, self.values) for it in plan.licensed]
        self.domestic = Domestic(plan.domestic, self.values)
        self.audit = Audit()
        self._sold = np.zeros((QUARTER, classes, len(lag)), lag.dtype)
        self._total = np.zeros((classes, len(lag)), lag.dtype)
        self._open_at_first = {policy for policy, (us, _) in plan.keys.items() if us.lever.states[0] == "allowed"}
        self._diverted_rows = plan.classes.of_source("diverted")
        self._offshore_row = plan.classes.of_source("offshore")[0]

    def run(self, stretch: Stretch, total: Array, installed: Array, world: Array) -> None:
        """Advance a stretch and write the state after each of its months."""
        sold = self._sold[: stretch.count]
        self._sell(sold, stretch)
        before = self._total
        for flow, after in zip(sold, total, strict=False):
            before = np.add(before, flow, out=after)
        self._total[...] = before
        self.stock.run(sold, installed)
        self.audit.enter(sold)
        # the stock of the world, H100e (dense 8-bit): what was sold until one lag before the end of the month
        months = stretch.since(END_OF_2025 + LAG_OF_THE_WORLD - 0.5)
        world[: stretch.count] = self.values["world_2025"] * grown(self.values["log world_growth"], months)

    def _sell(self, sold: Array, stretch: Stretch) -> None:
        """Write what every class sells in each month, shape (months, classes, samples)."""
        plan, values = self.plan, self.values
        on_sale = {it.policy for it in plan.licensed if it.policy and stretch.last >= it.sold_from}
        openness = {policy: self._openness(policy, stretch) for policy in on_sale}
        wanted: Number = 0.0
        met: Number = 0.0
        for it in self.licensed:
            demand = it.demand(stretch)
            sold[:, it.plan.row] = it.flow(stretch, demand, openness.get(it.plan.policy))
            if it.plan.policy:
                met = met + sold[:, it.plan.row]
            if np.ndim(demand) and it.plan.policy in self._open_at_first:
                wanted = wanted + demand
        licensed = 1 - np.maximum(wanted - met, 0) / np.maximum(wanted, 1) if np.ndim(wanted) else 1.0
        flows = diverted(plan.diverted, values, stretch, licensed)
        for row, flow in zip(self._diverted_rows, flows, strict=True):
            sold[:, row] = flow
        sold[:, self._offshore_row] = offshore(plan.offshore, values, stretch)
        self.domestic.run(stretch, sold)

    def _openness(self, policy: str, stretch: Stretch) -> Openness:
        washington, beijing = self.keys[policy]
        hurry = washington.hurry(stretch) + beijing.hurry(stretch)
        return Openness(washington.openness(stretch), washington.made(stretch), beijing.openness(stretch), hurry)

    def _keys(self, policy: str) -> tuple[Key, Key]:
        plan, values = self.plan, self.values
        delays = Delays(values["licence_lag_months"], values["restart_months"], values["discouraged_uptake"])
        washington, beijing = plan.keys[policy]
        return (
            key(washington, plan.start, plan.as_of_month, values[f"us_wait_{policy}"], delays),
            key(beijing, plan.start, plan.as_of_month, values[f"cn_wait_{policy}"], delays),
        )
