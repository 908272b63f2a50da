"""When the tokens of one request came."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assay.core.array import FloatArray
from assay.serving.results.bursts import by_pool
from assay.serving.simulation.limits import Limits
from assay.serving.simulation.served import Served

NEAR = 1e-9
"""Two sums of the same step times differ by less, relative to the time of day."""


class Chunks:
    """The gaps between what is streamed to each client, one a decode step."""

    def __init__(self, served: Served, limits: Sequence[Limits]) -> None:
        self._served = served
        self._ends_s = [replica.step_ends_s() for replica in by_pool(served, limits)[-1]]

    def gaps_s(self, index: int) -> FloatArray:
        """Return the gaps after the first token of a request; they add up to E2EL - TTFT.

        Without speculation one a token. Of a request that was preempted, or thrown back by a failure, only the mean is
        known: its gaps are equal.
        """
        served = self._served
        others = int(served.requests.output_tokens[index]) - 1
        if not others:
            return np.zeros(0)
        first_s, finish_s = float(served.first_token_s[index]), float(served.finish_s[index])
        ends_s, begin = self._ends_s[int(served.replica[index])], int(served.first_step[index])
        last = int(np.searchsorted(ends_s, finish_s * (1.0 - NEAR)))
        ticks_s = np.clip(ends_s[begin : last + 1], first_s, finish_s)
        if served.preemptions[index] or not 1 <= len(ticks_s) <= others:
            return np.full(others, (finish_s - first_s) / others)
        ticks_s[-1] = finish_s
        return np.diff(ticks_s, prepend=first_s)
