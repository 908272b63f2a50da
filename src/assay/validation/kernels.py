"""Kernel times against the measured tables: the half of the rows that no fit sees, any chip or generation left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from assay.kernels.coefficients import Family
from assay.kernels.fit.families import FAMILIES, silicon_of
from assay.kernels.fit.rows import Column
from assay.kernels.fit.solve import Group
from assay.kernels.grade import MEASURED_VENDOR, Grade
from assay.kernels.interval import Widths, half_width
from assay.validation.left_out import LeftOut, coefficients
from assay.validation.score import Score, Scored, group_by

SOURCE: Final = "aiconfigurator-core 0.12.0, kernel tables, unseen half"
MOST_ROWS: Final = 200
"""Rows scored of a chip and kernel class of a family: so many of each, that none weighs more."""
SIBLINGS_OF: Final = frozenset({"b300-sxm", "gb200", "gb300"})
"""Chips whose die three others share: left out of the pooled scores, which they would fill with the easiest case."""
REGIMES: Final = ("< 20 us", "20 - 200 us", "> 200 us")


@dataclass(frozen=True, slots=True, eq=False)
class Residuals:
    """Predicted and measured seconds of one chip and kernel class in one family."""

    family: str
    group: Group
    grade: Grade
    predicted_s: Column

    @property
    def chip(self) -> str:
        """Catalogue id."""
        return self.group.rows.chip

    @property
    def log_errors(self) -> Column:
        """ln(predicted / measured)."""
        errors: Column = np.log(self.predicted_s / self.group.rows.seconds)
        return errors


def score_kernels(left_out: LeftOut = "") -> Score:
    """Return the score of the kernel families on rows that no fit saw.

    Intervals are those a user gets; that of a chip counts its own residuals among the calibration. Coverage without
    them is in `intervals.coverage`.

    Raises
    ------
    UsageError
        Where the measured tables are not installed.
    """
    scored = [row for residuals in all_residuals(left_out) for row in _scored(residuals)]
    pooled = [row for row in scored if row.by["chip"] not in SIBLINGS_OF and row.by["grade"] != "other vendor"]
    groups = [*group_by(pooled, "family"), *group_by(scored, "family", "chip"), *group_by(scored, "family", "class")]
    groups += [*group_by(scored, "chip"), *group_by(pooled, "regime"), *group_by(scored, "grade")]
    return Score(SOURCE, len(scored), tuple(scored), tuple(groups), left_out)


@cache
def all_residuals(left_out: LeftOut) -> tuple[Residuals, ...]:
    """Return predictions of every family, chip and kernel class."""
    return tuple(residuals for name in FAMILIES for residuals in _residuals(name, left_out))


def grade_of(family: Family, group: Group) -> Grade:
    """Return how well a family's coefficients are founded for the chip of a group."""
    if group.rows.chip in family.chips:
        return "measured"
    if group.silicon.vendor != MEASURED_VENDOR:
        return "other vendor"
    return "sibling" if group.generation in family.generations else "new generation"


def _residuals(name: str, left_out: LeftOut) -> Iterator[Residuals]:
    fit = FAMILIES[name]
    for rows in fit.rows():
        group = Group(rows.scored_half.sample(MOST_ROWS), silicon_of(rows.chip))
        if not len(group.rows):
            continue
        found = coefficients(rows.chip, left_out)
        theta = found.bounded(name, group.generation, rows.kernel)
        predicted = np.broadcast_to(fit.predict(group.rows, theta, group.silicon), len(group.rows))
        yield Residuals(name, group, grade_of(found.family(name), group), predicted)


def _scored(residuals: Residuals, widths: Widths | None = None) -> Iterator[Scored]:
    rows = residuals.group.rows
    factors = np.exp(half_width(residuals.family, residuals.grade, residuals.predicted_s, widths))
    by: Mapping[str, str] = {
        "family": residuals.family,
        "chip": rows.chip,
        "class": rows.kernel,
        "framework": rows.framework,
        "grade": residuals.grade,
    }
    for i, (value, measured, factor) in enumerate(zip(residuals.predicted_s, rows.seconds, factors, strict=True)):
        shape = ";".join(f"{name}={column[i]}" for name, column in rows.shapes.items())
        regime = REGIMES[int(np.digitize(value, (20e-6, 200e-6)))]
        id_ = f"{rows.chip}/{rows.framework}-{rows.version}/{residuals.family}/{shape}"
        yield Scored(id_, "seconds", {**by, "regime": regime}, measured, value, value / factor, value * factor)
