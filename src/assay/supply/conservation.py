"""Nothing is made from nothing: the balances that every run is checked against."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from assay.supply.domestic import Domestic
from assay.supply.stock import Stock

Array = npt.NDArray[Any]

TOLERANCE = 1e-6


class ConservationError(RuntimeError):
    """A balance does not close: a fault of the program, never of the user."""


class Audit:
    """What entered the stock of one block, for the balance at the end of a run."""

    def __init__(self) -> None:
        self.entered = 0.0

    def enter(self, sold: Array) -> None:
        """Count what was sold, of any shape."""
        self.entered += float(sold.sum())

    def check(self, stock: Stock, domestic: Domestic) -> None:
        """Compare what came in with what is there and what has left, to 1e-6 of what came in over all samples.

        Raises
        ------
        ConservationError
            Dies, memory or chips do not balance, or dies or memory are negative.
        """
        _close("chips", self.entered, stock.held() + stock.left)
        _close("dies", domestic.dies_in.sum(), (domestic.dies + domestic.dies_used).sum())
        _close("memory stacks", domestic.stacks_in.sum(), (domestic.stacks + domestic.stacks_used).sum())
        for noun, balance, came in (
            ("dies", domestic.dies, domestic.dies_in),
            ("memory stacks", domestic.stacks, domestic.stacks_in),
        ):
            if (balance < -TOLERANCE * came).any():
                raise ConservationError(f"{noun} are negative: {balance.min():g}")


def _close(noun: str, came: float, there: float) -> None:
    if not abs(came - there) <= TOLERANCE * max(came, 1.0):
        raise ConservationError(f"{noun} do not balance: {came:.9g} came in, {there:.9g} are there or have left")
