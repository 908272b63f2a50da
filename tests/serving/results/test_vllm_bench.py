"""Files of `vllm bench serve`."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from assay.serving.results.metrics import summary
from assay.serving.results.vllm_bench import vllm_bench
from tests.serving.results.runs import LIMITS, RUN, Witness, apart, crowd, requests, serve
from tests.serving.simulation.test_instance import Bent

HEADING = {
    "date",
    "endpoint_type",
    "backend",
    "label",
    "model_id",
    "tokenizer_id",
    "num_prompts",
    "request_rate",
    "burstiness",
    "max_concurrency",
}
RESULT = {
    "duration",
    "completed",
    "failed",
    "total_input_tokens",
    "total_output_tokens",
    "request_throughput",
    "request_goodput",
    "output_throughput",
    "total_token_throughput",
    "latencies",
    "queue_times",
    "max_output_tokens_per_s",
    "max_concurrent_requests",
    "rtfx",
}
STATISTICS = {
    f"{statistic}_{metric}_ms"
    for statistic in ("mean", "median", "std", "p90", "p95", "p99")
    for metric in ("ttft", "tpot", "itl", "e2el")
}
DETAILS = {"input_lens", "output_lens", "ttfts", "itls", "start_times", "generated_texts", "errors"}


def test_keys_are_those_of_vllm() -> None:
    served = crowd()
    summed = summary(served, [LIMITS], 8, ttft_s=0.5)
    assert set(vllm_bench(served, [LIMITS], summed, RUN)) == HEADING | RESULT | STATISTICS
    detailed = vllm_bench(served, [LIMITS], summed, RUN, detailed=True)
    assert set(detailed) == HEADING | RESULT | STATISTICS | DETAILS
    assert json.loads(json.dumps(detailed, allow_nan=False)) == detailed


def test_statistics_are_those_that_vllm_computes_from_the_lists() -> None:
    load = crowd(replicas=1).requests
    served = serve(load, steps=Bent(0.01, 0.0))
    result = vllm_bench(served, [LIMITS], summary(served, [LIMITS], 8, tpot_s=0.02), RUN, detailed=True)
    ttfts, latencies, outputs = (np.array(result[name]) for name in ("ttfts", "latencies", "output_lens"))
    tpots = (latencies - ttfts)[outputs > 1] / (outputs[outputs > 1] - 1)
    itls = np.concatenate(result["itls"])
    for name, values in (("ttft", ttfts), ("tpot", tpots), ("itl", itls), ("e2el", latencies)):
        assert result[f"mean_{name}_ms"] == pytest.approx(values.mean() * 1000)
        assert result[f"median_{name}_ms"] == pytest.approx(np.median(values) * 1000)
        assert result[f"std_{name}_ms"] == pytest.approx(values.std() * 1000)
        assert result[f"p99_{name}_ms"] == pytest.approx(np.percentile(values, 99) * 1000)
    good = (np.array([0.0, *tpots]) <= 0.02).sum() - 1 + (outputs == 1).sum()
    assert result["request_goodput"] * result["duration"] == pytest.approx(good)
    assert result["output_throughput"] * result["duration"] == pytest.approx(sum(result["output_lens"]))
    assert result["total_input_tokens"] == sum(result["input_lens"])


def test_the_peaks_are_those_of_single_tokens() -> None:
    load = crowd(replicas=1).requests
    load = replace(load, arrival_s=load.arrival_s + 0.5)  # seconds count from the first sending
    served = serve(load, steps=Bent(0.01, 1e-6))
    result = vllm_bench(served, [LIMITS], summary(served, [LIMITS], 1), RUN)
    tokens_s = np.concatenate(Witness(Bent(0.01, 1e-6), LIMITS, 0).tokens_s(load))
    assert result["max_output_tokens_per_s"] == np.bincount((tokens_s - served.sent_s.min()).astype(int)).max()
    under_way = [np.sum((served.sent_s <= at) & (at < served.finish_s)) for at in served.sent_s]
    assert result["max_concurrent_requests"] == max(under_way)


def test_without_values_vllm_writes_zero_and_without_limits_null() -> None:
    served = serve(requests([0.0], [10], [1]))
    result = vllm_bench(served, [LIMITS], summary(served, [LIMITS], 1), RUN, detailed=True)
    assert result["mean_tpot_ms"] == result["p99_itl_ms"] == 0.0
    assert result["request_goodput"] is None
    assert result["itls"] == [[]]


def test_the_heading_is_that_of_the_run() -> None:
    served, limits = apart()
    summed = summary(served, limits, 3)
    result = vllm_bench(served, limits, summed, replace(RUN, request_rate_per_s=None, concurrency=7))
    assert (result["date"], result["model_id"]) == ("20260102-030405", "some/model")
    assert (result["request_rate"], result["max_concurrency"], result["num_prompts"]) == ("inf", 7, 4)
