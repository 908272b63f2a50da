"""Everything about a run that does not vary by sample: what the scenario says and what was known on the day."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from assay.core.array import FloatArray
from assay.core.errors import UsageError
from assay.supply.chip_class import POLICIES, ChipClass, Classes, chip_classes
from assay.supply.copula import correlation_matrix
from assay.supply.delivery import Delivery, deliveries, history
from assay.supply.diverted import DivertedPlan, OffshorePlan
from assay.supply.domestic import DomesticPlan, Part
from assay.supply.estimate import Estimate, published_by
from assay.supply.inputs import Input, Vintage
from assay.supply.lever import Timeline, Turn, levers, timeline
from assay.supply.licensed import LicensedPlan
from assay.supply.marginal import Marginal
from assay.supply.measure import BANDWIDTH_STAND_IN, Serving
from assay.supply.month import first_day, month_of
from assay.supply.scenario import Scenario

EARLIEST = date(2024, 1, 1)
"""No run looks back from before this day: too little was published."""


@dataclass(frozen=True, slots=True)
class KnownInput:
    """An input as it stood on the as-of day."""

    input: Input
    marginal: Marginal
    vintage: Vintage


@dataclass(frozen=True, slots=True)
class Plan:
    """A scenario as seen on a day, ready to be sampled."""

    scenario: Scenario
    as_of: date
    start: int
    months: int
    classes: Classes
    inputs: Mapping[str, KnownInput]
    correlation: FloatArray
    licensed: tuple[LicensedPlan, ...]
    keys: Mapping[str, tuple[Timeline, Timeline]]
    diverted: DivertedPlan
    offshore: OffshorePlan
    domestic: DomesticPlan
    worths: FloatArray
    reference_worths: Mapping[str, float]
    serving: Serving | None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the inputs, in the order of their scores."""
        return tuple(self.inputs)

    @property
    def as_of_month(self) -> float:
        """End of the as-of day, in months."""
        return month_of(self.as_of + timedelta(days=1))

    @property
    def serving_description(self) -> str:
        """What the label h100e_serving rests on."""
        return self.serving.description if self.serving else BANDWIDTH_STAND_IN

    def hash(self) -> str:
        """Return the SHA-256 of all that enters: levers, intervals, deliveries, worth of each class, horizon."""
        content = {
            "scenario": self.scenario.canonical(),
            "as_of": self.as_of.isoformat(),
            "inputs": {
                name: [it.marginal.shape, it.marginal.low, it.marginal.high] for name, it in self.inputs.items()
            },
            "correlation": self.correlation.tolist(),
            "deliveries": [
                [part.row, [[units.low, units.high, share.tolist()] for units, share in part.history.parts]]
                for part in self.licensed
            ],
            "classes": list(self.classes.names),
            "worths": self.worths.tolist(),
            "reference": dict(self.reference_worths),
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def plan(
    scenario: Scenario,
    as_of: date,
    serving: Serving | None = None,
    table: Mapping[str, Estimate] | None = None,
) -> Plan:
    """Return the scenario as seen on a day.

    Parameters
    ----------
    scenario
        What is assumed.
    as_of
        Nothing published after this day is seen.
    serving
        Performance model behind the serving equivalent; None for the stand-in.
    table
        Estimates to see instead of the shipped ones.

    Raises
    ------
    UsageError
        The day lies before 2024.
    """
    if as_of < EARLIEST:
        raise UsageError(f"--as-of {as_of} lies before {EARLIEST}", "Too little was published by then to run on.")
    known = published_by(as_of, table)
    classes = chip_classes()
    lines = {name: timeline(name, scenario.record.lever, as_of) for name in levers()}
    inputs = {name: KnownInput(it, *it.at(as_of, known)) for name, it in scenario.inputs.items()}
    start, months = scenario.start, scenario.months

    def lever(name: str) -> FloatArray:
        return lines[name].monthly(start, months)

    return Plan(
        scenario=scenario,
        as_of=as_of,
        start=start,
        months=months,
        classes=classes,
        inputs=inputs,
        correlation=correlation_matrix(tuple(inputs), scenario.correlations),
        licensed=tuple(_licensed(scenario, classes, deliveries(known), lines)),
        keys={policy: (lines[f"us.{policy}"], lines[f"cn.{policy}"]) for policy in POLICIES},
        diverted=DivertedPlan(lever("enforcement"), lever("hub_shipments"), lever("black_market_premium")),
        offshore=OffshorePlan(lever("offshore_purchases"), lever("remote_access")),
        domestic=DomesticPlan(
            _parts(classes),
            classes.names.index("other-domestic"),
            wafers=lever("wafers"),
            packaging=lever("packaging"),
            hbm_leak=lever("hbm_leak"),
            cxmt=lever("cxmt"),
            own_memory=lever("own_memory"),
            proxy_dies=lever("proxy_fabrication"),
            other=lever("other_domestic"),
        ),
        worths=classes.worths(serving),
        reference_worths=classes.reference_worths(known, serving),
        serving=serving,
    )


def _licensed(
    scenario: Scenario,
    classes: Classes,
    delivered: Iterable[Delivery],
    lines: Mapping[str, Timeline],
) -> Iterable[LicensedPlan]:
    start, months = scenario.start, scenario.months
    of_class: dict[str, list[Delivery]] = {}
    for delivery in delivered:
        of_class.setdefault(delivery.chip_class, []).append(delivery)
    for row in classes.of_source("licensed"):
        name = classes.names[row]
        it = classes.by_name[name]
        own = [turn for turn in scenario.record.lever if _governs(turn, it.policy)]
        departs = min((first_day(turn.date) for turn in own), default=date.max)

        def lever(noun: str, it: ChipClass = it) -> FloatArray:
            key = f"{noun}.{it.policy}"
            return lines[key].monthly(start, months) if key in lines else np.full(months, levers()["cap.h20"].default)

        yield LicensedPlan(
            row=row,
            history=history(of_class.get(name, ()), start, months, departs - timedelta(days=1)),
            level=it.level,
            policy=it.policy,
            demand=it.demand,
            demand_month=_month(it.demand_month),
            sold_from=_month(it.sold_from),
            inventory=it.inventory,
            surcharge=lever("revenue_share") + lever("tariff") if it.policy else np.zeros(months),
            cap_per_month=lever("cap") / 12,
            us_volume_share=lever("us_volume_share"),
            buyer_cap_per_month=lever("buyer_cap") / 12,
        )


def _governs(turn: Turn, policy: str) -> bool:
    return not turn.announced and bool(policy) and turn.name.endswith(f".{policy}")


def _parts(classes: Classes) -> tuple[Part, Part, Part]:
    def part(name: str) -> Part:
        it = classes.by_name[name]
        return Part(classes.names.index(name), it.dies, it.hbm_stacks)

    return part("ascend-910b"), part("ascend-910c"), part("ascend-950")


def _month(text: str) -> int:
    return int(month_of(first_day(text))) if text else 0
