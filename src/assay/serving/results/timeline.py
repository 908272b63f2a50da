"""A simulation as a Chrome trace, for Perfetto or chrome://tracing.

Trace Event Format: complete events (ph X), counters (C) and names (M); times in microseconds. Each replica is a
process with one track of steps and three counters.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final, TextIO, TypeAlias

import numpy as np
import numpy.typing as npt

from assay.core.array import FloatArray
from assay.core.errors import UsageError
from assay.serving.results.bursts import Bursts, by_pool, pool_names
from assay.serving.simulation.limits import Limits
from assay.serving.simulation.served import Served
from assay.serving.traffic.requests import IntArray

MOST_EVENTS: Final = 200_000
COUNTERS: Final = 3
"""Events that state queue, batch and KV cache."""
IDLE_S: Final = 1e-9
"""A replica that pauses for longer is drawn idle."""
US_PER_S: Final = 1e6

BoolArray: TypeAlias = npt.NDArray[np.bool_]


def write_timeline(served: Served, limits: Sequence[Limits], stream: TextIO, *, most_events: int = MOST_EVENTS) -> None:
    """Write a trace file of at most so many events, besides names.

    Where there would be more, neighbouring bursts of a replica are drawn as one; the file says how many.

    Raises
    ------
    UsageError
        Where not even one step a replica is allowed, or there are not as many limits as pools.
    """
    pools = by_pool(served, limits)
    merged = bursts_per_event(pools, most_events)
    about = {
        "bursts": sum(len(replica) for pool in pools for replica in pool),
        "bursts_per_event": merged,
        "most_events": most_events,
        "note": "every burst is shown" if merged == 1 else f"up to {merged} neighbouring bursts are drawn as one",
    }
    stream.write(f'{{"displayTimeUnit":"ms","otherData":{json.dumps(about)},"traceEvents":[')
    separator = "\n"
    for event in _events(pools, limits, merged):
        stream.write(separator)
        stream.write(json.dumps(event, separators=(",", ":")))
        separator = ",\n"
    stream.write("\n]}\n")


def bursts_per_event(pools: Sequence[Sequence[Bursts]], most_events: int) -> int:
    """Return how many neighbouring bursts must be drawn as one for the events to be at most so many."""
    replicas = [replica for pool in pools for replica in pool]
    longest = max(len(replica) for replica in replicas)
    merged = 1
    while (count := sum(_count(replica, merged) for replica in replicas)) > most_events:
        if merged >= longest:
            raise UsageError(
                f"{most_events} events do not show {len(replicas)} replicas", f"Allow at least {count} events."
            )
        merged = min(max(merged + 1, merged * count // most_events), longest)
    return merged


def _spans(replica: Bursts, merged: int) -> tuple[IntArray, IntArray, BoolArray]:
    """Return the first and the last burst of each span, and whether the replica is idle after it."""
    heads = np.arange(0, len(replica), merged)
    tails = np.append(heads[1:], len(replica))[: len(heads)] - 1
    following_s = np.append(replica.begin_s[heads[1:]], np.inf)[: len(heads)]
    return heads, tails, following_s > replica.end_s[tails] + IDLE_S


def _count(replica: Bursts, merged: int) -> int:
    heads, _, idle = _spans(replica, merged)
    return (1 + COUNTERS) * len(heads) + COUNTERS * int(np.count_nonzero(idle))


def _events(pools: Sequence[Sequence[Bursts]], limits: Sequence[Limits], merged: int) -> Iterator[dict[str, Any]]:
    pid = 0
    for name, replicas, each in zip(pool_names(len(pools)), pools, limits, strict=True):
        for place, replica in enumerate(replicas):
            yield {"ph": "M", "name": "process_name", "pid": pid, "args": {"name": f"{name} replica {place}"}}
            yield {"ph": "M", "name": "thread_name", "pid": pid, "tid": 0, "args": {"name": "steps"}}
            yield from _replica(replica, each.kv_blocks, pid, merged)
            pid += 1


def _replica(replica: Bursts, kv_blocks: int, pid: int, merged: int) -> Iterator[dict[str, Any]]:
    """Yield what one replica did: a span for every few bursts, and counters where it begins."""
    if not len(replica):
        return
    heads, tails, idle = _spans(replica, merged)
    busy_s = np.add.reduceat(replica.duration_s, heads)
    batch_s = np.add.reduceat(replica.batch * replica.duration_s, heads)
    columns: dict[str, FloatArray] = {
        "begin_us": np.round(replica.begin_s[heads] * US_PER_S, 3),
        "end_us": np.round(replica.end_s[tails] * US_PER_S, 3),
        "busy_us": busy_s * US_PER_S,
        "batch": np.divide(batch_s, busy_s, out=np.zeros_like(busy_s), where=busy_s > 0),
        "steps": np.add.reduceat(replica.steps, heads),
        "prefill_tokens": np.add.reduceat(replica.prefill_tokens, heads),
        "prompts": np.add.reduceat(replica.prompts, heads),
        "waiting": np.maximum.reduceat(replica.waiting, heads),
        "blocks": np.maximum.reduceat(replica.end_blocks, heads),
        "bursts": (tails - heads + 1).astype(np.float64),
    }
    names = tuple(columns)
    for pauses, *row in zip(idle.tolist(), *(column.tolist() for column in columns.values()), strict=True):
        span = dict(zip(names, row, strict=True))
        stamp = {"pid": pid, "ts": span["begin_us"]}
        yield {"ph": "X", "name": _name(span), "tid": 0, **stamp, **_length(span), "args": _args(span, kv_blocks)}
        yield from _counters(stamp, int(span["waiting"]), span["batch"], span["blocks"])
        if pauses:
            yield from _counters({"pid": pid, "ts": span["end_us"]}, 0, 0.0, 0.0)


def _counters(stamp: dict[str, float], waiting: int, batch: float, blocks: float) -> Iterator[dict[str, Any]]:
    yield {"ph": "C", "name": "queue", **stamp, "args": {"requests": waiting}}
    yield {"ph": "C", "name": "batch", **stamp, "args": {"sequences": batch}}
    yield {"ph": "C", "name": "KV blocks", **stamp, "args": {"used": blocks}}


def _name(span: dict[str, float]) -> str:
    if not span["steps"]:
        return "prefill"
    return "mixed" if span["prefill_tokens"] else "decode"


def _length(span: dict[str, float]) -> dict[str, float]:
    return {"dur": round(max(span["end_us"] - span["begin_us"], 0.0), 3)}


def _args(span: dict[str, float], kv_blocks: int) -> dict[str, float]:
    return {
        "batch": span["batch"],
        "steps": int(span["steps"]),
        "prefill_tokens": int(span["prefill_tokens"]),
        "prompts": int(span["prompts"]),
        "waiting": int(span["waiting"]),
        "kv_share": span["blocks"] / kv_blocks,
        "bursts": int(span["bursts"]),
        "busy_us": span["busy_us"],
    }
