"""The tree of reasons behind a dollar or a watt."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from assay.catalogue.price import NoPrice, Price, price
from assay.core.interval import Interval
from assay.core.tree import Branch


@dataclass(frozen=True, slots=True)
class CostItem:
    """One term of an answer: its amount, where it comes from, and the terms it is made of.

    A parent's amount is computed from its children's values; its interval is not their sum, since parents may share
    a child.
    """

    name: str
    amount: Interval
    unit: str
    sources: tuple[str, ...] = ()
    children: tuple[CostItem, ...] = ()
    note: str = ""

    def branch(self) -> Branch:
        """Return the item as part of an explanation."""
        children = tuple(child.branch() for child in self.children)
        amount = self.amount
        return Branch(self.name, amount.value, self.unit, amount.low, amount.high, self.note, self.sources, children)


def priced(name: str, found: Price) -> CostItem:
    """Return a price as a leaf of the tree; its name ends in place and date.

    A price that its source states as one number takes the range that the catalogue gives a single quote.
    """
    amount = found.interval
    if found.low == found.high:
        amount *= assumption("single quote").interval
    where = ", ".join(part for part in (name, found.place, found.date) if part)
    return CostItem(where, amount, found.unit, found.sources, note=found.note)


def assumption(item: str, category: str = "overhead") -> Price:
    """Return a row of the catalogue that is tied to no date. Raises LookupError where the data lacks it."""
    found = price(category, item=item, as_of=datetime.date.min)
    if isinstance(found, NoPrice):
        raise LookupError(found.reason)
    return found
