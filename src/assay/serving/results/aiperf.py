"""A simulation as AIPerf's profile_export_aiperf.json has it (AIPerf 0.13.0, schema 1.4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import numpy as np

from assay.core.array import FloatArray
from assay.serving.results.distribution import NAMES, Statistics, statistics
from assay.serving.results.metrics import Summary
from assay.serving.results.run import Run
from assay.serving.simulation.served import Served

SCHEMA_VERSION: Final = "1.4"
NO_SERVER: Final = "http://assay.invalid"
"""AIPerf wants an address; this name can never be one (RFC 2606)."""


def aiperf(served: Served, summed: Summary, run: Run) -> dict[str, Any]:
    """Return the aggregated metrics by tag: distributions with count and sum, totals and rates with an average alone.

    AIPerf's inter_token_latency is the mean gap of a request, the TPOT of vLLM; its inter_chunk_latency is the ITL.
    A distribution without values, and the goodput without a service level, are left out as AIPerf leaves them out.
    """
    requests, tpot_s = served.requests, served.tpot_s
    inputs, outputs = (column.astype(np.float64) for column in (requests.input_tokens, requests.output_tokens))
    distributions = {
        "request_latency": _distribution(summed.e2el_s, "ms", 1e3),
        "time_to_first_token": _distribution(summed.ttft_s, "ms", 1e3),
        "inter_token_latency": _distribution(summed.tpot_s, "ms", 1e3),
        "inter_chunk_latency": _distribution(summed.itl_s, "ms", 1e3),
        "output_token_throughput_per_user": _of(1.0 / tpot_s[tpot_s > 0], "tokens/sec/user"),
        "output_sequence_length": _of(outputs, "tokens"),
        "output_token_count": _of(outputs, "tokens"),
        "input_sequence_length": _of(inputs, "tokens"),
    }
    totals = {
        "request_throughput": ("requests/sec", summed.requests_per_s),
        "request_count": ("requests", float(summed.requests)),
        "output_token_throughput": ("tokens/sec", summed.output_tok_per_s),
        "total_token_throughput": ("tokens/sec", summed.total_tok_per_s),
        "goodput": ("requests/sec", summed.goodput_requests_per_s),
        "good_request_count": ("requests", summed.good_requests),
        "good_request_fraction": ("ratio", summed.good_share),
        "benchmark_duration": ("sec", summed.duration_s),
        "total_isl": ("tokens", float(summed.input_tokens)),
        "total_osl": ("tokens", float(summed.output_tokens)),
    }
    first_s, last_s = float(served.sent_s.min()), float(served.finish_s.max())
    return {
        "schema_version": SCHEMA_VERSION,
        **{tag: values for tag, values in distributions.items() if values},
        **{tag: {"unit": unit, "avg": value} for tag, (unit, value) in totals.items() if value is not None},
        "input_config": _config(summed, run),
        "was_cancelled": False,
        "error_summary": [],
        "start_time": (run.started + timedelta(seconds=first_s)).isoformat(),
        "end_time": (run.started + timedelta(seconds=last_s)).isoformat(),
    }


def _config(summed: Summary, run: Run) -> dict[str, Any]:
    """Return the least that AIPerf takes for a configuration; its plots name runs by it."""
    phase: dict[str, Any] = {"name": "profiling", "kind": "profiling", "requests": summed.requests}
    if run.request_rate_per_s is None:
        phase |= {"type": "concurrency", "concurrency": run.concurrency or summed.requests}
    elif run.burstiness == 1.0:
        phase |= {"type": "poisson", "rate": run.request_rate_per_s, "concurrency": run.concurrency}
    else:
        phase |= {"type": "gamma", "rate": run.request_rate_per_s, "concurrency": run.concurrency}
        phase |= {"smoothness": run.burstiness}
    tokens = summed.input_tokens / summed.requests
    return {
        "models": {"items": [{"name": run.model}]},
        "endpoint": {"urls": [NO_SERVER], "streaming": True},
        "datasets": [{"name": "simulated", "type": "synthetic", "prompts": {"isl": tokens}}],
        "phases": [phase],
    }


def _of(values: FloatArray, unit: str) -> dict[str, Any]:
    return _distribution(statistics(values), unit, 1.0)


def _distribution(values: Statistics, unit: str, scale: float) -> dict[str, Any]:
    """Return a distribution in AIPerf's names and unit; empty where there is no value."""
    if not values.count:
        return {}
    return {
        "unit": unit,
        "avg": scale * values.mean,
        **{name: scale * getattr(values, name) for name in NAMES},
        "min": scale * values.min,
        "max": scale * values.max,
        "std": scale * values.std,
        "count": values.count,
        "sum": scale * values.mean * values.count,
    }
