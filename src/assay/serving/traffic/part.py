"""What some lines of a trace say, as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from assay.serving.traffic.requests import IntArray

MOST_TOKENS = 10**9
"""Longest prompt or answer that is believed."""
MOST_TICKS = 1e15
"""Latest time that is believed, in ticks of the clock of the trace; float64 still tells 1/8 of a tick apart there."""
NO_SESSION = -1


class Row(NamedTuple):
    """One request of a trace; its time in ticks of the trace's clock."""

    ticks: float
    input_tokens: int
    output_tokens: int
    session: int = NO_SESSION
    blocks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """Consecutive requests of a trace."""

    ticks: npt.NDArray[Any]
    """int64 or float64: nanoseconds since 1970 do not fit a float64."""
    input_tokens: IntArray
    output_tokens: IntArray
    session: IntArray
    blocks: tuple[tuple[int, ...], ...]
    """One entry a request, or nothing at all where the format knows no blocks."""

    def __len__(self) -> int:
        return len(self.ticks)


def part_of(rows: Sequence[Row]) -> Part:
    """Return the columns of at least one row."""
    ticks, input_tokens, output_tokens, session, blocks = zip(*rows, strict=True)
    return Part(
        np.array(ticks),
        np.array(input_tokens, np.int64),
        np.array(output_tokens, np.int64),
        np.array(session, np.int64),
        blocks,
    )


def part_from(parts: Sequence[Part]) -> Part:
    """Return consecutive parts as one."""
    return Part(
        np.concatenate([part.ticks for part in parts]),
        np.concatenate([part.input_tokens for part in parts]),
        np.concatenate([part.output_tokens for part in parts]),
        np.concatenate([part.session for part in parts]),
        tuple(blocks for part in parts for blocks in part.blocks),
    )
