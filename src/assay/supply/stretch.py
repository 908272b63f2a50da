"""A few months of the horizon, computed together: what varies by month stands in a column, by sample in a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.core.array import FloatArray

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Months `start + index` to `start + index + count - 1`, the horizon beginning at `start`."""

    start: int
    index: int
    count: int

    @property
    def first(self) -> int:
        """First month."""
        return self.start + self.index

    @property
    def last(self) -> int:
        """Last month."""
        return self.first + self.count - 1

    def since(self, anchor: float) -> FloatArray:
        """Return the months from `anchor` to the middle of each month."""
        return np.arange(self.count, dtype=np.float64) + (self.first + 0.5 - anchor)

    def of(self, monthly: FloatArray) -> Array:
        """Return a column of what is given by month of the horizon, shape (months, 1)."""
        return column(monthly[self.index : self.index + self.count])

    def reached(self, month: float) -> Array:
        """Return a column of 1 for months from `month` on, 0 for earlier ones."""
        return column(self.since(month) > 0)


def column(values: npt.NDArray[Any]) -> Array:
    """Return values as a float32 column, which combines with rows of samples of either precision."""
    return np.asarray(values, np.float32)[:, np.newaxis]
