"""What an instance did, as columns: one entry a burst of equal steps."""

from __future__ import annotations

from array import array
from typing import Final

import numpy as np

from assay.core.array import FloatArray

COLUMNS: Final = (
    "begin_s",
    "first_s",
    "slope_s",
    "steps",
    "batch",
    "first_step",
    "prefill_tokens",
    "prompts",
    "waiting",
    "used_blocks",
    "context",
)
"""Begin; time of the first step, and what each next one takes longer; steps; decoding sequences (0: a prefill alone);
decode steps before it; prompt tokens and prompts computed; requests waiting; KV blocks in use, before those that a
decode burst takes; mean context."""


class Journal:
    """Bursts and, apart, the gaps between tokens that are no plain step (stalls behind a prefill)."""

    __slots__ = ("_columns", "_gaps")

    def __init__(self) -> None:
        self._columns = array("d")
        self._gaps = array("d")

    def burst(self, values: tuple[float, ...]) -> None:
        """Note a burst; values in the order of COLUMNS."""
        self._columns.extend(values)

    def gap(self, seconds: float, tokens: float) -> None:
        """Note a gap before the next token of some sequences."""
        self._gaps.extend((seconds, tokens))

    def columns(self) -> dict[str, FloatArray]:
        """Return the bursts."""
        table = np.frombuffer(self._columns, dtype=np.float64).reshape(-1, len(COLUMNS))
        return {name: table[:, index] for index, name in enumerate(COLUMNS)}

    def gaps(self) -> tuple[FloatArray, FloatArray]:
        """Return gaps and how many sequences saw each."""
        table = np.frombuffer(self._gaps, dtype=np.float64).reshape(-1, 2)
        return table[:, 0], table[:, 1]
