"""The two keys of a licence: one of the seller's government, one of the buyer's."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.core.array import Number
from assay.supply.lever import Timeline
from assay.supply.stretch import Stretch, column

Array = npt.NDArray[Any]


class Span:
    """A stretch in which a key stands open by `level`, from `start` to `end`, in months of the horizon."""

    def __init__(self, start: Number, end: Number, level: Number) -> None:
        self.start, self.end, self.level = start, end, level
        self._begins = float(np.min(start)), float(np.max(start))
        self._ends = float(np.min(end)), float(np.max(end))

    def openness(self, stretch: Stretch) -> Number:
        """Return the mean openness that the span gives to each month, shape (months, samples)."""
        first, last = stretch.index, stretch.index + stretch.count
        if self._begins[0] >= last or self._ends[1] <= first:
            return 0.0
        if self._begins[1] <= first and self._ends[0] >= last:
            return self.level
        begin = column(np.arange(first, last))
        held = np.minimum(self.end, begin + 1)
        held = held - np.maximum(self.start, begin)
        np.maximum(held, 0.0, out=held)
        shares: Array = held * self.level if np.ndim(self.level) else held
        return shares


@dataclass(frozen=True, slots=True)
class Delays:
    """What stands between a decision and a chip, per sample.

    `licence`: months from a licence to the first delivery. `restart`: months from a reopening until production that
    had stopped delivers again. `uptake`: openness while buying is discouraged.
    """

    licence: Array
    restart: Array
    uptake: Array


@dataclass(frozen=True, slots=True)
class Key:
    """How far one government lets a class through, month by month: a semi-Markov state.

    The announced states hold in turn. The last of them, unless it is the scenario's own, ends at the first unannounced
    change, a sampled time after the as-of date. One such change is modelled, not a second. `supplied` are the parts of
    the open spans in which production has restarted.
    """

    spans: tuple[Span, ...]
    supplied: tuple[Span, ...]
    closures: tuple[tuple[float, float], ...]

    def openness(self, stretch: Stretch) -> Number:
        """Return the mean openness over each month, 0 to 1."""
        return _total(span.openness(stretch) for span in self.spans)

    def made(self, stretch: Stretch) -> Number:
        """Return the part of the openness that production, and not stock, supplies."""
        return _total(span.openness(stretch) for span in self.supplied)

    def hurry(self, stretch: Stretch) -> Array:
        """Return the share of each month that lies between the announcement and the effect of a closure, a column."""
        begin = np.arange(stretch.index, stretch.index + stretch.count)
        shares = [np.minimum(effect, begin + 1) - np.maximum(told, begin) for told, effect in self.closures]
        return column(sum((np.maximum(share, 0.0) for share in shares), np.zeros(stretch.count)))


def key(line: Timeline, start: int, as_of: float, wait: Array, delays: Delays) -> Key:
    """Build the key of a state lever. Times become months of the horizon, which float32 resolves to a minute.

    Parameters
    ----------
    line
        The states that the run sees.
    start
        First month of the horizon.
    as_of
        End of the as-of day, in months.
    wait
        Months from then to an unannounced change, per sample.
    delays
        Lags and uptake, per sample.
    """
    states = line.lever.states
    changes: list[tuple[Number, str]] = [(-math.inf, states[0])]
    changes += [(turn.month - start, str(turn.value)) for turn in line.turns if turn.month < line.pinned]
    if line.pinned > as_of:
        since = max([as_of, *(turn.month for turn in line.turns if turn.month < line.pinned)]) - start
        surprise = np.minimum(since + wait, line.pinned - start)
        changes.append((surprise, _opposite(changes[-1][1], states)))
    changes += [(turn.month - start, str(turn.value)) for turn in line.turns if turn.month >= line.pinned]
    return Key(*_spans(changes, delays), _closures(line, start))


def _spans(changes: list[tuple[Number, str]], delays: Delays) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    ends = [*(start for start, _ in changes[1:]), math.inf]
    spans, supplied = [], []
    closed = False
    restarted: Number = -math.inf
    for (start, state), end in zip(changes, ends, strict=True):
        if state in ("banned", "refused"):
            closed = True
            continue
        if closed:
            closed, restarted = False, start + delays.restart
        level: Number = delays.uptake if state == "discouraged" else 1.0
        opens = start + delays.licence if state == "licence" else start
        spans.append(Span(opens, end, level))
        supplied.append(Span(np.maximum(opens, restarted), end, level))
    return tuple(spans), tuple(supplied)


def _closures(line: Timeline, start: int) -> tuple[tuple[float, float], ...]:
    return tuple(
        (turn.month - turn.notice_months - start, turn.month - start)
        for turn in line.turns
        if turn.notice_months and turn.value in ("banned", "refused")
    )


def _opposite(state: str, states: list[str]) -> str:
    """Return the state that an unannounced change leads to: what is closed opens, what is open closes."""
    if "licence" in states:
        return "licence" if state == "banned" else "banned"
    return "discouraged" if state == "allowed" else "allowed"


def _total(parts: Iterable[Number]) -> Number:
    total: Number = 0.0
    for part in parts:
        if np.ndim(part) or part:
            total = total + part
    return total
