"""What is known to have been delivered: data/deliveries.toml and rows of the estimates, laid over the days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from assay.catalogue.door import Record, read_toml
from assay.core.array import FloatArray
from assay.supply.estimate import DATA, Estimate
from assay.supply.inputs import Text
from assay.supply.marginal import Marginal
from assay.supply.month import first_day, last_day, month_start


class FromQuantity(Record):
    """Rows of the estimates that are deliveries as they stand: which class each entity is."""

    quantity: str
    classes: dict[str, str]


class DeliveryRecord(Record):
    """One period whose units follow from estimates; without any it is a judgement, visible always."""

    chip_class: Annotated[str, Field(alias="class")]
    first: Text
    last: Text
    low: float
    high: float
    basis: str
    estimates: list[str] = Field(default_factory=list)
    ramp_months: float = 0.0


class DeliveriesFile(Record):
    """The whole file."""

    from_quantity: list[FromQuantity]
    record: list[DeliveryRecord]


@dataclass(frozen=True, slots=True)
class Delivery:
    """Units of one class delivered in a period: a 90 % interval, read as lognormal.

    They spread evenly over the days, or after a linear ramp of `ramp_months`.
    """

    chip_class: str
    first: date
    last: date
    units: Marginal
    published: date
    ramp_months: float = 0.0

    def daily(self) -> FloatArray:
        """Return the share of the units that falls on each day of the period."""
        days = np.arange((self.last - self.first).days + 1) + 0.5
        weights = np.minimum(days / (self.ramp_months * 30.44), 1.0) if self.ramp_months else np.ones_like(days)
        return np.asarray(weights / weights.sum())


@dataclass(frozen=True, slots=True)
class History:
    """The deliveries of one class by month: each with its share in every month, and how much of a month is known."""

    parts: tuple[tuple[Marginal, FloatArray], ...]
    covered: FloatArray


def deliveries(known: Mapping[str, Estimate]) -> tuple[Delivery, ...]:
    """Return the deliveries that can be read off the estimates then known, earliest publication first."""
    content = _content()
    found = [
        Delivery(it.classes[row.entity], row.first, row.last, Marginal("lognormal", row.low, row.high), row.published)
        for it in content.from_quantity
        for row in known.values()
        if row.quantity == it.quantity and row.entity in it.classes and row.low and row.high
    ]
    for record in content.record:
        if all(id in known for id in record.estimates):
            published = max((known[id].published for id in record.estimates), default=date.min)
            units = Marginal("lognormal", record.low, record.high)
            days = first_day(record.first), last_day(record.last)
            found.append(Delivery(record.chip_class, *days, units, published, record.ramp_months))
    return tuple(sorted(found, key=lambda delivery: delivery.published))


def history(of_class: Iterable[Delivery], start: int, months: int, until: date) -> History:
    """Lay deliveries of one class over the months from `start`, later publications over earlier ones.

    Days after `until` are left to the model: there the scenario departs from what happened.
    """
    origin = month_start(start)
    edges = np.array([(month_start(start + index) - origin).days for index in range(months + 1)])
    horizon = int(edges[-1])
    owner = np.full(horizon, -1)
    stack = list(of_class)
    for index, delivery in enumerate(stack):
        last = min(delivery.last, until)
        owner[max((delivery.first - origin).days, 0) : max((last - origin).days + 1, 0)] = index
    parts = []
    for index, delivery in enumerate(stack):
        daily = np.zeros(horizon)
        begin = (delivery.first - origin).days
        shares = delivery.daily()[max(-begin, 0) : max(horizon - begin, 0)]
        daily[max(begin, 0) : max(begin, 0) + len(shares)] = shares
        daily[owner != index] = 0.0
        if daily.any() and delivery.units.high > 0:
            parts.append((delivery.units, np.add.reduceat(daily, edges[:-1])))
    return History(tuple(parts), np.add.reduceat((owner >= 0).astype(float), edges[:-1]) / np.diff(edges))


@cache
def _content(path: Path = DATA / "deliveries.toml") -> DeliveriesFile:
    return read_toml(path, DeliveriesFile)
