"""From a row of columns to an option with its intervals, its price and its energy."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

import numpy as np

from assay.core.interval import Interval
from assay.economics.cost import SECONDS_PER_HOUR, TOKENS_PER_MTOK
from assay.economics.energy import joule_per_token, power
from assay.engine.uncertainty import band
from assay.serving.planning.candidates import Candidates
from assay.serving.planning.columns import Columns
from assay.serving.planning.kind import Kind
from assay.serving.planning.option import Option, PlannedPool, RoleName
from assay.serving.planning.request import PlanRequest
from assay.serving.planning.variant import Variant


class Offers:
    """Candidates, and what they are made of."""

    def __init__(
        self,
        request: PlanRequest,
        variants: Sequence[Variant],
        serving: Columns,
        prefill: Columns,
        decode: Columns,
        candidates: Candidates,
    ) -> None:
        self.request, self.variants = request, variants
        self.serving, self.prefill, self.decode, self.candidates = serving, prefill, decode, candidates

    def option(self, row: int) -> Option:
        """Return one candidate as an option."""
        candidates, request = self.candidates, self.request
        pools, utilisations = self._pools(row)
        requests_per_s = float(candidates.requests_per_s[row])
        ttft_s = band("ttft", pools[0].kind.reach, float(candidates.ttft_s[row]))
        tpot_s = band("tpot", pools[-1].kind.reach, float(candidates.tpot_s[row]))
        request_s = ttft_s.value + request.output_tokens * tpot_s.value
        tok_per_s = _throughput(request, pools, requests_per_s, ttft_s, tpot_s)
        chips = sum(pool.chips for pool in pools)
        counted = chips if request.has_load or request.chips is None else request.chips
        return Option(
            pools=pools,
            chips=chips,
            concurrency=max(round(requests_per_s * request_s), 1),
            requests_per_s=requests_per_s,
            ttft_s=ttft_s,
            tpot_s=tpot_s,
            output_tok_per_s=tok_per_s,
            output_tok_per_s_per_chip=tok_per_s.scale(1.0 / counted),
            usd_per_million_output_tokens=_cost(pools, tok_per_s),
            joule_per_output_token=_energy(request, pools, utilisations, tok_per_s),
            transfer_s=float(candidates.transfer_s[row]),
            value=float(candidates.value[row]),
        )

    def _pools(self, row: int) -> tuple[tuple[PlannedPool, ...], tuple[float, ...]]:
        """Return the pools, and the share of time at which the busier unit of their chips works."""
        candidates, sender = self.candidates, int(self.candidates.prefill[row])
        at, requests_per_s = int(candidates.serving[row]), float(candidates.requests_per_s[row])
        first: list[tuple[RoleName, Columns, int, int]] = []
        if sender >= 0:
            first.append(("prefill", self.prefill, sender, int(candidates.prefill_instances[row])))
        points = self.serving if sender < 0 else self.decode
        role: RoleName = "aggregated" if sender < 0 else "decode"
        pools, busy = [], []
        for name, columns, index, instances in (*first, (role, points, at, int(candidates.serving_instances[row]))):
            pool = self._pool(name, columns, index, instances, requests_per_s)
            range_w = (pool.kind.full_w - pool.kind.idle_w) * float(columns.chips[index])
            share = float(columns.active_w[index]) / range_w if range_w else 0.0
            pools.append(pool)
            busy.append(0.0 if isnan(share) else min(share * pool.load, 1.0))
        return tuple(pools), tuple(busy)

    def _pool(self, role: RoleName, points: Columns, index: int, instances: int, requests_per_s: float) -> PlannedPool:
        variant = self.variants[int(points.variant[index])]
        chunk_tokens = float(points.chunk_tokens[index])
        return PlannedPool(
            role=role,
            variant=variant,
            deployment=variant.at(int(points.layout[index]), chunk_tokens),
            instances=instances,
            batch=int(points.batch[index]),
            chunk_tokens=int(chunk_tokens),
            load=requests_per_s / (instances * float(points.requests_per_s[index])),
        )


def _throughput(
    request: PlanRequest, pools: tuple[PlannedPool, ...], requests_per_s: float, ttft_s: Interval, tpot_s: Interval
) -> Interval:
    """Return output tok/s. Errors of the times of one kind are shared; the slower of two pools decides."""
    value = requests_per_s * request.output_tokens
    if request.rate_per_s is not None:
        return Interval.exact(value)
    if len(pools) == 1 or request.concurrency is not None:
        request_s, low_s, high_s = (
            getattr(ttft_s, end) + request.output_tokens * getattr(tpot_s, end) for end in ("value", "low", "high")
        )
        return Interval(value, value * request_s / high_s, value * request_s / low_s)
    rates = [
        (spread.inverse().scale(spread.value / pool.load)) for spread, pool in zip((ttft_s, tpot_s), pools, strict=True)
    ]
    busiest = max(pool.load for pool in pools)
    low, high = (min(getattr(rate, end) for rate in rates) * busiest for end in ("low", "high"))
    return Interval(value, min(value * low, value), max(value * high, value))


def _cost(pools: tuple[PlannedPool, ...], tok_per_s: Interval) -> Interval | None:
    rates = [(_chips(pools, kind), kind.hourly.usd_per_chip_h) for kind in _kinds(pools)]
    usd_per_h: Interval | None = None
    for chips, each in rates:
        if each is None:
            return None
        usd_per_h = each.scale(chips) if usd_per_h is None else usd_per_h + each.scale(chips)
    return (usd_per_h / tok_per_s).scale(TOKENS_PER_MTOK / SECONDS_PER_HOUR) if usd_per_h else None


def _energy(
    request: PlanRequest, pools: tuple[PlannedPool, ...], utilisations: tuple[float, ...], tok_per_s: Interval
) -> Interval | None:
    whole: Interval | None = None
    for kind in _kinds(pools):
        parts = []
        for pool, share in zip(pools, utilisations, strict=True):
            if pool.kind is kind:
                used = Interval.exact(share)
                drawn = power(kind.chip, kind.node, place=request.place, as_of=request.as_of, utilisation=used)
                if drawn.w is None:
                    return None
                parts.append(drawn.w.scale(pool.chips))
        ends = (sum(getattr(part, end) for part in parts) for end in ("value", "low", "high"))
        of_kind = Interval(*ends)  # pools of one kind err together
        whole = of_kind if whole is None else whole + of_kind
    return joule_per_token(whole, tok_per_s) if whole else None


def _kinds(pools: tuple[PlannedPool, ...]) -> list[Kind]:
    return list({id(pool.kind): pool.kind for pool in pools}.values())


def _chips(pools: tuple[PlannedPool, ...], kind: Kind) -> int:
    return int(np.sum([pool.chips for pool in pools if pool.kind is kind]))
