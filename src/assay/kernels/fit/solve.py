"""Least squares for a coefficient family: overall values, and offsets of generations and software, in log space."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np

from assay.kernels.coefficients import BOUNDS, Theta
from assay.kernels.fit.rows import Column, Rows
from assay.kernels.silicon import Silicon

Predict = Callable[[Rows, Theta, Silicon], Column]
"""Seconds of rows as a benchmark measures them (warm caches)."""

SPREAD: Final = 0.15
"""|ln(predicted / measured)| beyond which a row counts linearly, no longer squared: kernels switch abruptly."""
PRIOR_WEIGHT: Final = 10.0
OFFSET_SD: Final = {"generation": 0.2, "software": 0.4}
"""Standard deviation of the logarithm of an offset, by what it belongs to."""
STEP: Final = 1e-4
ITERATIONS: Final = 60
TOLERANCE: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Prior:
    """Where a coefficient lies before any row is seen: centre, and standard deviation of its logarithm."""

    centre: float
    sd: float


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Rows of one chip and kernel class, with what the offsets depend on."""

    rows: Rows
    silicon: Silicon

    @property
    def generation(self) -> str:
        """Generation of the chip."""
        return self.silicon.generation

    @property
    def keys(self) -> dict[str, str]:
        """Keys of the offsets of these rows, by axis."""
        return {"generation": self.generation, "software": self.rows.kernel}


@dataclass(frozen=True, slots=True)
class Solution:
    """Coefficients of one family in log space, by (symbol, axis, key); axis "" is the overall value."""

    values: Mapping[tuple[str, str, str], float]
    cost: float

    def overall(self) -> dict[str, float]:
        """Return the overall values."""
        return {symbol: float(np.exp(x)) for (symbol, axis, _), x in self.values.items() if not axis}

    def offsets(self, wanted: str) -> dict[str, dict[str, float]]:
        """Return the factors of one axis, by symbol and key."""
        found: dict[str, dict[str, float]] = {}
        for (symbol, axis, key), x in self.values.items():
            if axis == wanted:
                found.setdefault(symbol, {})[key] = float(np.exp(x))
        return found


def solve(
    groups: Sequence[Group],
    predict: Predict,
    priors: Mapping[str, Prior],
    by_generation: Sequence[str],
    by_software: Sequence[str],
    *,
    fixed: Mapping[str, float] | None = None,
) -> Solution:
    """Return the coefficients that minimise sum 2 (sqrt(1 + z^2) - 1) + 10 sum ((ln theta - prior) / sd)^2.

    z = ln(predicted / measured) / 0.15; Levenberg-Marquardt on reweighted squares, from the priors.

    Parameters
    ----------
    groups
        Rows to fit, each group with its chip.
    predict
        The formula, for arrays of rows and arrays of coefficients.
    priors
        Prior of each overall coefficient. Offsets have that of OFFSET_SD around 1.
    by_generation, by_software
        Symbols that have an offset for each generation, or each kernel class or framework.
    fixed
        Overall values that stay as they are, so that only offsets are fitted.
    """
    axes = {"generation": by_generation, "software": by_software}
    space = _Space.of(groups, priors, axes, fixed)
    x, damping = space.start.copy(), 1e-2
    residuals, jacobian = space.evaluate(groups, predict, x)
    cost = space.cost(residuals, x)
    for _ in range(ITERATIONS):
        weights = 1.0 / np.sqrt(1.0 + residuals**2)
        # sums in one order, whatever the number of threads: a matrix product would differ in its last digits
        gradient = np.einsum("ri,r->i", jacobian, weights * residuals) + space.pull * (x - space.centre)
        hessian = np.einsum("ri,rj->ij", jacobian * weights[:, None], jacobian) + np.diag(space.pull)
        while damping < 1e8:
            step = np.linalg.solve(hessian + damping * np.diag(np.diag(hessian)), gradient)
            moved = x - np.clip(step, -0.7, 0.7)
            found = space.cost(space.residuals(groups, predict, moved), moved)
            if found < cost:
                break
            damping *= 4.0
        else:
            break
        gain, x, cost, damping = cost - found, moved, found, max(damping / 5.0, 1e-6)
        if gain < TOLERANCE * cost:
            break
        residuals, jacobian = space.evaluate(groups, predict, x)
    return Solution(dict(zip(space.names, x.tolist(), strict=True)), cost)


@dataclass(frozen=True, slots=True, eq=False)
class _Space:
    """The unknowns in order, their priors, and how each group's coefficients add up from them."""

    names: tuple[tuple[str, str, str], ...]
    symbols: tuple[str, ...]
    fixed: Mapping[str, float]
    centre: Column
    pull: Column  # prior weight / sd^2
    maps: tuple[Column, ...]  # of each group: [symbols, unknowns], 1 where an unknown adds to a symbol

    @classmethod
    def of(
        cls,
        groups: Sequence[Group],
        priors: Mapping[str, Prior],
        axes: Mapping[str, Sequence[str]],
        fixed: Mapping[str, float] | None,
    ) -> _Space:
        symbols = tuple(priors)
        keys = [{"": "", **group.keys} for group in groups]
        names = [(symbol, "", "") for symbol in symbols if fixed is None]
        for axis, own in axes.items():
            names += [(symbol, axis, key) for symbol in own for key in sorted({each[axis] for each in keys})]
        centre = [0.0 if axis else float(np.log(priors[symbol].centre)) for symbol, axis, _ in names]
        sd = np.array([OFFSET_SD[axis] if axis else priors[symbol].sd for symbol, axis, _ in names])
        maps = [
            np.array([[float(symbol == own and each[axis] == key) for own, axis, key in names] for symbol in symbols])
            for each in keys
        ]
        logs = {symbol: float(np.log(value)) for symbol, value in (fixed or {}).items()}
        return cls(tuple(names), symbols, logs, np.array(centre), PRIOR_WEIGHT / sd**2, tuple(maps))

    @property
    def start(self) -> Column:
        return self.centre

    def theta(self, mapping: Column, x: Column) -> Column:
        logs: Column = mapping @ x + np.array([self.fixed.get(symbol, 0.0) for symbol in self.symbols])
        return logs

    def residuals(self, groups: Sequence[Group], predict: Predict, x: Column) -> Column:
        parts = [
            _residual(group, predict, self.symbols, self.theta(mapping, x)[None, :])[0]
            for group, mapping in zip(groups, self.maps, strict=True)
        ]
        return np.concatenate(parts)

    def evaluate(self, groups: Sequence[Group], predict: Predict, x: Column) -> tuple[Column, Column]:
        """Return the residuals z and their derivatives, all coefficients of a group stepped in one call."""
        residuals, slopes = [], []
        steps = np.vstack([np.zeros(len(self.symbols)), STEP * np.eye(len(self.symbols))])
        for group, mapping in zip(groups, self.maps, strict=True):
            z = _residual(group, predict, self.symbols, self.theta(mapping, x) + steps)
            residuals.append(z[0])
            slopes.append(((z[1:] - z[0]) / STEP).T @ mapping)
        return np.concatenate(residuals), np.concatenate(slopes)

    def cost(self, residuals: Column, x: Column) -> float:
        pulled = np.sum(self.pull * (x - self.centre) ** 2)
        return float(np.sum(2.0 * (np.sqrt(1.0 + residuals**2) - 1.0)) + pulled)


def _residual(group: Group, predict: Predict, symbols: Sequence[str], logs: Column) -> Column:
    """Return ln(predicted / measured) / SPREAD, one line for each line of coefficients."""
    columns = {
        symbol: np.minimum(np.exp(logs[:, i : i + 1]), BOUNDS.get(symbol, np.inf)) for i, symbol in enumerate(symbols)
    }
    theta = Theta(cast(Mapping[str, Any], columns))
    predicted = np.broadcast_to(predict(group.rows, theta, group.silicon), (len(logs), len(group.rows)))
    return np.log(predicted / group.rows.seconds) / SPREAD
