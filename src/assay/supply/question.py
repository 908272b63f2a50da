"""Questions that a run can answer: data/questions.toml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from assay.catalogue.door import Record, read_toml
from assay.core.errors import UsageError
from assay.supply.estimate import DATA
from assay.supply.inputs import Text
from assay.supply.measure import LABELS
from assay.supply.month import first_day, last_day, month_of
from assay.supply.plan import Plan
from assay.supply.simulate import END_OF_2025, sample, simulate
from assay.supply.trend import grown

Array = npt.NDArray[Any]
Measure = Literal["units", "revenue", "value", "stock", "gain", "share", "world", "input"]


class Bound(Record):
    """`below = { value, at_least, at_most }`: what the probability of less than a value must be."""

    value: float
    at_least: float = 0.0
    at_most: float = 1.0


class Question(Record):
    """One question: what is asked of the run, the outcome where it is known, and what is demanded of the answer."""

    id: str
    text: str
    rows: list[str] = Field(default_factory=list)
    cut: Text = ""
    measure: Measure
    classes: list[str] = Field(default_factory=list)
    among: list[str] = Field(default_factory=list)
    price: str = ""
    input: str = ""
    first: Text
    last: Text
    outcome: float | None = None
    known: Text = ""
    resolves: Text = ""
    last_period: float | None = None
    plan: float | None = None
    analyst: float | None = None
    median_within: float | None = None
    median_off_by: float | None = None
    median_below: float | None = None
    crps_below: float | None = None
    inside_80: bool = False
    p5_above: float | None = None
    p95_below: float | None = None
    below: Bound | None = None
    remark: str = ""

    @property
    def is_open(self) -> bool:
        """Whether the answer is not known yet."""
        return bool(self.resolves)


class QuestionsFile(Record):
    """The whole file; `unscored` says why the other rows of the record are not."""

    question: Annotated[list[Question], Field(min_length=1)]
    unscored: dict[str, str]


@cache
def questions(path: Path = DATA / "questions.toml") -> QuestionsFile:
    """Return every question."""
    return read_toml(path, QuestionsFile)


def resolved() -> list[Question]:
    """Return the questions whose answer is known."""
    return [question for question in questions().question if not question.is_open]


class Answers:
    """One run, kept for the questions asked: what was sold until the months that they need, every class and sample."""

    def __init__(self, plan: Plan, samples: int, seed: int, asked: Iterable[Question]) -> None:
        self.plan = plan
        self.values = sample(plan, samples, seed)
        self._names = plan.classes.names
        self._eight_bit = plan.worths[list(LABELS).index("h100e_fp8")].astype(np.float32)
        ends = [end for question in asked for end in _ends(question)]
        if max(map(month_of, ends)) > plan.start + plan.months:
            raise UsageError(
                f"the horizon ends before {max(ends)}, which a question asks about", "Give it more months."
            )
        needed = {self._months(end)[0] + after for end in ends for after in (0, 1)}
        self._totals = {0: np.zeros((len(self._names), samples), np.float32)}
        for index, month in enumerate(simulate(plan, self.values), start=1):
            if index in needed:
                self._totals[index] = month.total.copy()

    def answer(self, question: Question) -> Array:
        """Return the answer of every sample, in the unit of the question."""
        if question.measure == "input":
            return self.values[question.input]
        if question.measure == "world":
            months = np.array([month_of(_ends(question)[1]) - END_OF_2025])
            sold_by_then = self.values["world_2025"] * grown(np.log(self.values["world_growth"]), months)
            return np.asarray(sold_by_then[0])
        sold = self._sold(question, question.classes)
        if question.measure == "share":
            return np.asarray(sold.sum(axis=0) / self._sold(question, question.among).sum(axis=0))
        if question.measure in ("stock", "gain"):
            return np.asarray(self._eight_bit[[self._names.index(name) for name in question.classes]] @ sold)
        units = sold.sum(axis=0)
        return np.asarray(units * self.values[question.price] if question.price else units)

    def _sold(self, question: Question, classes: list[str]) -> Array:
        rows = [self._names.index(name) for name in classes]
        before, after = (self._until(rows, end) for end in _ends(question))
        return after - before

    def _until(self, rows: list[int], day: date) -> Array:
        """Return what was sold before a day: a month's sales are spread evenly over its days."""
        whole, part = self._months(day)
        before, after = self._totals[whole][rows], self._totals[whole + 1][rows]
        return np.asarray(before + np.float32(part) * (after - before))

    def _months(self, day: date) -> tuple[int, float]:
        """Return the whole months of the horizon before a day, the last one left out, and the part of one beyond."""
        months = min(max(month_of(day) - self.plan.start, 0.0), self.plan.months)
        whole = min(int(months), self.plan.months - 1)
        return whole, months - whole


def _ends(question: Question) -> tuple[date, date]:
    """Return the first day of a question's period, and the day after its last."""
    return first_day(question.first), last_day(question.last) + timedelta(days=1)


def by_cut(asked: list[Question]) -> Mapping[str, list[Question]]:
    """Return questions by their cut, in order."""
    found: dict[str, list[Question]] = {}
    for question in asked:
        found.setdefault(question.cut, []).append(question)
    return found
