"""Coefficient sets from the measured tables, with any chip or generation left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import numpy as np

from assay.kernels.coefficients import Coefficients, Family, shipped
from assay.kernels.fit.families import FAMILIES, FamilyFit, silicon_of
from assay.kernels.fit.rows import Rows
from assay.kernels.fit.solve import Group, Prior, Solution, solve
from assay.kernels.fit.tables import CHIPS

SOURCE: Final = "aiconfigurator-core-0-12-0"
OWN_VENDOR: Final = "Nvidia"
"""Its chips fix the overall values. Another vendor's only get offsets: pooled, the host floor of one Intel card moved
t0 of every unseen generation by 40 %."""


def fitted(
    leave_out: str = "", families: Iterable[str] = FAMILIES, *, advance: Callable[[], None] = lambda: None
) -> Coefficients:
    """Return the coefficients fitted without a chip or a generation.

    Parameters
    ----------
    leave_out
        Catalogue id of a chip, or a generation; empty: every chip is seen, as in the files that ship.
    families
        Families to fit: all, unless some are named; others are those that ship, which have seen every chip.
    advance
        Called after each family.

    Raises
    ------
    UsageError
        Where the measured tables are not installed.
    """
    found: dict[str, Family] = {}
    for name in families:
        found[name] = fit_family(FAMILIES[name], leave_out)
        advance()
    return shipped().with_families(found)


def fit_family(family: FamilyFit, leave_out: str = "") -> Family:
    """Return one family, fitted to the half of its rows that a fit may see."""
    groups = groups_of(family, leave_out)
    own = [group for group in groups if group.silicon.vendor == OWN_VENDOR]
    solution = solve(own, family.predict, family.priors, family.by_generation, family.by_software)
    result = _family(family, own, solution)
    for group in groups:
        if group not in own:
            result = _with_offsets(family, result, group)
    return result


def names_to_leave_out() -> tuple[str, ...]:
    """Return every chip with rows, and every generation of several."""
    generations = [silicon_of(chip_id).generation for chip_id in CHIPS.values()]
    several = {generation for generation in generations if generations.count(generation) > 1}
    return (*CHIPS.values(), *sorted(several))


def groups_of(family: FamilyFit, leave_out: str = "") -> list[Group]:
    """Return the rows of a family that a fit without a chip or a generation sees."""
    groups = [Group(rows, silicon_of(rows.chip)) for rows in family.rows()]
    return [
        Group(group.rows.fitted_half.sample(family.most), group.silicon)
        for group in groups
        if leave_out not in (group.rows.chip, group.generation)
    ]


def _family(family: FamilyFit, groups: Iterable[Group], solution: Solution) -> Family:
    overall = solution.overall()
    return Family(
        what=family.what,
        source=SOURCE,
        overall={symbol: _rounded(value) for symbol, value in overall.items()},
        by_generation=_rounded_offsets(solution.offsets("generation")),
        by_software=_rounded_offsets(solution.offsets("software")),
        chips=tuple(dict.fromkeys(group.rows.chip for group in groups)),
        not_identified=tuple(
            symbol for symbol, value in overall.items() if abs(np.log(value / family.priors[symbol].centre)) < 1e-5
        ),
    )


def _with_offsets(family: FamilyFit, found: Family, group: Group) -> Family:
    """Return the family with offsets for one more generation; nothing that others use moves."""
    rows: Rows = group.rows
    seen = {key for offsets in found.by_software.values() for key in offsets}
    fixed = found.theta("", rows.kernel).values
    priors: dict[str, Prior] = dict(family.priors)
    by_software = () if rows.kernel in seen else family.by_software
    solution = solve([group], family.predict, priors, family.by_generation, by_software, fixed=fixed)
    return Family(
        found.what,
        found.source,
        found.overall,
        _merged(found.by_generation, _rounded_offsets(solution.offsets("generation"))),
        _merged(found.by_software, _rounded_offsets(solution.offsets("software"))),
        (*found.chips, rows.chip),
        found.not_identified,
    )


def _merged(
    ours: Mapping[str, Mapping[str, float]], more: Mapping[str, Mapping[str, float]]
) -> dict[str, dict[str, float]]:
    return {symbol: {**offsets, **more.get(symbol, {})} for symbol, offsets in ours.items()}


def _rounded(value: float) -> float:
    """Return five significant digits: as sharp as the fit is, and the same on every machine."""
    return float(f"{value:.5g}")


def _rounded_offsets(offsets: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    return {symbol: {key: float(f"{x:.4g}") for key, x in factors.items()} for symbol, factors in offsets.items()}
