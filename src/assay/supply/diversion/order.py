"""Orders: read from a file, or drawn from the typologies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from assay.catalogue.door import Record, read_csv
from assay.core.errors import BadData, Fault, UsageError
from assay.supply.diversion.case import Codes, cases, flags, typologies

LAWFUL_MEDIAN_USD = 2e6
LAWFUL_SPREAD = 1.6
"""Standard deviation of the logarithm of the value of a lawful order."""

LEAST_USD, MOST_USD = 5e4, 3e9
HIDDEN_DAYS, HIDDEN_SPREAD = 450.0, 0.7
"""Median and log spread of the days until a diverted order becomes public, as in the public cases."""


@dataclass(frozen=True, slots=True)
class Order:
    """One order: what it shows. `diverted` and `typology` are known of synthetic orders alone."""

    id: str
    value_usd: float
    flags: frozenset[str]
    diverted: bool = False
    typology: str = ""
    hidden_days: float = 0.0


class OrderRow(Record):
    """A line of a file of orders: flags separated by semicolons."""

    id: str
    value_usd: Annotated[float, Field(ge=0)]
    flags: Codes = Field(default_factory=list)


def read_orders(path: Path) -> tuple[Order, ...]:
    """Return the orders of a CSV file with the columns id, value_usd, flags. Raises BadData, all faults at once."""
    rows = read_csv(path, OrderRow)
    faults = [
        Fault(str(path), f"order {row.id}", f"no red flag '{code}'")
        for row in rows
        for code in row.flags
        if code not in flags()
    ]
    if faults:
        raise BadData(faults, f"The flags are {', '.join(flags())}.")
    return tuple(Order(row.id, row.value_usd, frozenset(row.flags)) for row in rows)


def synthetic_orders(count: int, diverted_share: float, seed: int) -> tuple[Order, ...]:
    """Draw orders, some of them diverted.

    The typology is drawn by weight, each flag on its own: with the chance of its typology, or that of any lawful order,
    whichever is the larger. Lawful values are lognormal; diverted ones follow a Pareto law with the tail of the public
    cases, cut at 3 bn USD: their mean is never extrapolated.

    Raises
    ------
    UsageError
        A count below 1, or a share outside 0 to 1.
    """
    if count < 1 or not 0 <= diverted_share <= 1 or seed < 0:
        raise UsageError("give at least one order, a share between 0 and 1 and a seed of 0 or more")
    rng = np.random.Generator(np.random.PCG64(seed))
    kinds = {lawful: [(id, it) for id, it in typologies().items() if it.lawful is lawful] for lawful in (True, False)}
    tail = tail_index([case.value_usd for case in cases() if case.status == "charged" and case.value_usd])
    orders = []
    for number in range(count):
        diverted = bool(rng.random() < diverted_share)
        of_kind = kinds[not diverted]
        weights = np.array([it.weight for _, it in of_kind])
        id, typology = of_kind[int(rng.choice(len(of_kind), p=weights / weights.sum()))]
        chances = {code: max(flag.lawful_rate, typology.flags.get(code, 0.0)) for code, flag in flags().items()}
        shown = frozenset(code for code, chance in chances.items() if rng.random() < chance)
        if diverted:
            value = LEAST_USD * rng.random() ** (-1 / tail)
            hidden = HIDDEN_DAYS * math.exp(HIDDEN_SPREAD * rng.standard_normal())
        else:
            value, hidden = LAWFUL_MEDIAN_USD * math.exp(LAWFUL_SPREAD * rng.standard_normal()), 0.0
        orders.append(Order(f"S{number:06d}", min(value, MOST_USD), shown, diverted, id, hidden))
    return tuple(orders)


def tail_index(values: Sequence[float]) -> float:
    """Return the exponent of a Pareto tail by Hill's estimator: n / sum(ln(x / least)); small is heavy."""
    least = min(values)
    return (len(values) - 1) / sum(math.log(value / least) for value in values)
