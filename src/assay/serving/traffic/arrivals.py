"""When requests arrive. The first arrives at 0: n requests have n - 1 gaps between them.

Gaps are left as they are drawn: the rate of one draw scatters about the rate asked for. (vLLM's benchmark waits for a
first gap and stretches all of them so that the last request leaves at requests / rate.)
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from assay.core.array import FloatArray, Number
from assay.core.errors import UsageError
from assay.serving.traffic.lengths import Length
from assay.serving.traffic.part import NO_SESSION
from assay.serving.traffic.requests import Requests

RampUp = Literal["linear", "exponential"]

_LOWEST_PER_S, _HIGHEST_PER_S = 1e-9, 1e9
_LEAST_BURSTINESS, _MOST_BURSTINESS = 1e-3, 1e9


def poisson(rate_per_s: float, count: int, random: np.random.Generator) -> FloatArray:
    """Return arrivals in seconds of a Poisson process: gaps are exponential with mean 1 / rate.

    Raises UsageError: a rate outside 1e-9 to 1e9 per second, or no requests.
    """
    _check(rate_per_s, count)
    return _after(random.exponential(1 / rate_per_s, count - 1))


def gamma(rate_per_s: float, burstiness: float, count: int, random: np.random.Generator) -> FloatArray:
    """Return arrivals in seconds whose gaps are gamma distributed: shape = burstiness, mean 1 / rate.

    The coefficient of variation of the gaps is burstiness^-1/2: 1 is a Poisson process, less is burstier, more is
    steadier, as ``--burstiness`` of vLLM's benchmark. Raises UsageError: a rate outside 1e-9 to 1e9 per second, a
    burstiness outside 1e-3 to 1e9, or no requests.
    """
    _check(rate_per_s, count)
    return _after(_gaps(rate_per_s, burstiness, count - 1, random))


def constant(rate_per_s: float, count: int) -> FloatArray:
    """Return arrivals in seconds at i / rate. Raises UsageError: a rate outside 1e-9 to 1e9 per second, no requests."""
    _check(rate_per_s, count)
    return np.arange(count) / rate_per_s


def at_once(count: int) -> FloatArray:
    """Return arrivals at 0 of all requests: a closed loop, paced by its concurrency. Raises UsageError if none."""
    _check(1.0, count)
    return np.zeros(count)


def ramp(
    start_per_s: float,
    end_per_s: float,
    strategy: RampUp,
    count: int,
    random: np.random.Generator,
    *,
    burstiness: float = 1.0,
) -> FloatArray:
    """Return arrivals in seconds at a rate that goes from a start at the first to an end at the last request.

    Formula (p = i / (count - 1), progress in requests, not in time): linear (1 - p) start + p end, exponential
    start (end / start)^p; the gap before request i is drawn as in `gamma`, at its rate. As ``--ramp-up-strategy`` of
    vLLM's benchmark. Raises UsageError as `gamma` does, or on an unknown strategy.
    """
    _check(start_per_s, count)
    _check(end_per_s, count)
    progress = np.arange(1, count) / max(count - 1, 1)
    if strategy == "linear":
        rate_per_s = (1 - progress) * start_per_s + progress * end_per_s  # never 0, however far apart
    elif strategy == "exponential":
        rate_per_s = start_per_s * (end_per_s / start_per_s) ** progress
    else:
        raise UsageError(f"'{strategy}' is no way to ramp up", "Use linear or exponential.")
    return _after(_gaps(rate_per_s, burstiness, count - 1, random))


def requests_of(
    arrival_s: FloatArray, input_tokens: Length, output_tokens: Length, random: np.random.Generator
) -> Requests:
    """Return a request for each arrival, with independent lengths; prompts first. No sessions, nothing shared."""
    count = len(arrival_s)
    inputs = input_tokens.draw(random, count)
    return Requests(arrival_s, inputs, output_tokens.draw(random, count), np.full(count, NO_SESSION, np.int64))


def _gaps(rate_per_s: Number, burstiness: float, count: int, random: np.random.Generator) -> FloatArray:
    if not _LEAST_BURSTINESS <= burstiness <= _MOST_BURSTINESS:
        raise UsageError(
            f"a burstiness of {burstiness:g}: not from {_LEAST_BURSTINESS:g} to {_MOST_BURSTINESS:g}",
            "1 is a Poisson process; less is burstier.",
        )
    return random.gamma(burstiness, 1 / (rate_per_s * burstiness), count)


def _after(gaps_s: FloatArray) -> FloatArray:
    return np.concatenate([[0.0], np.cumsum(gaps_s)])


def _check(rate_per_s: float, count: int) -> None:
    if not _LOWEST_PER_S <= rate_per_s <= _HIGHEST_PER_S:
        raise UsageError(
            f"{rate_per_s:g} requests per second: not from {_LOWEST_PER_S:g} to {_HIGHEST_PER_S:g}",
            "Let all requests arrive at once for a rate without limit.",
        )
    if count < 1:
        raise UsageError(f"{count} requests", "A workload needs at least one request.")
