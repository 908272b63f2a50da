"""The power that a chip draws at the meter of the data centre, and the energy of a token."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from assay.catalogue.chip import Chip
from assay.catalogue.node import Node
from assay.catalogue.price import Price, price
from assay.core.interval import Interval, propagate
from assay.core.source import Fact
from assay.economics.item import CostItem, assumption, priced

FULLY_USED = Interval.exact(1.0)


@dataclass(frozen=True, slots=True)
class Power:
    """Average power of one chip with its share of host, network and cooling, or the reason why it is not known."""

    w: Interval | None
    reason: str | None
    items: tuple[CostItem, ...]


def power(
    chip: Chip, node: Node | None, *, place: str = "US", as_of: datetime.date, utilisation: Interval = FULLY_USED
) -> Power:
    """Return the average power of a chip in service, at the meter.

    `w = full_w (idle + (1 - idle) utilisation)`: a share of the full power flows whatever the load, the rest follows
    the load.

    Parameters
    ----------
    chip, node
        The node, where its power is known, gives the share of host and fans.
    place
        ISO country; sets the PUE.
    as_of
        Prices, power figures and ratios of that date.
    utilisation
        Share of time, 0 to 1, that the busier of the chip's compute and memory is busy: decoding is bound by memory,
        and a memory at its full rate draws most of what the chip can. The default is a chip at full power.

    Notes
    -----
    Full power comes from the first of: the all-in figure of the chip (host, network and cooling included); the power
    of its node times the PUE of the place (no cluster network); its TDP times the usual ratio of all-in to TDP.
    """
    full = _full_power(chip, node, place, as_of)
    if full is None:
        return Power(None, f"the power of {chip.id} is not known: no TDP is published", ())
    idle = priced("share that does not follow the load", assumption("idle power"))
    used = CostItem("utilisation", utilisation, "fraction of time")
    w = propagate(lambda p, i, u: p * (i + (1 - i) * min(u, 1.0)), full.amount, idle.amount, used.amount)
    return Power(w, None, (full, idle, used))


def joule_per_token(w: Interval, tok_per_s: Interval) -> Interval:
    """Return J/token: power over throughput, both of one chip. An error in the throughput does not move the power."""
    return w / tok_per_s


def _full_power(chip: Chip, node: Node | None, place: str, as_of: datetime.date) -> CostItem | None:
    name = "full power"
    all_in = price("power_all_in", chip=chip.id, place=place, as_of=as_of)
    if isinstance(all_in, Price):
        return priced(name, all_in)
    pue = price("pue", item="colocation", place=place, as_of=as_of)
    if isinstance(pue, Price) and node is not None and node.power_w is not None and node.power_chips is not None:
        parts = (
            _stated(f"{node.id} over {node.power_chips:g} chips", node.facts["power_w"], 1 / node.power_chips),
            priced("PUE", pue),
        )
    elif chip.tdp_w is not None:
        parts = _stated("TDP", chip.facts["tdp_w"]), priced("all-in over TDP", assumption("power"))
    else:
        return None
    return CostItem(name, parts[0].amount * parts[1].amount, "W/chip", children=parts)


def _stated(name: str, fact: Fact, share: float = 1.0) -> CostItem:
    low = fact.value if fact.low is None else fact.low
    high = fact.value if fact.high is None else fact.high
    amount = Interval.from_range(fact.value, low, high).scale(share)
    return CostItem(name, amount, "W/chip", fact.sources, note=fact.note)
