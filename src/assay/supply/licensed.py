"""Licensed sales: what demand, caps and stock allow, times the two keys."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.core.array import FloatArray, Number
from assay.supply.delivery import History
from assay.supply.trend import grown

Array = npt.NDArray[Any]

UNCAPPED = 1e9
"""A ceiling that never binds, chips a year."""

FRESH_MONTHS = 24
"""How long a product sells before its successors take its demand."""


@dataclass(frozen=True, slots=True)
class LicensedPlan:
    """What does not vary by sample of one licensed class. Arrays are monthly, over the horizon.

    `demand_month` is the month in which the demand input holds; `sold_from` the first month of the product.
    """

    row: int
    history: History
    level: str
    policy: str
    demand: str
    demand_month: int
    sold_from: int
    inventory: str
    surcharge: FloatArray
    cap_per_month: FloatArray
    us_volume_share: FloatArray
    buyer_cap_per_month: FloatArray


@dataclass(frozen=True, slots=True)
class Openness:
    """How far the two keys of a policy stand open in a month.

    `made` is the part of Washington's that lies late enough after a reopening for production to have restarted;
    `hurry` the part of the month in which a closure is announced and not yet in force.
    """

    washington: Number
    made: Number
    beijing: Number
    hurry: float


CLOSED = Openness(0.0, 0.0, 0.0, 0.0)


class Licensed:
    """One licensed class in the samples of one block.

    Q = min(D, caps) x A_us x A_cn, drawn from stock until production has restarted; D grows from its month of
    reference, falls with the surcharge s as (1 + s)^-elasticity, and halves with the age of the product after two
    years on the market. Months with a delivery on record take that instead.
    """

    def __init__(self, plan: LicensedPlan, values: Mapping[str, Array]) -> None:
        self.plan = plan
        self._values = values
        self.stock = values[plan.inventory].copy() if plan.inventory else None

    def demand(self, month: int, index: int) -> Number:
        """Return the demand of a month, chips."""
        plan, values = self.plan, self._values
        if not plan.demand or month < plan.sold_from:
            return 0.0
        wanted: Array = values[plan.demand] * grown(values["log demand_growth"], (month + 0.5 - plan.demand_month) / 12)
        if plan.surcharge[index]:
            wanted *= np.exp(values["price_elasticity"] * -math.log1p(plan.surcharge[index]))
        aged = month + 0.5 - plan.sold_from - FRESH_MONTHS
        if aged > 0:
            wanted *= np.exp(-math.log(2) * aged / values["demand_half_life_months"])
        return wanted

    def flow(self, index: int, demand: Number, openness: Openness) -> Number:
        """Return the chips delivered in a month, and take from stock what was not made for it."""
        plan = self.plan
        delivered: Number = 0.0
        for units, share in plan.history.parts:
            if share[index]:
                delivered = delivered + float(share[index]) * units.value(self._values[plan.level])
        unknown = float(1 - plan.history.covered[index])
        if unknown > 0 and np.ndim(demand):
            delivered = delivered + self._modelled(index, demand * unknown, openness)
        return delivered

    def _modelled(self, index: int, demand: Number, openness: Openness) -> Number:
        plan, values = self.plan, self._values
        if openness.hurry:
            demand = demand * (1 + values["anticipation"] * openness.hurry)
        ceiling: Number = float(plan.cap_per_month[index])
        if plan.us_volume_share[index] < 1:
            ceiling = np.minimum(ceiling, values["h200_us_volume"] * float(plan.us_volume_share[index] / 12))
        if plan.buyer_cap_per_month[index] < UNCAPPED / 12:
            ceiling = np.minimum(ceiling, values["h200_buyers"] * float(plan.buyer_cap_per_month[index]))
        wish = np.minimum(demand, ceiling) * openness.beijing
        made = wish * openness.made
        if self.stock is None:
            return made
        from_stock = np.minimum(np.maximum(wish * openness.washington - made, 0), self.stock)
        self.stock -= from_stock
        return made + from_stock
