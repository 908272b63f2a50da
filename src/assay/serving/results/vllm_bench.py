"""A simulation as `vllm bench serve --save-result` writes it.

Field names and definitions are those of vllm/benchmarks/serve.py of vLLM at commit 009e6d4a (2026), called with
--percentile-metrics ttft,tpot,itl,e2el and --metric-percentiles 90,95,99.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import Any, Final

import numpy as np

from assay.serving.results.bursts import by_pool
from assay.serving.results.chunks import Chunks
from assay.serving.results.distribution import Statistics
from assay.serving.results.level import level
from assay.serving.results.metrics import Summary
from assay.serving.results.run import Run
from assay.serving.simulation.limits import Limits
from assay.serving.simulation.served import Served

BACKEND: Final = "assay"
"""Where vLLM names the protocol of the server."""


def vllm_bench(
    served: Served, limits: Sequence[Limits], summed: Summary, run: Run, *, detailed: bool = False
) -> dict[str, Any]:
    """Return the result, with the lists of each request where `detailed` (--save-detailed).

    Token throughput at its peak counts first tokens and one chunk a sequence and decode step, as vLLM counts stream
    events; texts and errors are empty.
    """
    latencies = {"ttft": summed.ttft_s, "tpot": summed.tpot_s, "itl": summed.itl_s, "e2el": summed.e2el_s}
    return {
        "date": run.started.strftime("%Y%m%d-%H%M%S"),
        "endpoint_type": BACKEND,
        "backend": BACKEND,
        "label": None,
        "model_id": run.model,
        "tokenizer_id": run.model,
        "num_prompts": summed.requests,
        "request_rate": "inf" if run.request_rate_per_s is None else run.request_rate_per_s,
        "burstiness": run.burstiness,
        "max_concurrency": run.concurrency,
        "duration": summed.duration_s,
        "completed": summed.requests,
        "failed": 0,
        "total_input_tokens": summed.input_tokens,
        "total_output_tokens": summed.output_tokens,
        "request_throughput": summed.requests_per_s,
        "request_goodput": summed.goodput_requests_per_s,
        "output_throughput": summed.output_tok_per_s,
        "total_token_throughput": summed.total_tok_per_s,
        "latencies": served.e2el_s.tolist(),
        "queue_times": (served.sent_s - served.requests.arrival_s).tolist(),
        "max_output_tokens_per_s": _max_output_tokens_per_s(served, limits),
        "max_concurrent_requests": int(level(served.sent_s, served.finish_s, np.ones(len(served.requests))).peak),
        "rtfx": 0.0,
        **{key: value for name, each in latencies.items() for key, value in _milliseconds(name, each).items()},
        **(_details(served, limits) if detailed else {}),
    }


def _milliseconds(name: str, seconds: Statistics) -> dict[str, float]:
    """Return the statistics under vLLM's names; 0 where there is no value."""
    values = {
        f"mean_{name}_ms": seconds.mean,
        f"median_{name}_ms": seconds.p50,
        f"std_{name}_ms": seconds.std,
        f"p90_{name}_ms": seconds.p90,
        f"p95_{name}_ms": seconds.p95,
        f"p99_{name}_ms": seconds.p99,
    }
    return {key: 0.0 if isnan(value) else 1e3 * value for key, value in values.items()}


def _max_output_tokens_per_s(served: Served, limits: Sequence[Limits]) -> float:
    """Return the most chunks that came in one second, counted from the first sending."""
    moments_s, chunks = [served.first_token_s], [np.ones(len(served.requests))]
    for replica in by_pool(served, limits)[-1]:
        moments_s.append(replica.step_ends_s())
        chunks.append(np.repeat(replica.batch, replica.steps.astype(np.int64)))
    second = (np.concatenate(moments_s) - served.sent_s.min()).astype(np.int64)
    return float(np.bincount(second, weights=np.concatenate(chunks)).max())


def _details(served: Served, limits: Sequence[Limits]) -> dict[str, list[Any]]:
    chunks, count = Chunks(served, limits), len(served.requests)
    return {
        "input_lens": served.requests.input_tokens.tolist(),
        "output_lens": served.requests.output_tokens.tolist(),
        "ttfts": served.ttft_s.tolist(),
        "itls": [chunks.gaps_s(index).tolist() for index in range(count)],
        "start_times": served.sent_s.tolist(),
        "generated_texts": [""] * count,
        "errors": [""] * count,
    }
