"""How a model is laid out over chips."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.core.array import Number


@dataclass(frozen=True, slots=True)
class Layout:
    """A parallel layout, or arrays of layouts that broadcast against batch and length axes.

    One pipeline stage holds `world = tp * dp` chips. Attention is split over `tp` chips and replicated over `dp`
    data-parallel ranks; experts are split over `ep` chips and each expert's width over `world / ep`; dense FFNs over
    `world`. One instance holds `chips = world * pp`.
    """

    tp: Number = 1
    """Tensor parallel size of attention."""
    dp: Number = 1
    """Attention data-parallel ranks (1: plain tensor parallelism)."""
    ep: Number = 1
    """Expert parallel size; divides `world`."""
    pp: Number = 1
    """Pipeline stages."""
    all_to_all: Number = False
    """True where experts of other ranks are reached by all-to-all (DeepEP and its like), not by gathering tokens."""

    @property
    def world(self) -> Number:
        """Chips of one pipeline stage."""
        return np.multiply(self.tp, self.dp)

    @property
    def chips(self) -> Number:
        """Chips of one instance."""
        return np.multiply(self.world, self.pp)

    @property
    def moe_tp(self) -> Number:
        """Chips over which the width of one expert is split."""
        return np.divide(self.world, self.ep)
