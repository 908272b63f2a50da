"""Measured rows of one kernel class on one chip, and the half of them that no fit ever sees."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Column = NDArray[Any]

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX: Final = ((30, np.uint64(0xBF58476D1CE4E5B9)), (27, np.uint64(0x94D049BB133111EB)), (31, np.uint64(1)))


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Shapes and times measured on one chip with one software."""

    chip: str  # catalogue id
    framework: str
    version: str
    kernel: str  # key of the software offsets: a kernel class, or the framework where classes are its own
    shapes: Mapping[str, Column]
    seconds: Column

    def __len__(self) -> int:
        return len(self.seconds)

    def where(self, chosen: Column) -> Rows:
        """Return the rows that a mask or an index chooses."""
        shapes = {name: column[chosen] for name, column in self.shapes.items()}
        return Rows(self.chip, self.framework, self.version, self.kernel, shapes, self.seconds[chosen])

    def of(self, kernel: str) -> Rows:
        """Return the same rows as those of a kernel class."""
        return Rows(self.chip, self.framework, self.version, kernel, self.shapes, self.seconds)

    def split_by(self, name: str) -> Iterator[tuple[str, Rows]]:
        """Yield each value of a text column with its rows, sorted."""
        for value in sorted(set(self.shapes[name].tolist())):
            yield value, self.where(self.shapes[name] == value)

    @property
    def fitted_half(self) -> Rows:
        """Rows that a fit may see: a hash of the shape decides, so a shape is on the same side on every chip."""
        return self.where(self._hash("") & np.uint64(1) == 0)

    @property
    def scored_half(self) -> Rows:
        """Rows that no fit sees."""
        return self.where(self._hash("") & np.uint64(1) == 1)

    def sample(self, most: int) -> Rows:
        """Return at most that many rows, spread over the shapes by hash, others for each chip and kernel class."""
        if len(self) <= most:
            return self
        order = np.argsort(self._hash(f"{self.chip}/{self.framework}/{self.kernel}"), kind="stable")
        return self.where(np.sort(order[:most]))

    def merged(self) -> Rows:
        """Return one row a shape, with the median of its times."""
        if len(np.unique(self._hash(""))) == len(self):
            return self
        keys = np.stack([self._codes(name) for name in self.shapes])
        _, first, group = np.unique(keys, axis=1, return_index=True, return_inverse=True)
        order = np.argsort(group, kind="stable")
        cuts = np.flatnonzero(np.diff(group[order])) + 1
        medians = np.array([np.median(times) for times in np.split(self.seconds[order], cuts)])
        shapes = {name: column[first] for name, column in self.shapes.items()}
        return Rows(self.chip, self.framework, self.version, self.kernel, shapes, medians)

    def _codes(self, name: str) -> Column:
        column = self.shapes[name]
        if column.dtype == object:
            values = {value: zlib.crc32(str(value).encode()) for value in set(column.tolist())}
            return np.array([values[value] for value in column.tolist()], dtype=np.float64)
        return column.astype(np.float64)

    def _hash(self, salt: str) -> Column:
        """Return a 64-bit hash of each row's shape (splitmix64 over its columns)."""
        state = np.full(len(self), np.uint64(zlib.crc32(salt.encode())), dtype=np.uint64)
        with np.errstate(over="ignore"):
            for name in sorted(self.shapes):
                state = state * _GOLDEN + self._codes(name).view(np.uint64) + np.uint64(zlib.crc32(name.encode()))
                for shift, factor in _MIX:
                    state = (state ^ (state >> np.uint64(shift))) * factor
        return state
