"""Diversion, and chips used from afar: flows that no licence counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.core.array import FloatArray, Number
from assay.supply.stretch import Stretch, column
from assay.supply.trend import grown

Array = npt.NDArray[Any]

ANCHOR = 2024 * 12 + 6
"""Middle of 2024, to which the diverted flow is anchored."""

BEGINS = 2022 * 12 + 9
"""October 2022: before the first control there was nothing to divert."""

BLACKWELL_FROM = 2025 * 12
OFFSHORE_ANCHOR = 2025 * 12 + 6
OFFSHORE_BEGINS = 2023 * 12


@dataclass(frozen=True, slots=True)
class DivertedPlan:
    """The levers of diversion, monthly over the horizon; 1 is 2024."""

    enforcement: FloatArray
    hub_shipments: FloatArray
    premium: FloatArray


@dataclass(frozen=True, slots=True)
class OffshorePlan:
    """The levers of offshore use, monthly over the horizon; 1 is unhindered."""

    purchases: FloatArray
    remote_access: FloatArray


def diverted(
    plan: DivertedPlan, values: Mapping[str, Array], stretch: Stretch, licensed: Number
) -> tuple[Number, Number]:
    """Return the Hopper and the Blackwell chips that arrive in each month.

    M = M0 g^t W^a P^b E^-e (1 - sub L/D) / (1 - sub), less what is seized, which grows with E. `licensed` is L/D, what
    licensed sales of any kind meet of the demand for what was allowed in 2024: 1 then, so a ban raises the flow by
    1 / (1 - sub).
    """
    if stretch.last < BEGINS:
        return 0.0, 0.0
    flow = grown(values["log diverted_growth"], stretch.since(ANCHOR))
    flow *= values["diverted_2024"] / 12
    effort = stretch.of(plan.enforcement)
    for level, elasticity in (
        (stretch.of(plan.hub_shipments), values["hub_elasticity"]),
        (stretch.of(plan.premium), values["premium_elasticity"]),
        (effort, -values["enforcement_elasticity"]),
    ):
        if (level != 1).any():
            flow *= level**elasticity
    substitution, seized = values["substitution"], values["seizure_share"]
    flow *= (1 - substitution * licensed) / (1 - substitution)
    if (effort != 1).any():
        flow *= (1 - np.minimum(seized * effort, 1)) / (1 - seized)
    if stretch.first < BEGINS:
        flow *= stretch.reached(BEGINS)
    if stretch.last < BLACKWELL_FROM:
        return flow, 0.0
    ramp = column(np.maximum(stretch.since(BLACKWELL_FROM), 0)) / values["blackwell_ramp_months"]
    newer = flow * np.minimum(ramp, 1)
    return flow - newer, newer


def offshore(plan: OffshorePlan, values: Mapping[str, Array], stretch: Stretch) -> Number:
    """Return the chips that begin to be used from afar in each month: bought by subsidiaries, or leased.

    They are access, never ownership: no total adds the two.
    """
    if stretch.last < OFFSHORE_BEGINS:
        return 0.0
    owned = values["offshore_owned_share"]
    purchases, leases = stretch.of(plan.purchases), stretch.of(plan.remote_access)
    flow = grown(values["log offshore_growth"], stretch.since(OFFSHORE_ANCHOR))
    flow *= values["offshore_2025"] / 12
    if stretch.first < OFFSHORE_BEGINS:
        flow *= stretch.reached(OFFSHORE_BEGINS)
    if (purchases != 1).any() or (leases != 1).any():
        flow *= owned * purchases + (1 - owned) * leases
    return flow
