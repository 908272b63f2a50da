"""Charts of simulations as data: Vega-Lite specifications in plain dictionaries."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import Any, Final

from assay.serving.results.metrics import Summary
from assay.serving.results.over_time import OverTime

VEGA_LITE: Final = "https://vega.github.io/schema/vega-lite/v6.json"
PERCENTILES: Final = ("p50", "p90", "p99")
LATENCIES: Final = (("TTFT", "ttft_s"), ("TPOT", "tpot_s"), ("E2EL", "e2el_s"))
WIDTH, HEIGHT = 260, 200


def latency_against_load(points: Sequence[tuple[float, Summary]], load: str = "requests/s") -> dict[str, Any]:
    """Return percentiles of TTFT, TPOT and E2EL against a load, side by side; `load` names its unit."""
    values = [
        {"load": at, "metric": f"{metric} (ms)", "percentile": percentile, "ms": 1e3 * seconds}
        for at, summed in points
        for metric, field in LATENCIES
        for percentile in PERCENTILES
        if not isnan(seconds := getattr(getattr(summed, field), percentile))
    ]
    encoding = {
        "x": {"field": "load", "type": "quantitative", "title": load},
        "y": {"field": "ms", "type": "quantitative", "title": None},
        "color": {"field": "percentile", "type": "nominal", "sort": list(PERCENTILES), "title": None},
    }
    along = {"column": ("metric", [f"{metric} (ms)" for metric, _ in LATENCIES])}
    return _facets("Latency against load", values, along, {"type": "line", "point": True}, encoding)


def state_over_time(columns: OverTime) -> dict[str, Any]:
    """Return queue, batch and KV cache over time, one below the other, a line a pool."""
    values = [
        {"time_s": at, "quantity": quantity, "pool": pool.name, "value": value}
        for pool in columns.pools
        for quantity, column in (("queue", pool.queue), ("batch", pool.batch), ("KV share", pool.kv_share))
        for at, value in zip(columns.time_s.tolist(), column.tolist(), strict=True)
    ]
    encoding = {
        "x": {"field": "time_s", "type": "quantitative", "title": "s"},
        "y": {"field": "value", "type": "quantitative", "title": None},
        "color": {"field": "pool", "type": "nominal", "title": None},
    }
    along = {"row": ("quantity", ["queue", "batch", "KV share"])}
    return _facets("Queue, batch and KV cache", values, along, {"type": "line"}, encoding)


def _facets(
    title: str,
    values: list[dict[str, Any]],
    along: dict[str, tuple[str, list[str]]],
    mark: dict[str, Any],
    encoding: dict[str, Any],
) -> dict[str, Any]:
    """Return small charts of the same lines, each with a scale of its own."""
    return {
        "$schema": VEGA_LITE,
        "title": title,
        "data": {"values": values},
        "facet": {
            direction: {"field": field, "type": "nominal", "sort": order, "title": None}
            for direction, (field, order) in along.items()
        },
        "spec": {"width": WIDTH, "height": HEIGHT, "mark": mark, "encoding": encoding},
        "resolve": {"scale": {"y": "independent"}},
    }
