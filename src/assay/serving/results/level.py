"""A quantity that lasts for intervals and adds up where they overlap, as a step function of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assay.core.array import FloatArray
from assay.serving.results.bursts import Bursts


@dataclass(frozen=True, slots=True)
class Level:
    """Values from one moment to the next; 0 before the first and after the last."""

    moments_s: FloatArray
    values: FloatArray

    @property
    def peak(self) -> float:
        """The highest value."""
        return float(self.values.max(initial=0.0))

    def means(self, edges_s: FloatArray) -> FloatArray:
        """Return the mean over time between each two edges."""
        if not len(self.moments_s):
            return np.zeros(len(edges_s) - 1)
        areas = np.concatenate([[0.0], np.cumsum(self.values[:-1] * np.diff(self.moments_s))])
        upto: FloatArray = np.interp(edges_s, self.moments_s, areas)
        return np.diff(upto) / np.diff(edges_s)


def level(begin_s: FloatArray, end_s: FloatArray, values: FloatArray) -> Level:
    """Return the sum of values that each last from a begin to an end; at one moment ends come first."""
    moments_s = np.concatenate([begin_s, end_s])
    changes = np.concatenate([values, -values])
    is_begin = np.repeat([1, 0], len(values))
    order = np.lexsort((is_begin, moments_s))
    return Level(moments_s[order], np.cumsum(changes[order]))


def replicas_level(replicas: Sequence[Bursts], values: Sequence[FloatArray]) -> Level:
    """Return a value of each burst, added up over the replicas of a pool."""
    return level(
        np.concatenate([each.begin_s for each in replicas]),
        np.concatenate([each.end_s for each in replicas]),
        np.concatenate(values),
    )
