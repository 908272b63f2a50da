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
from assay.supply.stretch import Stretch, column
from assay.supply.trend import grown

Array = npt.NDArray[Any]

UNCAPPED = 1e9
"""A ceiling that never binds, chips a year."""

UNSHARED = 1000.0
"""A share of the volume sold in the United States that never binds."""

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
    """How far the two keys of a policy stand open in each month, shape (months, samples) or a number.

    `made` is the part of Washington's that lies late enough after a reopening for production to have restarted;
    `hurry` the part of each month in which a closure is announced and not yet in force, a column.
    """

    washington: Number
    made: Number
    beijing: Number
    hurry: Array


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

    def demand(self, stretch: Stretch) -> Number:
        """Return the demand of each month, chips."""
        plan, values = self.plan, self._values
        if not plan.demand or stretch.last < plan.sold_from:
            return 0.0
        wanted = grown(values["log demand_growth"], stretch.since(plan.demand_month))
        wanted *= values[plan.demand]
        surcharge = stretch.of(plan.surcharge)
        if surcharge.any():
            wanted *= np.exp(values["price_elasticity"] * -np.log1p(surcharge))
        aged = np.maximum(stretch.since(plan.sold_from) - FRESH_MONTHS, 0)
        if aged.any():
            wanted *= np.exp(column(-math.log(2) * aged) / values["demand_half_life_months"])
        if stretch.first < plan.sold_from:
            wanted *= stretch.reached(plan.sold_from)
        return wanted

    def flow(self, stretch: Stretch, demand: Number, openness: Openness | None) -> Number:
        """Return the chips delivered in each month, and take from stock what was not made for it."""
        plan = self.plan
        delivered: Number = 0.0
        for units, share in plan.history.parts:
            part = stretch.of(share)
            if part.any():
                delivered = delivered + part * units.value(self._values[plan.level])
        unknown = 1 - stretch.of(plan.history.covered)
        if openness is not None and np.ndim(demand) and unknown.any():
            delivered = delivered + self._modelled(stretch, demand * unknown, openness)
        return delivered

    def _modelled(self, stretch: Stretch, demand: Number, openness: Openness) -> Number:
        plan, values = self.plan, self._values
        if openness.hurry.any():
            demand = demand * (1 + values["anticipation"] * openness.hurry)
        wish = np.minimum(demand, stretch.of(plan.cap_per_month))
        us_share = stretch.of(plan.us_volume_share)
        if us_share.min() < UNSHARED:
            wish = np.minimum(wish, values["h200_us_volume"] * us_share / 12)
        buyer_cap = stretch.of(plan.buyer_cap_per_month)
        if buyer_cap.min() < UNCAPPED / 12:
            wish = np.minimum(wish, values["h200_buyers"] * buyer_cap)
        wish = wish * openness.beijing
        made = wish * openness.made
        if self.stock is None:
            return made
        short = np.maximum(wish * openness.washington - made, 0)
        for missing in np.atleast_2d(short):
            from_stock = np.minimum(missing, self.stock, out=missing)
            self.stock -= from_stock
        return made + short
