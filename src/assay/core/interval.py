"""A number with its 80 % interval."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

_OF_90 = 1.2815516 / 1.6448536  # standard normal quantiles of the 80 % interval and of the 90 % range


@dataclass(frozen=True, slots=True)
class Interval:
    """A positive quantity: its central value and the 80 % interval around it, `low <= value <= high`.

    Products and quotients treat the two factors as independent and combine their half widths in log space,
    separately above and below: half = sqrt(half_a^2 + half_b^2). Two predictions of one chip share their error:
    do not multiply those; propagate the shared part first.
    """

    value: float
    low: float
    high: float

    @classmethod
    def exact(cls, value: float) -> Interval:
        """Return a value without uncertainty."""
        return cls(value, value, value)

    @classmethod
    def spread(cls, value: float, down: float, up: float) -> Interval:
        """Return `value` with log half widths `down` and `up`: [value exp(-down), value exp(up)]."""
        return cls(value, value * math.exp(-down), value * math.exp(up))

    @classmethod
    def from_range(cls, value: float, low: float, high: float) -> Interval:
        """Return the 80 % interval of a value whose 90 % range is known: log half widths shrink by 1.2816 / 1.6449."""
        wide = cls(value, low, high)
        return cls.spread(value, _OF_90 * wide.down, _OF_90 * wide.up)

    @property
    def down(self) -> float:
        """Log half width below the value; infinite when low is 0."""
        if self.value == self.low:
            return 0.0
        return math.log(self.value / self.low) if self.low > 0 else math.inf

    @property
    def up(self) -> float:
        """Log half width above the value."""
        return math.log(self.high / self.value) if self.value > 0 else 0.0

    def scale(self, factor: float) -> Interval:
        """Return the interval times an exactly known positive factor."""
        return Interval(self.value * factor, self.low * factor, self.high * factor)

    def inverse(self) -> Interval:
        """Return 1 / self; the ends change places."""
        return Interval(1 / self.value, 1 / self.high, 1 / self.low if self.low > 0 else math.inf)

    def __mul__(self, other: Interval) -> Interval:
        down = math.hypot(self.down, other.down)
        up = math.hypot(self.up, other.up)
        return Interval.spread(self.value * other.value, down, up)

    def __truediv__(self, other: Interval) -> Interval:
        return self * other.inverse()

    def __add__(self, other: Interval) -> Interval:
        """Sum of independent quantities: half widths add in quadrature, in absolute terms."""
        value = self.value + other.value
        low = value - math.hypot(self.value - self.low, other.value - other.low)
        high = value + math.hypot(self.high - self.value, other.high - other.value)
        return Interval(value, max(low, 0.0), high)

    def as_dict(self) -> dict[str, float]:
        """Return {"value", "low", "high"}, as JSON carries it."""
        return {"value": self.value, "low": self.low, "high": self.high}


def propagate(function: Callable[..., float], *inputs: Interval) -> Interval:
    """Return a positive function of independent intervals, to first order in log space.

    Each input goes to its two ends while the others keep their values; the log changes of the result combine in
    quadrature, separately above and below. Exact for products of powers; for a sum of terms with log half widths
    below 0.5 the ends are within 5 % of a sampled quantile.
    """
    values = [interval.value for interval in inputs]
    value = function(*values)
    down = up = 0.0
    for i, interval in enumerate(inputs):
        ends = [math.log(function(*values[:i], end, *values[i + 1 :]) / value) for end in (interval.low, interval.high)]
        down = math.hypot(down, min(*ends, 0.0))
        up = math.hypot(up, max(*ends, 0.0))
    return Interval.spread(value, down, up)
