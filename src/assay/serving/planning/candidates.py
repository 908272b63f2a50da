"""Candidates: whole deployments, each so many instances of one operating point, or of two in pools of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from assay.core.array import FloatArray
from assay.serving.planning.columns import Columns
from assay.serving.planning.objective import value
from assay.serving.planning.request import PlanRequest
from assay.serving.traffic.requests import IntArray

OPEN_LOAD: Final = 0.9
"""Requests that come by themselves come unevenly: an instance is given this share of what it finishes at its batch."""
SLACK: Final = 1e-9
"""Rounding of a division is no reason for one more instance."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """One entry a deployment in every column."""

    prefill: IntArray
    """Operating point of the prefill pool; -1: one pool does both."""
    serving: IntArray
    """Operating point of the decode pool, or of the only one."""
    prefill_instances: FloatArray
    serving_instances: FloatArray
    chips: FloatArray
    ttft_s: FloatArray
    tpot_s: FloatArray
    requests_per_s: FloatArray
    """Of the whole deployment."""
    prefill_load: FloatArray
    """Share of time at which the prefill pool works; 0 where there is none."""
    transfer_s: FloatArray
    """Of a cache between the pools."""
    value: FloatArray
    """More is better; NaN where it is not known."""

    def __len__(self) -> int:
        return len(self.serving)

    def take(self, which: IntArray | np.ndarray) -> Candidates:
        """Return the candidates of an index or a mask."""
        return Candidates(*(getattr(self, each.name)[which] for each in fields(self)))

    def keeps(self, request: PlanRequest) -> np.ndarray:
        """Tell which keep the service level and the number of chips."""
        met = (self.ttft_s <= request.ttft_s) & (self.tpot_s <= request.tpot_s) & (self.serving_instances >= 1)
        return met & (self.chips <= (request.chips or np.inf))


def joined(parts: Sequence[Candidates]) -> Candidates:
    """Return the candidates of all parts."""
    return Candidates(*(np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(Candidates)))


def aggregated(points: Columns, request: PlanRequest) -> Candidates:
    """Return, for every operating point, as many instances as the chips allow or the load needs.

    Instances: floor(chips / chips of one); ceil(rate / (0.9 requests/s of one)); ceil(concurrency / that of one).
    """
    request_s = points.first_s + request.output_tokens * points.tpot_s
    if request.rate_per_s is not None:
        instances = np.ceil(request.rate_per_s / (OPEN_LOAD * points.requests_per_s) - SLACK)
        requests_per_s = np.full(len(points), request.rate_per_s)
    elif request.concurrency is not None:
        instances = np.ceil(request.concurrency / (points.requests_per_s * request_s) - SLACK)
        requests_per_s = request.concurrency / request_s
    else:
        instances = np.floor(float(request.chips or 0) / points.chips)
        requests_per_s = instances * points.requests_per_s
    share = requests_per_s / np.maximum(instances * points.requests_per_s, 1e-300)
    chips = instances * points.chips
    w = instances * (points.idle_w + points.active_w * share)
    with np.errstate(divide="ignore", invalid="ignore"):  # no instance: nothing is made and nothing is paid
        worth = value(request, chips=chips, requests_per_s=requests_per_s, usd_per_h=instances * points.usd_per_h, w=w)
    nothing = np.zeros(len(points))
    return Candidates(
        prefill=np.full(len(points), -1),
        serving=np.arange(len(points)),
        prefill_instances=nothing,
        serving_instances=instances,
        chips=chips,
        ttft_s=points.first_s,
        tpot_s=points.tpot_s,
        requests_per_s=requests_per_s,
        prefill_load=nothing,
        transfer_s=nothing,
        value=worth,
    )


def best_first(candidates: Candidates) -> IntArray:
    """Return the candidates by preference: worth most, then fastest, fewest chips, earliest first token."""
    keys = (candidates.ttft_s, candidates.chips, candidates.tpot_s, -candidates.value)
    return np.lexsort(keys)
