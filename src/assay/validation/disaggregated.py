"""Disaggregated deployments of the sample that say enough to be simulated."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assay.validation.measured import Measured
from assay.validation.silicon_sample import (
    Row,
    concurrency_of,
    count_of,
    labels_of,
    read_row,
    read_worker,
    rows_of,
    seconds_of,
)


@dataclass(frozen=True, slots=True)
class Pools:
    """A disaggregated deployment: a worker of either kind, and how many of each there are."""

    prefill: Measured
    """With the times of the whole deployment, as `decode`."""
    decode: Measured
    prefill_workers: int
    decode_workers: int


def disaggregated_pools(path: Path) -> tuple[Pools, ...]:
    """Return the disaggregated deployments that state the batch of both sides, and agree with their concurrency.

    Concurrency is that of the whole deployment; repeats are merged by the median of their times.
    """
    groups: dict[object, list[Pools]] = defaultdict(list)
    for row in rows_of(path, "disagg"):
        decode, workers = read_worker(row), max(count_of(row, "decode_num_workers", 1), 1)
        if decode.flags or not row["prefill_batch_size"] or not row["silicon_ttft_ms"]:
            continue
        times = (concurrency_of(row), seconds_of(row["silicon_ttft_ms"]))
        sides = [replace(side, concurrency=times[0], ttft_s=times[1]) for side in (_read_side(row, "prefill"), decode)]
        pools = Pools(sides[0], sides[1], max(count_of(row, "prefill_num_workers", 1), 1), workers)
        groups[(*(labels_of(side) for side in sides), pools.prefill_workers, workers)].append(pools)
    return tuple(_median(group) for group in groups.values())


def _median(group: Sequence[Pools]) -> Pools:
    """Return one deployment with the median times of all."""
    ttft_s = statistics.median(each.decode.ttft_s or 0.0 for each in group)
    tpot_s = statistics.median(each.decode.tpot_s or 0.0 for each in group)
    prefill, decode = (
        replace(side, ttft_s=ttft_s, tpot_s=tpot_s, repeats=len(group)) for side in (group[0].prefill, group[0].decode)
    )
    return replace(group[0], prefill=prefill, decode=decode)


def _read_side(row: Row, side: str) -> Measured:
    """Return one side of a disaggregated deployment as if it were a deployment of its own."""
    sizes = {key: max(count_of(row, f"{side}_{key}", 1), 1) for key in ("tp_size", "attention_dp_size", "moe_ep_size")}
    read = read_row({**row, **{key: str(size) for key, size in sizes.items()}}, Counter(), repair=False)
    world = sizes["tp_size"] * sizes["attention_dp_size"]
    return replace(
        read,
        tp=sizes["tp_size"],
        dp=sizes["attention_dp_size"],
        ep=min(sizes["moe_ep_size"], world),
        mode="prefill worker",
    )
