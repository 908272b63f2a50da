"""What happened to the requests, as columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.core.array import FloatArray
from assay.serving.simulation.journal import Journal
from assay.serving.traffic.requests import IntArray, Requests


@dataclass(frozen=True, slots=True)
class Served:
    """One entry a request in every column, in the order of the requests."""

    requests: Requests
    sent_s: FloatArray
    """When the client sent it: its arrival, or later where a closed loop had no client free."""
    first_token_s: FloatArray
    finish_s: FloatArray
    first_step: IntArray
    """Decode steps that its replica had made at the first token."""
    replica: IntArray
    """Of the last pool that it saw."""
    preemptions: IntArray
    cached_tokens: IntArray
    """Prompt tokens found in a prefix cache."""
    journals: tuple[tuple[Journal, ...], ...]
    """By pool and replica."""

    @property
    def ttft_s(self) -> FloatArray:
        """First token after sending."""
        return self.first_token_s - self.sent_s

    @property
    def e2el_s(self) -> FloatArray:
        """Last token after sending."""
        return self.finish_s - self.sent_s

    @property
    def tpot_s(self) -> FloatArray:
        """(E2EL - TTFT) / (output - 1); NaN for answers of one token."""
        others = self.requests.output_tokens - 1
        return (self.finish_s - self.first_token_s) / np.where(others > 0, others, np.nan)

    @property
    def duration_s(self) -> float:
        """From the first sending to the last token."""
        return float(self.finish_s.max() - self.sent_s.min())

    @property
    def gaps(self) -> tuple[FloatArray, FloatArray]:
        """Gaps between tokens of one request (ITL), and how often each occurred.

        The steps of a burst that follow its first stand for their mean: they differ by what one token of context adds.
        """
        lengths, counts = [], []
        for journal in self.journals[-1]:
            gaps, seen = journal.gaps()
            bursts = journal.columns()
            others = bursts["steps"] - 1.0
            longer = others > 0
            lengths += [gaps, (bursts["first_s"] + bursts["slope_s"] * bursts["steps"] / 2.0)[longer]]
            counts += [seen, (others * bursts["batch"])[longer]]
        return np.concatenate(lengths), np.concatenate(counts)
