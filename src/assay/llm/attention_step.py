"""What every attention layer of a step sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from assay.core.array import Number
from assay.llm.layout import Layout
from assay.llm.precision import KvFormat, Precision


@dataclass(frozen=True, slots=True)
class AttentionStep:
    """`sequences` sequences of `new` tokens each, in `count` layers."""

    sequences: Number
    new: Number
    kv: Number
    """Decode: tokens attended by each query. Prefill: tokens cached before the step."""
    layout: Layout
    precision: Precision
    phase: Literal["prefill", "decode"]
    count: int

    @property
    def tokens(self) -> Number:
        """Tokens of the step."""
        return np.multiply(self.sequences, self.new)

    @property
    def kv_format(self) -> KvFormat:
        """Format of the cache."""
        return self.precision.kv

    def keys(self, ratio: float = 1.0, at_most: float = np.inf) -> Number:
        """Return min(keys / ratio, at_most) of a query, the mean over the queries of the step."""
        if self.phase == "decode":
            return np.minimum(np.divide(self.kv, ratio), at_most)
        first, last = np.add(self.kv, 1.0), np.add(self.kv, self.new)
        limit = at_most * ratio
        knee = np.clip(limit, first, last)  # keys grow up to the knee, then stay at the limit
        growing: Number = np.maximum(knee - first + 1.0, 0.0) * (first + knee) / 2.0
        held = np.where(last > knee, (last - knee) * np.minimum(limit, last), 0.0)
        mean: Number = np.minimum((growing + held) / np.asarray(self.new) / ratio, at_most)
        return mean
