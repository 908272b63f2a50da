"""When a client sees a token: servers that stream in bundles hold the first tokens back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from assay.core.array import FloatArray
from assay.serving.simulation.journal import Journal
from assay.serving.simulation.served import Served


def streamed(served: Served, interval_tokens: int, accepted_tokens: float = 1.0) -> Served:
    """Return what clients see where a server streams tokens in bundles of `interval_tokens` (--stream-interval).

    The first bundle leaves with its last token: TTFT is the time of token `interval_tokens`, at most that of the last
    token. Requests that were preempted keep the time of their first token.
    """
    if interval_tokens <= 1:
        return served
    steps = np.ceil((interval_tokens - 1) / accepted_tokens)
    first_s = served.first_token_s.copy()
    for replica, journal in enumerate(served.journals[-1]):
        own = (served.replica == replica) & (served.preemptions == 0)
        first_s[own] = _ends(journal, served.first_step[own] + steps)
    return replace(served, first_token_s=np.clip(first_s, served.first_token_s, served.finish_s))


def _ends(journal: Journal, step: FloatArray) -> FloatArray:
    """Return when the decode steps with these numbers, counted from 1, end; infinite beyond the last."""
    bursts = {name: column[journal.columns()["steps"] > 0] for name, column in journal.columns().items()}
    if not len(bursts["steps"]):
        return np.full(len(step), np.inf)
    place = np.clip(np.searchsorted(bursts["first_step"], step, side="left") - 1, 0, None)
    within = step - bursts["first_step"][place]
    begin_s, first_s, slope_s = (bursts[name][place] for name in ("begin_s", "first_s", "slope_s"))
    ends_s = begin_s + within * first_s + slope_s * within * (within - 1) / 2
    return np.where(within <= bursts["steps"][place], ends_s, np.inf)
