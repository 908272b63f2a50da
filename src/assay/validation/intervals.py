"""Half widths of kernel predictions, by split conformal calibration on left-out chips; and their honest coverage.

`python -m assay.validation.intervals` writes the file that ships.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from assay.kernels.grade import Grade
from assay.kernels.interval import FILE, REGIMES, Widths, half_width, regime
from assay.validation.kernels import Residuals, all_residuals
from assay.validation.left_out import LeftOut

LEVEL: Final = 0.8
FEWEST: Final = 30
"""Rows below which a regime takes the quantile of all regimes of its family."""
CALIBRATED_ON: Final[dict[Grade, LeftOut]] = {
    "measured": "",
    "sibling": "chip",
    "new generation": "generation",
    "other vendor": "chip",
}
"""What was left out for the residuals of each grade, from best to worst founded."""
ABOUT: Final = (
    "80 % log half widths by grade and family, below 20 us, to 200 us, above; quantiles over left-out chips, each "
    "weighing the same. Written by python -m assay.validation.intervals"
)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Share of a chip's rows inside intervals that were calibrated without the chip, or its generation."""

    grade: Grade
    chip: str
    rows: int
    inside: float
    width: float  # median half width, as a fraction


def calibrated(residuals: Iterable[Residuals]) -> Widths:
    """Return the widths from residuals of all grades."""
    by_grade: dict[str, dict[str, list[Residuals]]] = {}
    for each in residuals:
        families = by_grade.setdefault(each.grade, {})
        families.setdefault(each.family, []).append(each)
        families.setdefault("", []).append(each)
    widths: dict[str, dict[str, tuple[float, float, float]]] = {}
    better: dict[str, tuple[float, float, float]] = {}
    for grade in (grade for grade in CALIBRATED_ON if grade in by_grade):
        found = {family: _quantiles(members) for family, members in sorted(by_grade[grade].items())}
        widths[grade] = {family: _widest(own, better.get(family, own)) for family, own in found.items()}
        better |= widths[grade]
    return Widths(about=ABOUT, widths=widths)


def _widest(own: tuple[float, float, float], better: tuple[float, float, float]) -> tuple[float, float, float]:
    """Return the wider of each: an interval does not narrow where less is known, though easier chips have siblings."""
    return (max(own[0], better[0]), max(own[1], better[1]), max(own[2], better[2]))


def graded_residuals() -> tuple[Residuals, ...]:
    """Return the residuals that stand for each grade."""
    return tuple(
        each for grade, left_out in CALIBRATED_ON.items() for each in all_residuals(left_out) if each.grade == grade
    )


def coverage() -> tuple[Coverage, ...]:
    """Return the coverage of every chip by intervals from the others: of its generation too, where that is seen."""
    residuals = graded_residuals()
    found = []
    for grade in ("sibling", "new generation"):
        mine = [each for each in residuals if each.grade == grade]
        for chip in dict.fromkeys(each.chip for each in mine):
            own = [each for each in mine if each.chip == chip]
            generation = own[0].group.generation
            hidden = {each.chip for each in mine if grade == "new generation" and each.group.generation == generation}
            widths = calibrated(each for each in residuals if each.chip not in hidden | {chip})
            found.append(_coverage(grade, chip, own, widths))
    return tuple(found)


def _coverage(grade: Grade, chip: str, own: Sequence[Residuals], widths: Widths) -> Coverage:
    half = np.concatenate([half_width(each.family, grade, each.predicted_s, widths) for each in own])
    errors = np.abs(np.concatenate([each.log_errors for each in own]))
    return Coverage(grade, chip, len(errors), float(np.mean(errors <= half)), float(np.expm1(np.median(half))))


def _quantiles(members: Sequence[Residuals]) -> tuple[float, float, float]:
    """Return the 80 % quantile of |log error| in each regime, chips weighing the same."""
    errors = np.abs(np.concatenate([each.log_errors for each in members]))
    regimes = regime(np.concatenate([each.predicted_s for each in members]))
    chips = np.concatenate([[each.chip] * len(each.predicted_s) for each in members])
    found = []
    for i in range(len(REGIMES) + 1):
        inside = regimes == i
        if np.sum(inside) < FEWEST:
            inside = np.ones_like(inside, dtype=bool)
        _, index, counts = np.unique(chips[inside], return_inverse=True, return_counts=True)
        found.append(_weighted_quantile(errors[inside], 1.0 / counts[index]))
    return (found[0], found[1], found[2])


def _weighted_quantile(values: np.ndarray, weights: np.ndarray) -> float:
    order = np.argsort(values, kind="stable")
    share = np.cumsum(weights[order]) / np.sum(weights)
    return float(f"{values[order][np.searchsorted(share, LEVEL)]:.4g}")


def main() -> None:
    """Write the widths that ship."""
    content = calibrated(graded_residuals()).model_dump()
    FILE.parent.mkdir(exist_ok=True)
    lines = []
    for grade, families in content["widths"].items():
        inner = ",\n".join(f"      {json.dumps(name)}: {json.dumps(list(each))}" for name, each in families.items())
        lines.append(f"    {json.dumps(grade)}: {{\n{inner}\n    }}")
    body = ",\n".join(lines)
    FILE.write_text(f'{{\n  "about": {json.dumps(ABOUT)},\n  "widths": {{\n{body}\n  }}\n}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
