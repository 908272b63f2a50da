"""Step times of one deployment as an event loop asks for them: plain floats out of tables made by the engine."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log2
from typing import Final, Protocol

import numpy as np

from assay.core.array import FloatArray
from assay.engine.deployment import Deployment
from assay.engine.step import decode_step, mixed_linear_s, prefill_attention_s, prefill_step

CONTEXTS: Final[tuple[float, ...]] = (1.0, *(2.0**power for power in range(7, 21)))
"""Knots of the decode time over context; between two it is affine, to within 0.6 %."""
EXACT_BATCH: Final = 256
"""Batches up to this are tabulated one by one; larger ones every 2 %."""
TOKENS: Final[FloatArray] = 2.0 ** np.arange(0.0, 17.5, 1 / 16)
"""Tokens of a chunk at which everything but attention is tabulated."""
CHUNKS: Final[FloatArray] = 2.0 ** np.arange(0.0, 17.5, 0.25)
DEPTHS: Final[FloatArray] = np.arange(-1.0, 20.0, 0.25)
"""Attention is tabulated over the tokens of a chunk and log2 of (cached / tokens + 1 / 2)."""

Chunk = tuple[int, int]
"""Prompt tokens computed in a step, and those of the same prompt that are already in the cache."""


@dataclass(frozen=True, slots=True)
class Line:
    """A decode step of a fixed batch: seconds = base_s + per_token_s x mean context, up to a context."""

    base_s: float
    per_token_s: float
    upto: float


class Steps(Protocol):
    """What a scheduler must know of a deployment."""

    @property
    def ranks(self) -> int:
        """Attention data-parallel ranks, each with a token budget of its own."""

    @property
    def stages(self) -> int:
        """Pipeline stages: a prefill keeps one of them busy."""

    def decode(self, batch: int, context: float) -> Line:
        """Return the decode step of a batch at a mean context."""

    def prefill_s(self, chunks: Sequence[Chunk], batch: int) -> float:
        """Return what chunks take: in a step of their own (batch 0), or on top of a decode step of `batch`."""


class StepTable:
    """The engine's step times, tabulated once per deployment.

    Between knots: decode affine in context and batch, the rest linear in tokens, attention log-linear. Against the
    engine itself: within 1 % (tests). An attention rank that holds more chunks than the others decides the step.
    """

    def __init__(self, deployment: Deployment, max_batch: int) -> None:
        facts = dict(deployment.engine.facts)
        facts["chunk_tokens"] = replace(facts["chunk_tokens"], value=float(TOKENS[-1]))  # a chunk is one pass here
        self._deployment = replace(deployment, engine=replace(deployment.engine, facts=facts))
        self.ranks = int(deployment.layout.dp)
        self.stages = int(deployment.layout.pp)
        self._lines: dict[int, tuple[Line, ...]] = {}
        self._attention: dict[Chunk, float] = {}
        self._tabulate_decode(max_batch)
        self._tabulate_prefill()

    def decode(self, batch: int, context: float) -> Line:
        """Return the decode step of a batch at a mean context."""
        lines = self._lines.get(batch)
        if lines is None:
            lines = self._lines[batch] = self._decode_lines(batch)
        return lines[bisect_right(_INNER, context)]

    def prefill_s(self, chunks: Sequence[Chunk], batch: int) -> float:
        """Return what chunks take: in a step of their own (batch 0), or on top of a decode step of `batch`."""
        tokens, attention_s, largest, longest_s = 0, 0.0, 0, 0.0
        for chunk in chunks:
            each_s = self._attention.get(chunk)
            if each_s is None:
                each_s = self._attention[chunk] = self._attention_s(*chunk)
            tokens += chunk[0]
            attention_s += each_s
            largest, longest_s = max(largest, chunk[0]), max(longest_s, each_s)
        if self.ranks == 1:
            fullest: float = tokens
        else:
            fullest = max(largest, tokens / self.ranks)
            attention_s = max(longest_s, attention_s / self.ranks)
        if not batch:
            return self._between(self._alone, self._coincident, fullest, tokens) + attention_s
        own = max(batch / self.ranks, 1.0)
        with_s = self._between(self._mixed, self._mixed_coincident, own + fullest, batch + tokens)
        without_s = self._between(self._mixed, self._mixed_coincident, own, max(batch, self.ranks))
        return max(with_s - without_s, 0.0) + attention_s

    def _between(self, alone: list[float], coincident: list[float], fullest: float, tokens: float) -> float:
        """Interpolate between a step in which only one rank has tokens, and one in which all have as many."""
        alone_s = _at(alone, fullest)
        if self.ranks == 1:
            return alone_s
        share = (tokens / fullest - 1.0) / (self.ranks - 1.0)
        return alone_s + min(max(share, 0.0), 1.0) * (_at(coincident, fullest) - alone_s)

    def _tabulate_decode(self, max_batch: int) -> None:
        exact = np.arange(1.0, min(EXACT_BATCH, max_batch) + 1.0)
        wide = np.geomspace(exact[-1], max(max_batch, exact[-1]), max(int(np.log(max_batch / exact[-1]) / 0.02), 1) + 1)
        self._batches = np.concatenate([exact, wide[wide > exact[-1]]])
        sequences = np.maximum(self._batches / self.ranks, 1.0)[:, np.newaxis]
        step = decode_step(self._deployment, sequences, np.array(CONTEXTS)[np.newaxis, :])
        self._decode_s = np.broadcast_to(step.seconds, (len(self._batches), len(CONTEXTS)))

    def _decode_lines(self, batch: int) -> tuple[Line, ...]:
        seconds = [float(np.interp(batch, self._batches, column)) for column in self._decode_s.T]
        lines = []
        for index in range(len(CONTEXTS) - 1):
            slope = (seconds[index + 1] - seconds[index]) / (CONTEXTS[index + 1] - CONTEXTS[index])
            lines.append(Line(seconds[index] - slope * CONTEXTS[index], slope, CONTEXTS[index + 1]))
        lines[-1] = replace(lines[-1], upto=float("inf"))
        return tuple(lines)

    def _tabulate_prefill(self) -> None:
        deployment, exchanges = self._deployment, bool(self._deployment.layout.all_to_all)
        attention_s = np.asarray(prefill_attention_s(deployment, TOKENS, 0.0))
        coincident = np.asarray(prefill_step(deployment, 1.0, TOKENS, coincident=True).seconds) - attention_s
        alone = coincident if exchanges else np.asarray(prefill_step(deployment, 1.0, TOKENS).seconds) - attention_s
        mixed_coincident = np.asarray(mixed_linear_s(deployment, TOKENS, TOKENS * self.ranks))
        mixed = mixed_coincident if exchanges else np.asarray(mixed_linear_s(deployment, TOKENS, TOKENS))
        self._alone, self._coincident = alone.tolist(), coincident.tolist()
        self._mixed, self._mixed_coincident = mixed.tolist(), mixed_coincident.tolist()
        cached = CHUNKS[:, np.newaxis] * (2.0 ** DEPTHS[np.newaxis, :] - 0.5)
        seconds = np.asarray(prefill_attention_s(deployment, CHUNKS[:, np.newaxis], cached))
        self._log_attention = np.log(np.maximum(np.broadcast_to(seconds, cached.shape), 1e-12)).tolist()

    def _attention_s(self, tokens: int, cached: int) -> float:
        row, right = _place(log2(tokens) * 4.0, len(CHUNKS))
        column, up = _place((log2(cached / tokens + 0.5) + 1.0) * 4.0, len(DEPTHS))
        first, second = self._log_attention[row], self._log_attention[row + 1]
        low = first[column] + up * (first[column + 1] - first[column])
        high = second[column] + up * (second[column + 1] - second[column])
        return float(np.exp(low + right * (high - low)))


_INNER: Final = CONTEXTS[1:-1]


def _at(table: list[float], tokens: float) -> float:
    """Interpolate a table over TOKENS, linearly in tokens."""
    index, _ = _place(log2(tokens) * 16.0, len(table))
    low, high = _TOKENS[index], _TOKENS[index + 1]
    return table[index] + (tokens - low) / (high - low) * (table[index + 1] - table[index])


def _place(position: float, count: int) -> tuple[int, float]:
    index = min(max(int(position), 0), count - 2)
    return index, position - index


_TOKENS: Final[list[float]] = TOKENS.tolist()
