"""Disaggregated serving in closed form: prefill and decode pools of whole instances, matched in rate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from assay.core.array import FloatArray
from assay.llm.memory import kv_bytes_per_token, state_bytes_per_sequence
from assay.serving.equilibrium import BUSIEST
from assay.serving.planning.candidates import OPEN_LOAD, SLACK, Candidates, best_first
from assay.serving.planning.columns import Columns
from assay.serving.planning.frontier import efficient, front
from assay.serving.planning.objective import value
from assay.serving.planning.request import Objective, PlanRequest
from assay.serving.planning.variant import Variant
from assay.serving.traffic.requests import IntArray

INSTANCES: Final[FloatArray] = np.unique(
    np.round(np.concatenate([np.arange(1.0, 65.0), np.geomspace(64.0, 8192.0, 100)]))
)
"""Prefill instances that are tried: every number to 64, then 5 % apart."""


@dataclass(frozen=True, slots=True)
class Paired:
    """The candidates of all pairs of pools that go together, and how many were looked at."""

    candidates: tuple[Candidates, ...]
    count: int
    """Pairs of operating points, times the numbers of instances tried."""


def paired(variants: Sequence[Variant], prefill: Columns, decode: Columns, request: PlanRequest) -> Paired:
    """Return the best numbers of instances for every pair of efficient operating points.

    Formula (n_p, n_d instances of p, d requests/s; T the service time of a prefill at load rho)::

        requests/s = min(n_p rho_max p, n_d d)
        TTFT       = overhead + T + T rho / (2 (1 - rho)) + transfer + R T_d        M/D/1
        rho_max    = the load at which TTFT is at its limit, at most 0.95
        transfer   = (KV bytes of the prompt) / min(NICs of a prefill instance, of a decode instance)
        TPOT       = T_d / accepted tokens a step

    With chips at hand, for every n_p the two n_d that bracket n_p rho_max p / d; with a load as many of both as it
    needs. Points that another one of the same kind, framework, cache format and size beats are left out first.
    """
    decode_within = np.flatnonzero((decode.tpot_s <= request.tpot_s) & (decode.first_s < request.ttft_s))
    prefill_within = np.flatnonzero(prefill.first_s < request.ttft_s)
    prefills = dict(_groups(variants, prefill, prefill_within, request.goal))
    decodes = dict(_groups(variants, decode, decode_within, request.goal))
    found, count = [], 0
    for (sending, formats), senders in prefills.items():
        for (receiving, accepted), receivers in decodes.items():
            same_kind, same_framework = (sending[part] == receiving[part] for part in (0, 1))
            if formats != accepted or (same_kind and not same_framework):
                continue
            variant = variants[int(prefill.variant[senders[0]])]
            matched, tried = _matched(variant, (prefill, senders), (decode, receivers), request)
            found.append(_frontier(matched, request))
            count += tried
    return Paired(tuple(found), count)


def _frontier(matched: Candidates, request: PlanRequest) -> Candidates:
    """Return those of a group that may reach the frontier of all; the whole group where none keeps what is asked."""
    keeping = np.flatnonzero(matched.keeps(request) & np.isfinite(matched.value))
    if not keeping.size:
        return matched
    return matched.take(front(matched.tpot_s, matched.value, keeping[best_first(matched.take(keeping))]))


Group = tuple[tuple[str, str], str]  # chip and framework, KV format


def _groups(
    variants: Sequence[Variant], points: Columns, within: IntArray, goal: Objective
) -> Iterator[tuple[Group, IntArray]]:
    """Yield the efficient points of each kind, framework and cache format, apart for each size of instance."""
    names = [((each.kind.chip.id, each.deployment.engine.id), each.deployment.precision.kv) for each in variants]
    for group in dict.fromkeys(names):
        members = np.array([name == group for name in names])[points.variant[within]]
        mine = within[members]
        sizes = np.unique(points.chips[mine])
        kept = [_efficient(points, mine[points.chips[mine] == size], goal) for size in sizes]
        if kept:
            yield group, np.concatenate(kept)


def _efficient(points: Columns, which: IntArray, goal: Objective) -> IntArray:
    costs = [points.first_s[which], points.service_s[which], points.tpot_s[which], -points.requests_per_s[which]]
    if goal == "energy":
        costs.append(np.nan_to_num(points.active_w[which]))
    return which[efficient(np.column_stack(costs))]


def _matched(
    variant: Variant, prefill: tuple[Columns, IntArray], decode: tuple[Columns, IntArray], request: PlanRequest
) -> tuple[Candidates, int]:
    """Return the best numbers of instances of each pair of points; and how many numbers were tried."""
    (sender, senders), (receiver, receivers) = prefill, decode
    p, d = sender.take(senders[:, np.newaxis, np.newaxis]), receiver.take(receivers[:, np.newaxis])
    transfer_s = sent_bytes(variant, request.input_tokens) / np.minimum(p.link_bytes_per_s, d.link_bytes_per_s)
    base_s = p.first_s + transfer_s + d.first_s
    waits = np.maximum(request.ttft_s - base_s, 0.0) / p.service_s
    busiest = np.minimum(2.0 * waits / (1.0 + 2.0 * waits), BUSIEST)
    prefill_per_s = busiest * p.requests_per_s
    n_p, n_d, requests_per_s = _instances(p, d, prefill_per_s, base_s, request)
    chips = n_p * p.chips + n_d * d.chips
    load = requests_per_s / np.maximum(n_p * p.requests_per_s, 1e-300)
    queue_s = p.service_s * load / (2.0 * (1.0 - np.minimum(load, BUSIEST)))
    within = np.minimum(base_s + queue_s, request.ttft_s)  # the load is at most `busiest`: what is over is rounding
    ttft_s = np.where(busiest > 0, within, base_s + queue_s)
    with np.errstate(divide="ignore", invalid="ignore"):  # pools without instances make nothing
        decode_load = requests_per_s / np.maximum(n_d * d.requests_per_s, 1e-300)
        w = n_p * (p.idle_w + p.active_w * load) + n_d * (d.idle_w + d.active_w * decode_load)
        usd_per_h = n_p * p.usd_per_h + n_d * d.usd_per_h
        worth = value(request, chips=chips, requests_per_s=requests_per_s, usd_per_h=usd_per_h, w=w)
    possible = (n_d >= 1) & (n_p >= 1) & (busiest > 0) & (chips <= (request.chips or np.inf))
    shown = np.where(possible & ~np.isnan(worth), worth * (1.0 - 1e-12 * chips), -np.inf)
    best = np.argmax(shown, axis=2)[:, :, np.newaxis]
    shape = shown.shape

    def chosen(numbers: FloatArray | IntArray) -> FloatArray:
        return np.take_along_axis(np.broadcast_to(numbers, shape), best, axis=2).reshape(-1).astype(np.float64)

    candidates = Candidates(
        prefill=chosen(senders[:, np.newaxis, np.newaxis]).astype(np.int64),
        serving=chosen(receivers[:, np.newaxis]).astype(np.int64),
        prefill_instances=chosen(n_p),
        serving_instances=chosen(np.where(busiest > 0, n_d, 0.0)),
        chips=chosen(chips),
        ttft_s=chosen(ttft_s),
        tpot_s=chosen(d.tpot_s),
        requests_per_s=chosen(requests_per_s),
        prefill_load=chosen(load),
        transfer_s=chosen(transfer_s),
        value=chosen(worth),
    )
    return candidates, int(np.prod(shape))


def _instances(
    p: Columns, d: Columns, prefill_per_s: FloatArray, base_s: FloatArray, request: PlanRequest
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return prefill and decode instances and the requests/s of the whole, along a last axis of numbers tried."""
    if request.has_load:
        share = 1.0 if request.rate_per_s is None else OPEN_LOAD
        wanted = (
            np.full(base_s.shape, request.rate_per_s)
            if request.rate_per_s is not None
            else float(request.concurrency or 0) / (base_s + request.output_tokens * d.tpot_s)
        )
        n_p = np.ceil(wanted / np.maximum(prefill_per_s, 1e-300) - SLACK)
        return n_p, np.ceil(wanted / (share * d.requests_per_s) - SLACK), wanted
    at_hand = float(request.chips or 0)
    most = max(float(np.floor((at_hand - d.chips.min()) / p.chips.min())), 1.0)
    n_p = INSTANCES[most >= INSTANCES]
    fits = np.floor((at_hand - n_p * p.chips) / d.chips)
    exact = n_p * prefill_per_s / d.requests_per_s
    both = [np.minimum(np.maximum(rounded, 1.0), fits) for rounded in (np.floor(exact), np.ceil(exact - SLACK))]
    n_d = np.maximum(np.concatenate(both, axis=2), 0.0)
    n_p = np.concatenate([n_p, n_p])
    return n_p, n_d, np.minimum(n_p * prefill_per_s, n_d * d.requests_per_s)


def sent_bytes(variant: Variant, input_tokens: float) -> float:
    """Return the bytes of the cache of one prompt."""
    architecture, precision = variant.deployment.architecture, variant.deployment.precision
    growing = input_tokens * kv_bytes_per_token(architecture, precision)
    return growing + state_bytes_per_sequence(architecture, precision)
