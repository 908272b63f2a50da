"""The requests of a simulation as AIPerf's profile_export.jsonl has them (AIPerf 0.13.0)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final, TextIO

import numpy as np

from assay.core.array import FloatArray
from assay.serving.results.chunks import Chunks
from assay.serving.results.run import Run
from assay.serving.simulation.limits import Limits
from assay.serving.simulation.served import Served
from assay.serving.traffic.requests import IntArray

NS_PER_S: Final = 1_000_000_000
DIGITS: Final = 6
"""Of milliseconds: AIPerf's clock counts nanoseconds."""


def write_aiperf_records(served: Served, limits: Sequence[Limits], run: Run, stream: TextIO) -> None:
    """Write one record a line, one after the other."""
    for record in aiperf_records(served, limits, run):
        stream.write(json.dumps(record, separators=(",", ":")))
        stream.write("\n")


def aiperf_records(served: Served, limits: Sequence[Limits], run: Run) -> Iterator[dict[str, Any]]:
    """Yield a record a request: whose it is, and its metrics in AIPerf's units.

    Stamps are nanoseconds since 1970 of the simulated clock. Nobody acknowledges a request, so that stamp is null; the
    worker is the replica.
    """
    chunks = Chunks(served, limits)
    sessions, turns = conversations(served.requests.session)
    begin_ns, end_ns = (_stamps_ns(run, column) for column in (served.sent_s, served.finish_s))
    for index in range(len(served.requests)):
        conversation = f"conversation-{sessions[index]}"
        yield {
            "metadata": {
                "session_num": int(sessions[index]),
                "x_request_id": f"request-{index}",
                "x_correlation_id": conversation,
                "conversation_id": conversation,
                "turn_index": int(turns[index]),
                "request_start_ns": int(begin_ns[index]),
                "request_ack_ns": None,
                "request_end_ns": int(end_ns[index]),
                "worker_id": f"replica-{served.replica[index]}",
                "record_processor_id": "assay",
                "benchmark_phase": "profiling",
                "was_cancelled": False,
                "cancellation_time_ns": None,
            },
            "metrics": {
                tag: {"value": value, "unit": unit}
                for tag, value, unit in _metrics(served, index, chunks.gaps_s(index))
            },
            "error": None,
        }


def conversations(session: IntArray) -> tuple[IntArray, IntArray]:
    """Return the number of each request's conversation, in the order in which they begin, and its turn in it.

    A request that belongs to none (-1) is one of its own.
    """
    count = len(session)
    own = np.where(session < 0, -1 - np.arange(count), session)
    _, begin, number = np.unique(own, return_index=True, return_inverse=True)
    rank = np.empty(len(begin), dtype=np.int64)
    rank[np.argsort(begin)] = np.arange(len(begin))
    numbers = rank[number]
    order = np.argsort(numbers, kind="stable")
    sizes = np.bincount(numbers)
    turns = np.empty(count, dtype=np.int64)
    turns[order] = np.arange(count) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return numbers, turns


def _stamps_ns(run: Run, moments_s: FloatArray) -> IntArray:
    started_ns = round(run.started.timestamp() * 1e6) * 1000  # a datetime knows microseconds
    return np.rint(moments_s * NS_PER_S).astype(np.int64) + started_ns


def _metrics(served: Served, index: int, gaps_s: FloatArray) -> list[tuple[str, Any, str]]:
    """Return tag, value and unit; those between tokens only where there are two."""
    output = int(served.requests.output_tokens[index])
    sent_s, first_s, finish_s = (
        float(column[index]) for column in (served.sent_s, served.first_token_s, served.finish_s)
    )
    metrics: list[tuple[str, Any, str]] = [
        ("input_sequence_length", int(served.requests.input_tokens[index]), "tokens"),
        ("time_to_first_token", _ms(first_s - sent_s), "ms"),
        ("request_latency", _ms(finish_s - sent_s), "ms"),
        ("output_token_count", output, "tokens"),
        ("output_sequence_length", output, "tokens"),
    ]
    if finish_s > first_s:
        tpot_s = (finish_s - first_s) / (output - 1)
        metrics += [
            ("inter_chunk_latency", np.round(1e3 * gaps_s, DIGITS).tolist(), "ms"),
            ("inter_token_latency", _ms(tpot_s), "ms"),
            ("output_token_throughput_per_user", 1.0 / tpot_s, "tokens/sec/user"),
        ]
    return metrics


def _ms(seconds: float) -> float:
    return round(1e3 * seconds, DIGITS)
