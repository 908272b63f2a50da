"""Operating points of single instances, as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from assay.core.array import FloatArray
from assay.serving.traffic.requests import IntArray


@dataclass(frozen=True, slots=True)
class Columns:
    """One entry a point in every column: an instance of a variant in one layout, at one batch and chunk size."""

    variant: IntArray
    """Which of the variants."""
    layout: IntArray
    """Which of its layouts."""
    chunk_tokens: FloatArray
    batch: FloatArray
    """Sequences of an attention rank; prompts that prefill together in a prefill pool."""
    chips: FloatArray
    """Of an instance."""
    first_s: FloatArray
    """What the instance adds to the TTFT: all of it where it serves alone, without queueing in a prefill pool."""
    service_s: FloatArray
    """Time for which a prefill keeps the instance; 0 outside prefill pools."""
    tpot_s: FloatArray
    """0 in prefill pools."""
    requests_per_s: FloatArray
    """Most requests that the instance takes, or finishes."""
    link_bytes_per_s: FloatArray
    """All NICs of the instance."""
    usd_per_h: FloatArray
    """Of the instance; NaN where no price is known."""
    idle_w: FloatArray
    """Power that flows whatever the load; NaN where it is not known, as the next."""
    active_w: FloatArray
    """Power on top of it at `requests_per_s`."""

    def __len__(self) -> int:
        return len(self.variant)

    def take(self, which: IntArray | np.ndarray) -> Columns:
        """Return the points of an index or a mask."""
        return Columns(*(getattr(self, each.name)[which] for each in fields(self)))


def concatenated(parts: Sequence[Columns]) -> Columns:
    """Return the points of all parts."""
    return Columns(*(np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(Columns)))


def flattened(mask: np.ndarray, **columns: object) -> Columns:
    """Return the points of a grid where the mask holds; each column broadcasts against it."""
    return Columns(**{name: np.broadcast_to(np.asarray(each), mask.shape)[mask] for name, each in columns.items()})


EMPTY: Final = Columns(
    *(np.zeros(0, np.int64 if each.name in ("variant", "layout") else float) for each in fields(Columns))
)
"""No points."""
