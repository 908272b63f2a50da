"""What an hour of a chip costs: its rent, or its share of owning and running a server."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass
from typing import Literal

from assay.catalogue.chip import Chip
from assay.catalogue.node import Node
from assay.catalogue.price import NoPrice, Price, price
from assay.core.interval import Interval, propagate
from assay.economics.energy import power
from assay.economics.item import CostItem, assumption, priced

Basis = Literal["auto", "rental", "ownership"]

EVERY_HOUR = Interval.exact(1.0)
HOURS_PER_YEAR = 8766.0
USD_PER_H = "USD/chip/h"
RENTALS = ("rental", "rental_3yr")
"""Categories of rent, the better known term first: on demand and up to a year, then three years."""


@dataclass(frozen=True, slots=True)
class Rate:
    """USD per chip-hour with its reasons, or the reason why there is none."""

    usd_per_chip_h: Interval | None
    basis: str  # "rental", "ownership", or "none"
    label: str  # basis in words: term, place and date
    reason: str | None
    items: tuple[CostItem, ...]


def rate(
    chip: Chip,
    node: Node | None,
    *,
    place: str = "US",
    as_of: datetime.date,
    basis: Basis = "auto",
    hours_used: Interval = EVERY_HOUR,
) -> Rate:
    """Return what an hour of a chip costs.

    Parameters
    ----------
    chip, node
        Prices are looked up by the id of the chip; the node gives its power where no all-in figure is known.
    place
        ISO country of the data centre. A price that is not known there is taken from elsewhere, and the label says
        from where.
    as_of
        The latest price that was known on that date is taken.
    basis
        "rental": a listed rent, everything included. "ownership": capital, operation and electricity of an owner.
        "auto": rental where there is one, else ownership.
    hours_used
        Share of the owned hours that serve; capital and operation of the other hours are carried by these.

    Notes
    -----
    Owning costs, per hour, `server (1 + network + storage) (annuity + operation) / (8766 h_used) + kW tariff` with
    `annuity = r / (1 - (1 + r)^-years)`. Electricity is at full power, as colocation bills it.
    Against nine published owning costs of 2026-04 the central value is off by -13 % to +38 %.
    """
    reasons = []
    if basis != "ownership":
        found = _rental(chip, place, as_of)
        if isinstance(found, Rate):
            return found
        reasons.append(found.reason)
    if basis != "rental":
        found = _ownership(chip, node, place, as_of, hours_used)
        if isinstance(found, Rate):
            return found
        reasons.append(found.reason)
    return Rate(None, "none", "", "; ".join(reasons), ())


def annuity(rate_per_year: float, years: float) -> float:
    """Return the yearly payment that repays 1 over `years` at an interest of `rate_per_year`, above zero."""
    return rate_per_year / (1 - math.exp(-years * math.log1p(rate_per_year)))


def _rental(chip: Chip, place: str, as_of: datetime.date) -> Rate | NoPrice:
    missing = []
    for category in RENTALS:
        rent = price(category, chip=chip.id, place=place, as_of=as_of)
        if isinstance(rent, Price):
            item = priced(f"rental, {rent.item}", rent)
            return Rate(item.amount, "rental", item.name, None, (item,))
        missing.append(rent)
    return min(missing, key=lambda rent: rent.begins or datetime.date.max)


def _ownership(chip: Chip, node: Node | None, place: str, as_of: datetime.date, hours_used: Interval) -> Rate | NoPrice:
    server = _server(chip, as_of)
    tariff = price("electricity", place=place, as_of=as_of)
    drawn = power(chip, node, place=place, as_of=as_of)
    if isinstance(server, NoPrice):
        return server
    if isinstance(tariff, NoPrice):
        return tariff
    if drawn.w is None:
        return NoPrice(str(drawn.reason))
    network, storage, operation = (priced(name, assumption(name)) for name in ("network", "storage", "operation"))
    years = priced("depreciation", assumption("server", "depreciation"))
    interest = priced("cost of capital", assumption("cost of capital", "finance"))
    used = CostItem("hours used", hours_used, "fraction of hours")
    kwh = priced("electricity", tariff)

    usd = propagate(lambda s, n, t: s * (1 + n + t), server.amount, network.amount, storage.amount)
    capital = CostItem("capital", usd, "USD/chip", children=(server, network, storage))
    usd_per_h = usd.scale(1 / HOURS_PER_YEAR) / hours_used  # per unit of yearly payment
    repaid = propagate(annuity, interest.amount, years.amount)
    payments = propagate(lambda r, y, o: annuity(r, y) + o, interest.amount, years.amount, operation.amount)
    electricity = drawn.w.scale(1e-3) * kwh.amount
    w = CostItem("power", drawn.w, "W/chip", children=drawn.items)
    items = (
        CostItem("depreciation and interest", usd_per_h * repaid, USD_PER_H, children=(capital, years, interest, used)),
        CostItem("operation", usd_per_h * operation.amount, USD_PER_H, children=(operation,)),
        CostItem("electricity", electricity, USD_PER_H, children=(w, kwh)),
    )
    return Rate(usd_per_h * payments + electricity, "ownership", f"ownership, {place}", None, items)


def _server(chip: Chip, as_of: datetime.date) -> CostItem | NoPrice:
    """Return a chip's share of the price of its server or rack, or the price of the chip plus a host."""
    node_price = price("node_purchase", chip=chip.id, as_of=as_of)
    if isinstance(node_price, Price):
        whole = priced(f"{node_price.item}, {node_price.chips:g} chips", node_price)
        return CostItem("server", whole.amount.scale(1 / node_price.chips), "USD/chip", children=(whole,))
    chip_price = price("chip_purchase", chip=chip.id, as_of=as_of)
    if isinstance(chip_price, NoPrice):
        return chip_price
    alone, host = priced("chip", chip_price), priced("host over chip", assumption("server"))
    return CostItem(
        "server", propagate(lambda c, h: c * (1 + h), alone.amount, host.amount), "USD/chip", children=(alone, host)
    )
