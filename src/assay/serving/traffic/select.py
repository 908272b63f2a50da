"""Workloads made of workloads: another rate, the first requests, a window of time."""

from __future__ import annotations

from dataclasses import replace

from assay.core.errors import UsageError
from assay.serving.traffic.requests import Requests


def at_rate(requests: Requests, factor: float) -> Requests:
    """Return the same requests at `factor` times the rate: all times are divided by it.

    Raises UsageError unless the factor lies between 1e-9 and 1e9.
    """
    if not 1e-9 <= factor <= 1e9:
        raise UsageError(f"{factor:g} times the rate: not from 1e-9 to 1e9")
    return replace(requests, arrival_s=requests.arrival_s / factor)


def first(requests: Requests, count: int) -> Requests:
    """Return the first `count` requests, or all where there are fewer. Raises UsageError where `count` is below 1."""
    if count < 1:
        raise UsageError(f"the first {count} requests", "A workload needs at least one request.")
    return _slice(requests, 0, count)


def window(requests: Requests, begin_s: float, end_s: float) -> Requests:
    """Return the requests that arrive in [begin_s, end_s), with times counted from `begin_s`.

    Raises UsageError where none does, or unless 0 <= begin_s < end_s.
    """
    if not 0 <= begin_s < end_s:
        raise UsageError(f"a window from {begin_s:g} s to {end_s:g} s", "It begins at 0 or later and ends after that.")
    begin, end = (int(index) for index in requests.arrival_s.searchsorted([begin_s, end_s]))
    if not begin < end:
        raise UsageError(
            f"no request arrives from {begin_s:g} s to {end_s:g} s",
            f"The last arrives at {requests.arrival_s[-1]:g} s.",
        )
    found = _slice(requests, begin, end)
    return replace(found, arrival_s=found.arrival_s - begin_s)


def _slice(requests: Requests, begin: int, end: int) -> Requests:
    return replace(
        requests,
        arrival_s=requests.arrival_s[begin:end],
        input_tokens=requests.input_tokens[begin:end],
        output_tokens=requests.output_tokens[begin:end],
        session=requests.session[begin:end],
        blocks=requests.blocks[begin:end],
    )
