"""Leads: how much the red flags of an order shift the odds that it is diverted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assay.supply.diversion.case import Case, flags
from assay.supply.diversion.order import Order

SCHEMA = "assay.supply-diversion/1"
NOTICE = "A lead for review, never a finding."
PRIOR = 0.02
"""Share of orders that are diverted before any flag is seen; a judgement that moves every probability alike."""


@dataclass(frozen=True, slots=True)
class Lead:
    """An order, the probability that its flags give, and what each flag contributes to the log odds."""

    order: Order
    probability: float
    reasons: Mapping[str, float]

    def as_dict(self) -> dict[str, Any]:
        """Return the lead as JSON carries it."""
        return {
            "id": self.order.id,
            "value_usd": self.order.value_usd,
            "probability": self.probability,
            "reasons": dict(self.reasons),
            "finding": False,
            "notice": NOTICE,
        }


def weights(training: Iterable[Case], without: Iterable[str] = ()) -> dict[str, float]:
    """Return the log likelihood ratio of each flag: ln(P(flag | diverted) / P(flag | lawful)).

    The first is its share of the charged cases, one added to each side; the second is a judgement of the flag's file.
    A flag that an order lacks says nothing: cases report what was seen, not what was looked for and missing.

    Parameters
    ----------
    training
        Cases; those that are not charged are left out.
    without
        Flags to leave out.
    """
    charged = [case for case in training if case.status == "charged"]
    left_out = set(without)
    found = {}
    for code, flag in flags().items():
        if code in left_out:
            continue
        seen = sum(code in case.flags for case in charged)
        found[code] = math.log((seen + 1) / (len(charged) + 2) / flag.lawful_rate)
    return found


def leads(orders: Sequence[Order], by_flag: Mapping[str, float], prior: float = PRIOR) -> tuple[Lead, ...]:
    """Return a lead for every order, the most suspicious first; equal ones by value, then by id."""
    found = []
    for order in orders:
        reasons = {code: by_flag[code] for code in sorted(order.flags) if code in by_flag}
        odds = math.log(prior / (1 - prior)) + sum(reasons.values())
        found.append(Lead(order, 1 / (1 + math.exp(-odds)), reasons))
    return tuple(sorted(found, key=lambda lead: (-lead.probability, -lead.order.value_usd, lead.order.id)))
