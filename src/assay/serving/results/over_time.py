"""Queue, batch and KV cache over time, on a regular grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.core.array import FloatArray
from assay.core.errors import UsageError
from assay.serving.results.bursts import Bursts, by_pool, pool_names
from assay.serving.results.level import replicas_level
from assay.serving.simulation.limits import Limits
from assay.serving.simulation.served import Served


@dataclass(frozen=True, slots=True)
class PoolOverTime:
    """One pool, all replicas: means over each interval."""

    name: str
    queue: FloatArray
    """Requests that wait, estimated from the queue at the end of each burst."""
    batch: FloatArray
    """Sequences that decode."""
    kv_share: FloatArray
    """Of the KV blocks of all replicas, those that sequences use."""


@dataclass(frozen=True, slots=True)
class OverTime:
    """Columns over a regular grid from the first sending to the last token."""

    time_s: FloatArray
    """Begin of each interval."""
    pools: tuple[PoolOverTime, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the columns as JSON carries them."""
        return {
            "time_s": self.time_s.tolist(),
            "pools": [
                {
                    "name": pool.name,
                    "queue_requests": pool.queue.tolist(),
                    "batch": pool.batch.tolist(),
                    "kv_share": pool.kv_share.tolist(),
                }
                for pool in self.pools
            ],
        }


def over_time(served: Served, limits: Sequence[Limits], points: int = 200) -> OverTime:
    """Return the state of each pool over time.

    The KV cache counts half of what a burst adds over its whole length.

    Raises
    ------
    UsageError
        Where there is no point, or not as many limits as pools.
    """
    if points < 1:
        raise UsageError(f"a grid of {points} points shows nothing")
    edges_s = np.linspace(served.sent_s.min(), served.finish_s.max(), points + 1)
    pools = by_pool(served, limits)
    return OverTime(
        edges_s[:-1],
        tuple(
            _pool(name, replicas, each.kv_blocks, edges_s)
            for name, replicas, each in zip(pool_names(len(pools)), pools, limits, strict=True)
        ),
    )


def _pool(name: str, replicas: Sequence[Bursts], kv_blocks: int, edges_s: FloatArray) -> PoolOverTime:
    def means(values: Sequence[FloatArray]) -> FloatArray:
        return replicas_level(replicas, values).means(edges_s)

    used = means([(each.begin_blocks + each.end_blocks) / 2.0 for each in replicas])
    return PoolOverTime(
        name=name,
        queue=means([each.mean_waiting for each in replicas]),
        batch=means([each.batch for each in replicas]),
        kv_share=used / (kv_blocks * len(replicas)),
    )
