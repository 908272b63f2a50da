"""What the users and the owner of a deployment saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np

from assay.core.array import FloatArray
from assay.core.errors import UsageError
from assay.serving.results.bursts import Bursts, by_pool, pool_names
from assay.serving.results.distribution import Statistics, number, statistics
from assay.serving.results.level import replicas_level
from assay.serving.simulation.limits import Limits
from assay.serving.simulation.served import Served


@dataclass(frozen=True, slots=True)
class PoolUse:
    """How busy the replicas of one pool were."""

    name: str
    replicas: int
    mean_batch: float
    """Sequences that decode on a replica, over the time in which any does."""
    max_batch: int
    mean_queue: float
    """Requests that wait, on all replicas, over the whole time; estimated from the queue at the end of each burst."""
    max_queue: int
    peak_kv_share: float
    """The fullest KV cache of a replica, to within one block a sequence."""
    busy_share: float
    """Of the time of the replicas."""

    def as_dict(self) -> dict[str, Any]:
        """Return the use as JSON carries it."""
        return {
            "name": self.name,
            "replicas": self.replicas,
            "mean_batch_per_replica": self.mean_batch,
            "max_batch_per_replica": self.max_batch,
            "mean_queue_requests": self.mean_queue,
            "max_queue_requests": self.max_queue,
            "peak_kv_share": self.peak_kv_share,
            "busy_share": self.busy_share,
        }


@dataclass(frozen=True, slots=True)
class Summary:
    """One simulation in a few numbers; everything is over all its requests."""

    requests: int
    duration_s: float
    """From the first sending to the last token."""
    input_tokens: int
    output_tokens: int
    ttft_s: Statistics
    tpot_s: Statistics
    """Of the answers of more than one token."""
    itl_s: Statistics
    """Gaps between the tokens of a request; with speculation between steps. A gap that holds a preemption is not in."""
    e2el_s: Statistics
    output_tok_per_s: float
    output_tok_per_s_per_chip: float
    total_tok_per_s: float
    """Input and output."""
    output_tok_per_s_per_user: float
    """Mean of 1 / TPOT; NaN where no answer has two tokens."""
    requests_per_s: float
    good_requests: int | None
    """Requests that keep the limits on TTFT and TPOT; None: there is no limit."""
    preempted_requests: int
    prefix_hit_share: float
    """Of the prompt tokens that were looked up or computed: those found in a prefix cache."""
    pools: tuple[PoolUse, ...]

    @property
    def goodput_requests_per_s(self) -> float | None:
        """Requests a second that keep the limits; None: there is no limit."""
        return None if self.good_requests is None else self.good_requests / self.duration_s

    @property
    def good_share(self) -> float | None:
        """Share of the requests that keep the limits; None: there is no limit."""
        return None if self.good_requests is None else self.good_requests / self.requests

    def as_dict(self) -> dict[str, Any]:
        """Return the summary as JSON carries it."""
        return {
            "requests": self.requests,
            "duration_s": self.duration_s,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "ttft_s": self.ttft_s.as_dict(),
            "tpot_s": self.tpot_s.as_dict(),
            "itl_s": self.itl_s.as_dict(),
            "e2el_s": self.e2el_s.as_dict(),
            "output_tok_per_s": self.output_tok_per_s,
            "output_tok_per_s_per_chip": self.output_tok_per_s_per_chip,
            "total_tok_per_s": self.total_tok_per_s,
            "output_tok_per_s_per_user": number(self.output_tok_per_s_per_user),
            "requests_per_s": self.requests_per_s,
            "goodput_requests_per_s": self.goodput_requests_per_s,
            "good_share": self.good_share,
            "preempted_requests": self.preempted_requests,
            "prefix_hit_share": self.prefix_hit_share,
            "pools": [pool.as_dict() for pool in self.pools],
        }


def summary(
    served: Served,
    limits: Sequence[Limits],
    chips: float,
    *,
    ttft_s: float | None = None,
    tpot_s: float | None = None,
) -> Summary:
    """Sum up a simulation.

    Parameters
    ----------
    limits
        Of each pool, for the size of its KV cache.
    chips
        Of all replicas together.
    ttft_s, tpot_s
        Service level of the goodput: a request is good that keeps both; None: no limit. An answer of one token has a
        TPOT of 0, as in `vllm bench serve`.

    Raises
    ------
    UsageError
        Where there are no chips, or not as many limits as pools.
    """
    if not chips > 0:
        raise UsageError(f"{chips:g} chips serve nothing")
    requests, duration_s = served.requests, served.duration_s
    inputs, outputs = int(requests.input_tokens.sum()), int(requests.output_tokens.sum())
    return Summary(
        requests=len(requests),
        duration_s=duration_s,
        input_tokens=inputs,
        output_tokens=outputs,
        ttft_s=statistics(served.ttft_s),
        tpot_s=statistics(served.tpot_s),
        itl_s=statistics(*served.gaps),
        e2el_s=statistics(served.e2el_s),
        output_tok_per_s=outputs / duration_s,
        output_tok_per_s_per_chip=outputs / duration_s / chips,
        total_tok_per_s=(inputs + outputs) / duration_s,
        output_tok_per_s_per_user=_per_user(served),
        requests_per_s=len(requests) / duration_s,
        good_requests=_good(served, ttft_s, tpot_s),
        preempted_requests=int(np.count_nonzero(served.preemptions)),
        prefix_hit_share=_prefix_hit_share(served),
        pools=_pools(served, limits),
    )


def _per_user(served: Served) -> float:
    tpot_s = served.tpot_s
    rates = 1.0 / tpot_s[tpot_s > 0]
    return float(rates.mean()) if len(rates) else nan


def _good(served: Served, ttft_s: float | None, tpot_s: float | None) -> int | None:
    if ttft_s is None and tpot_s is None:
        return None
    good = np.ones(len(served.requests), dtype=np.bool_)
    if ttft_s is not None:
        good &= served.ttft_s <= ttft_s
    if tpot_s is not None:
        good &= np.nan_to_num(served.tpot_s, nan=0.0) <= tpot_s
    return int(good.sum())


def _prefix_hit_share(served: Served) -> float:
    """Return found / (found + computed): a prompt that is computed again counts again."""
    found = float(served.cached_tokens.sum())
    computed = sum(float(each.columns()["prefill_tokens"].sum()) for pool in served.journals for each in pool)
    return found / (found + computed)


def _pools(served: Served, limits: Sequence[Limits]) -> tuple[PoolUse, ...]:
    pools = by_pool(served, limits)
    window_s = np.array([served.sent_s.min(), served.finish_s.max()])
    return tuple(
        _use(name, replicas, each.kv_blocks, window_s)
        for name, replicas, each in zip(pool_names(len(pools)), pools, limits, strict=True)
    )


def _use(name: str, replicas: Sequence[Bursts], kv_blocks: int, window_s: FloatArray) -> PoolUse:
    batch = np.concatenate([each.batch for each in replicas])
    duration_s = np.concatenate([each.duration_s for each in replicas])
    decoding_s = float(duration_s[batch > 0].sum())
    queue = replicas_level(replicas, [each.mean_waiting for each in replicas])
    highest = replicas_level(replicas, [each.waiting for each in replicas])
    busy = replicas_level(replicas, [np.ones(len(each)) for each in replicas])
    peak_blocks = max(float(each.end_blocks.max(initial=0.0)) for each in replicas)
    return PoolUse(
        name=name,
        replicas=len(replicas),
        mean_batch=float(np.dot(batch, duration_s)) / decoding_s if decoding_s else 0.0,
        max_batch=int(batch.max(initial=0.0)),
        mean_queue=float(queue.means(window_s)[0]),
        max_queue=round(highest.peak),
        peak_kv_share=peak_blocks / kv_blocks,
        busy_share=float(busy.means(window_s)[0]) / len(replicas),
    )
