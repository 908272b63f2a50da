"""From sold to installed to retired: a pipeline of two stages and an age structure of three."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


QUARTER = 3
"""Months."""


class Stock:
    """The stock of every class in every sample of one block.

    Sold chips pass two stages of deployment (Erlang-2, mean = the sampled lag), lose the infant failures, then pass
    three stages of age (Erlang-3, mean = the sampled life), losing a constant share that is not repaired. A stage
    passes on the share 1 - exp(-stages / mean) a month; age and losses advance at the end of each quarter.

    Parameters
    ----------
    classes
        How many.
    lag_months, life_months, infant, lost
        Mean deployment lag and life, infant loss, and lasting failures a month, shape (samples,).
    """

    def __init__(self, classes: int, lag_months: Array, life_months: Array, infant: Array, lost: Array) -> None:
        samples, dtype = len(lag_months), lag_months.dtype
        self.stages = np.zeros((classes, 5, samples), dtype)
        self.left = 0.0
        """What has failed or retired, all classes and samples together."""
        self._begun = [False] * classes
        fit = 1 - infant
        kept = (1 - lost) ** QUARTER
        self._moved = -np.expm1(-2 / lag_months)
        self._moved_fit = self._moved * fit
        self._waiting = np.exp(-2 / lag_months)
        self._aged = -np.expm1(-3 * QUARTER / life_months) * kept
        self._kept = np.exp(-3 * QUARTER / life_months) * kept
        self._failing = infant / fit  # of what arrives fit
        self._lost = 1 - kept
        self._all = np.ones(samples, dtype)
        self._nothing = np.zeros(samples, dtype)
        self._flows = np.zeros((2, samples), dtype)

    def run(self, sold: Array, installed: Array) -> None:
        """Advance a quarter, or what the horizon leaves of one.

        `sold` enters, shape (months, classes, samples); `installed` is written, same shape.
        """
        for row in range(sold.shape[1]):
            # a class at a time, month after month: its stages stay in the cache
            self._begun[row] = self._begun[row] or bool(sold[:, row].any())
            if not self._begun[row]:
                installed[:, row] = 0
                continue
            stages = self.stages[row]
            before = stages[2] + stages[3]
            before += stages[4]
            for flow, stock in zip(sold[:, row], installed[:, row], strict=False):
                arrived = self._deploy(stages, flow)
                np.add(before, arrived, out=stock)
                before = stock
            if len(sold) == QUARTER:
                self._age(stages, before)

    def _deploy(self, stages: Array, flow: Array) -> Array:
        out, spare = self._flows
        for stage, moved in ((stages[0], self._moved), (stages[1], self._moved_fit)):
            np.multiply(stage, moved, out=out)
            stage *= self._waiting
            stage += flow
            flow, out, spare = out, spare, out
        stages[2] += flow
        self.left += float(np.vdot(self._failing, flow))
        return flow

    def _age(self, stages: Array, installed: Array) -> None:
        out, spare = self._flows
        self.left += float(np.vdot(self._lost, installed))
        flow = self._nothing
        for stage in stages[2:]:
            np.multiply(stage, self._aged, out=out)
            stage *= self._kept
            stage += flow
            flow, out, spare = out, spare, out
        self.left += float(np.vdot(self._all, flow))

    def held(self) -> float:
        """Return all chips that have not left, installed or not, all classes and samples together."""
        return float(self.stages.sum(dtype=np.float64))
