"""How good the leads are: on synthetic orders, and on the public cases with each left out in turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import fmean
from typing import Any

from assay.core.errors import UsageError
from assay.supply.diversion.case import Case, cases, flags
from assay.supply.diversion.lead import NOTICE, SCHEMA, Lead, leads, weights
from assay.supply.diversion.order import Order, synthetic_orders

TRAINED_UNTIL = date(2025, 6, 30)
HELD_UP_DAYS = 30.0
COST_OF_DELAY_PER_YEAR = 0.15
"""What holding up a lawful order costs its buyer, as a share of its value; a judgement."""


@dataclass(frozen=True, slots=True)
class Quality:
    """What a number of alerts achieves, and what it costs the innocent.

    `recall_by_value` weighs each diverted order by its value, as the harm does. `lead_days` is the mean time by which
    an alert on the day of the order is ahead of the day on which it became public. `accused` counts the lawful orders
    among the alerts, `held_up_usd` their value and `delay_cost_usd` what a review of 30 days costs their buyers.
    """

    alerts: int
    precision: float
    recall: float
    recall_by_value: float
    lead_days: float
    brier: float
    accused: int
    held_up_usd: float
    delay_cost_usd: float

    def as_dict(self) -> dict[str, float]:
        """Return the quality as JSON carries it."""
        return {name: getattr(self, name) for name in Quality.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A public case scored by what the others teach: its rank among lawful synthetic orders, 1 being above all."""

    id: str
    status: str
    probability: float
    rank: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that `evaluate` measures."""

    by_alerts: tuple[Quality, ...]
    without_flag: dict[str, float]  # recall by value that is lost with each flag
    left_out: tuple[LeftOut, ...]
    later: tuple[LeftOut, ...]  # cases public after the training date

    def as_dict(self) -> dict[str, Any]:
        """Return the evaluation as JSON carries it."""
        return {
            "schema": SCHEMA,
            "notice": NOTICE,
            "by_alerts": [quality.as_dict() for quality in self.by_alerts],
            "recall_by_value_lost_without": self.without_flag,
            "leave_one_out": [_case_dict(it) for it in self.left_out],
            "public_after": {
                "trained_until": TRAINED_UNTIL.isoformat(),
                "cases": [_case_dict(it) for it in self.later],
            },
        }


def evaluate(count: int, diverted_share: float, seed: int, per_thousand: Sequence[int] = (5, 10, 20, 50)) -> Evaluation:
    """Score synthetic orders and the public cases.

    The synthetic orders come from judgements on the same cases that the scorer learns from: recall on them tests the
    machinery, not the world. The cases left out, and those public after the training date, are the harder test.

    Parameters
    ----------
    count, diverted_share, seed
        Orders to draw.
    per_thousand
        Alerts per 1,000 orders to judge.
    """
    orders = synthetic_orders(count, diverted_share, seed)
    if not any(order.diverted for order in orders):
        raise UsageError("none of the orders drawn is diverted", "Draw more orders, or raise the share.")
    learnt = weights(cases())
    ranked = leads(orders, learnt, diverted_share)
    middle = max(1, count * per_thousand[len(per_thousand) // 2] // 1000)
    whole = quality(ranked, middle).recall_by_value
    without = {
        code: whole - quality(leads(orders, weights(cases(), [code]), diverted_share), middle).recall_by_value
        for code in flags()
    }
    lawful = [order for order in orders if not order.diverted]
    known = [case for case in cases() if case.flags]
    early = [case for case in cases() if case.public_day <= TRAINED_UNTIL]
    return Evaluation(
        by_alerts=tuple(quality(ranked, max(1, count * alerts // 1000)) for alerts in per_thousand),
        without_flag=without,
        left_out=tuple(_left_out(case, [it for it in cases() if it.id != case.id], lawful) for case in known),
        later=tuple(_left_out(case, early, lawful) for case in known if case.public_day > TRAINED_UNTIL),
    )


def quality(ranked: Sequence[Lead], alerts: int) -> Quality:
    """Return what the first `alerts` of ranked leads achieve."""
    raised = ranked[:alerts]
    diverted = [lead.order for lead in ranked if lead.order.diverted]
    caught = [lead.order for lead in raised if lead.order.diverted]
    accused = [lead.order for lead in raised if not lead.order.diverted]
    held_up = sum(order.value_usd for order in accused)
    return Quality(
        alerts=len(raised),
        precision=len(caught) / len(raised),
        recall=len(caught) / len(diverted),
        recall_by_value=sum(it.value_usd for it in caught) / sum(it.value_usd for it in diverted),
        lead_days=fmean(it.hidden_days for it in caught) if caught else 0.0,
        brier=fmean((lead.probability - lead.order.diverted) ** 2 for lead in ranked),
        accused=len(accused),
        held_up_usd=held_up,
        delay_cost_usd=held_up * COST_OF_DELAY_PER_YEAR * HELD_UP_DAYS / 365,
    )


def _left_out(case: Case, training: Sequence[Case], lawful: Sequence[Order]) -> LeftOut:
    learnt = weights(training)
    its = leads([Order(case.id, case.value_usd or 0.0, frozenset(case.flags))], learnt)[0]
    below = sum(lead.probability < its.probability for lead in leads(lawful, learnt))
    return LeftOut(case.id, case.status, its.probability, below / len(lawful))


def _case_dict(it: LeftOut) -> dict[str, Any]:
    return {"id": it.id, "status": it.status, "probability": it.probability, "rank": it.rank}
