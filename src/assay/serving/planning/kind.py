"""One kind of chip as a planner sees it: what it does, what an hour of it costs, what it draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

from assay.catalogue.chip import Chip, chip
from assay.catalogue.engine import Engine, engine, engines
from assay.catalogue.node import Node, node_of
from assay.core.interval import Interval
from assay.economics.energy import Power, power
from assay.economics.rate import Basis, Rate, rate
from assay.engine.uncertainty import Transfer, transfer
from assay.kernels.silicon import Silicon, silicon
from assay.serving.planning.request import PlanRequest


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of chip in its node."""

    chip: Chip
    node: Node | None
    silicon: Silicon
    engines: tuple[Engine, ...]
    """Frameworks to choose from."""
    hourly: Rate
    idle: Power
    """Of a chip that does nothing."""
    full: Power
    """Of a chip at work all the time."""

    @property
    def reach(self) -> Transfer:
        """How far the chip is from the measured ones."""
        return transfer(self.silicon)

    @property
    def usd_per_h(self) -> float:
        """USD a chip-hour; NaN where it has no price."""
        return self.hourly.usd_per_chip_h.value if self.hourly.usd_per_chip_h else nan

    @property
    def idle_w(self) -> float:
        """W a chip; NaN where its power is not known."""
        return self.idle.w.value if self.idle.w else nan

    @property
    def full_w(self) -> float:
        """W a chip; NaN where its power is not known."""
        return self.full.w.value if self.full.w else nan

    @property
    def chips_per_node(self) -> int:
        """Chips of one server or rack."""
        return int((self.node.chips_per_node if self.node else None) or self.silicon.chips_per_domain)


def kinds(request: PlanRequest) -> tuple[Kind, ...]:
    """Return the kinds of a request, priced on a common basis so that like is compared with like.

    Raises NotInCatalogue and BadData on a chip or framework that cannot be used, Unsupported on one whose facts do not
    suffice.
    """
    chips = [chip(name) for name in request.kinds]
    basis = _common_basis(chips, request)
    return tuple(_kind(each, request, basis) for each in chips)


def _kind(chip: Chip, request: PlanRequest, basis: Basis) -> Kind:
    node = node_of(chip.id)
    named = [engine(id) for id in request.frameworks] or list(engines().values())
    hourly = _hourly(chip, request, basis)
    if hourly.usd_per_chip_h is None and request.basis == "auto":
        hourly = _hourly(chip, request, "auto")
    idle, full = (
        power(chip, node, place=request.place, as_of=request.as_of, utilisation=Interval.exact(share))
        for share in (0.0, 1.0)
    )
    runs = tuple(each for each in named if each.runs_on(chip.generation))
    return Kind(chip, node, silicon(chip, node), runs, hourly, idle, full)


def _common_basis(chips: Sequence[Chip], request: PlanRequest) -> Basis:
    """Return the basis that prices most of the kinds; owning where both do."""
    if request.basis != "auto":
        return request.basis
    priced = {
        basis: sum(_hourly(each, request, basis).usd_per_chip_h is not None for each in chips)
        for basis in ("rental", "ownership")
    }
    return "rental" if priced["rental"] > priced["ownership"] else "ownership"


def _hourly(chip: Chip, request: PlanRequest, basis: Basis) -> Rate:
    return rate(chip, node_of(chip.id), place=request.place, as_of=request.as_of, basis=basis)
