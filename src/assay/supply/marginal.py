"""One uncertain number: a 90 % interval and the distribution that it is read as."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np

from assay.core.array import Number

Shape = Literal["lognormal", "logit-normal", "normal"]

Z95 = NormalDist().inv_cdf(0.95)
"""Standard normal score of the ends of a 90 % interval."""


@dataclass(frozen=True, slots=True)
class Marginal:
    """A distribution whose 5th and 95th percentiles are `low` and `high`; a constant where the two are equal.

    A lognormal is the reading of a positive quantity, a logit-normal of one bounded by `bounds`; `normal` is for
    standard scores such as a common error.
    """

    shape: Shape
    low: float
    high: float
    bounds: tuple[float, float] = (0.0, 1.0)

    def value(self, z: Number) -> Number:
        """Return the value at a standard normal score: x = g(mu + sigma z), g being exp, the logistic or nothing.

        Monotone in z, so a Gaussian copula over scores is the copula over values. Keeps the dtype of `z`.
        """
        if self.low == self.high:
            return z * 0 + self.low
        low, high = self._transformed(self.low), self._transformed(self.high)
        score = (low + high) / 2 + (high - low) / (2 * Z95) * z
        if self.shape == "lognormal":
            return np.exp(score)
        if self.shape == "normal":
            return score
        floor, ceiling = self.bounds
        return floor + (ceiling - floor) / (1 + np.exp(-score))

    def problem(self) -> str:
        """Return what is wrong with the interval, or nothing."""
        if not self.low <= self.high:
            return f"low {self.low:g} is above high {self.high:g}"
        if self.low == self.high:
            return ""
        floor, ceiling = self.bounds
        if self.shape == "lognormal" and self.low <= 0:
            return f"a lognormal needs low above 0 (given {self.low:g})"
        if self.shape == "logit-normal" and not floor < self.low < self.high < ceiling:
            return f"{self.low:g} to {self.high:g} does not lie inside the bounds {floor:g} and {ceiling:g}"
        return ""

    def _transformed(self, value: float) -> float:
        if self.shape == "lognormal":
            return math.log(value)
        if self.shape == "normal":
            return value
        floor, ceiling = self.bounds
        return math.log((value - floor) / (ceiling - value))
