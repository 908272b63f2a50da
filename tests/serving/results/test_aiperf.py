"""Files of AIPerf."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from assay.serving.results.aiperf import aiperf
from assay.serving.results.aiperf_records import aiperf_records, conversations, write_aiperf_records
from assay.serving.results.metrics import summary
from assay.serving.results.run import Run
from tests.serving.results.runs import LIMITS, RUN, apart, crowd, requests, serve

DISTRIBUTIONS = {
    "request_latency": "ms",
    "time_to_first_token": "ms",
    "inter_token_latency": "ms",
    "inter_chunk_latency": "ms",
    "output_token_throughput_per_user": "tokens/sec/user",
    "output_sequence_length": "tokens",
    "output_token_count": "tokens",
    "input_sequence_length": "tokens",
}
TOTALS = {
    "request_throughput": "requests/sec",
    "request_count": "requests",
    "output_token_throughput": "tokens/sec",
    "total_token_throughput": "tokens/sec",
    "goodput": "requests/sec",
    "good_request_count": "requests",
    "good_request_fraction": "ratio",
    "benchmark_duration": "sec",
    "total_isl": "tokens",
    "total_osl": "tokens",
}
OTHERS = {"schema_version", "input_config", "was_cancelled", "error_summary", "start_time", "end_time"}
STATISTICS = {"unit", "avg", "p1", "p5", "p10", "p25", "p50", "p75", "p90", "p95", "p99", "min", "max", "std"}
METADATA = {
    "session_num",
    "x_request_id",
    "x_correlation_id",
    "conversation_id",
    "turn_index",
    "request_start_ns",
    "request_ack_ns",
    "request_end_ns",
    "worker_id",
    "record_processor_id",
    "benchmark_phase",
    "was_cancelled",
    "cancellation_time_ns",
}
RECORD = set(DISTRIBUTIONS)


def test_keys_and_units_are_those_of_aiperf() -> None:
    served = crowd()
    export = aiperf(served, summary(served, [LIMITS], 8, ttft_s=0.5), RUN)
    assert set(export) == set(DISTRIBUTIONS) | set(TOTALS) | OTHERS
    for tag, unit in DISTRIBUTIONS.items():
        assert set(export[tag]) == STATISTICS | {"count", "sum"}
        assert export[tag]["unit"] == unit
    for tag, unit in TOTALS.items():
        assert set(export[tag]) == {"unit", "avg"}
        assert export[tag]["unit"] == unit
    assert json.loads(json.dumps(export, allow_nan=False)) == export
    length = datetime.fromisoformat(export["end_time"]) - datetime.fromisoformat(export["start_time"])
    assert length / timedelta(seconds=1) == pytest.approx(served.duration_s, abs=2e-6)


@pytest.mark.parametrize(
    ("run", "phase"),
    [
        (RUN, {"type": "poisson", "rate": 4.0, "concurrency": None}),
        (replace(RUN, burstiness=2.0), {"type": "gamma", "rate": 4.0, "concurrency": None, "smoothness": 2.0}),
        (replace(RUN, request_rate_per_s=None, concurrency=7), {"type": "concurrency", "concurrency": 7}),
        (replace(RUN, request_rate_per_s=None), {"type": "concurrency", "concurrency": 60}),
    ],
)
def test_the_configuration_says_how_requests_came(run: Run, phase: dict[str, Any]) -> None:
    served = crowd()
    config = aiperf(served, summary(served, [LIMITS], 8), run)["input_config"]
    assert set(config) == {"models", "endpoint", "datasets", "phases"}
    assert config["models"] == {"items": [{"name": "some/model"}]}
    assert config["phases"] == [{"name": "profiling", "kind": "profiling", "requests": 60} | phase]


def test_metrics_are_those_of_the_records() -> None:
    served = crowd(replicas=1)
    export = aiperf(served, summary(served, [LIMITS], 1), RUN)
    records = list(aiperf_records(served, [LIMITS], RUN))
    for tag in sorted(RECORD - {"inter_chunk_latency"}):
        values = [record["metrics"][tag]["value"] for record in records if tag in record["metrics"]]
        assert export[tag]["count"] == len(values)
        assert [export[tag][name] for name in ("avg", "std", "sum", "min", "p90", "max")] == pytest.approx(
            [np.mean(values), np.std(values), sum(values), min(values), np.percentile(values, 90), max(values)],
            abs=1e-5,
        )
    gaps = [gap for record in records for gap in record["metrics"].get("inter_chunk_latency", {"value": []})["value"]]
    assert export["inter_chunk_latency"]["count"] == len(gaps)
    assert export["inter_chunk_latency"]["sum"] == pytest.approx(sum(gaps))


def test_what_has_no_value_is_left_out() -> None:
    served = serve(requests([0.0], [10], [1]))
    export = aiperf(served, summary(served, [LIMITS], 1), RUN)
    assert not {"inter_token_latency", "inter_chunk_latency", "goodput", "good_request_count"} & set(export)
    (record,) = aiperf_records(served, [LIMITS], RUN)
    assert not {"inter_token_latency", "inter_chunk_latency"} & set(record["metrics"])


def test_records_are_lines_of_json_with_stamps() -> None:
    served, limits = apart()
    stream = io.StringIO()
    write_aiperf_records(served, limits, RUN, stream)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert len(lines) == 4
    for index, line in enumerate(lines):
        assert set(line) == {"metadata", "metrics", "error"}
        assert set(line["metadata"]) == METADATA
        assert {tag: value["unit"] for tag, value in line["metrics"].items()}.items() <= DISTRIBUTIONS.items()
        length_ns = line["metadata"]["request_end_ns"] - line["metadata"]["request_start_ns"]
        assert length_ns == pytest.approx(served.e2el_s[index] * 1e9, abs=2)
    start_ns = lines[0]["metadata"]["request_start_ns"]
    assert start_ns == int(RUN.started.timestamp()) * 1_000_000_000


def test_conversations_count_their_turns() -> None:
    numbers, turns = conversations(np.array([7, -1, 3, 7, -1, 3, 7]))
    assert numbers.tolist() == [0, 1, 2, 0, 3, 2, 0]
    assert turns.tolist() == [0, 0, 0, 1, 0, 1, 2]
