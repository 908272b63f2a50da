"""Chrome traces."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest

from assay.core.errors import UsageError
from assay.serving.results.timeline import MOST_EVENTS, write_timeline
from assay.serving.simulation.limits import Limits
from assay.serving.simulation.served import Served
from tests.serving.results.runs import LIMITS, apart, crowd, requests, serve


def trace(served: Served, limits: Sequence[Limits], most_events: int = MOST_EVENTS) -> dict[str, Any]:
    stream = io.StringIO()
    write_timeline(served, limits, stream, most_events=most_events)
    found: dict[str, Any] = json.loads(stream.getvalue())
    return found


def steps(found: dict[str, Any], pid: int) -> list[dict[str, Any]]:
    return [event for event in found["traceEvents"] if event["ph"] == "X" and event["pid"] == pid]


@pytest.mark.parametrize("most_events", [MOST_EVENTS, 300])
def test_steps_of_a_replica_follow_each_other_within_the_run(most_events: int) -> None:
    served = crowd()
    found = trace(served, [LIMITS], most_events)
    for pid in (0, 1):
        track = steps(found, pid)
        for earlier, later in pairwise(track):
            assert earlier["dur"] >= 0
            assert earlier["ts"] + earlier["dur"] <= later["ts"] + 1e-3
        assert track[0]["ts"] >= served.sent_s.min() * 1e6 - 1e-3
        assert track[-1]["ts"] + track[-1]["dur"] <= served.finish_s.max() * 1e6 + 1e-3


@pytest.mark.parametrize("most_events", [MOST_EVENTS, 300, 60])
def test_work_is_kept_when_bursts_are_drawn_as_one(most_events: int) -> None:
    served = crowd()
    found = trace(served, [LIMITS], most_events)
    drawn = [event["args"] for pid in (0, 1) for event in steps(found, pid)]
    journals = [journal.columns() for journal in served.journals[0]]
    assert sum(args["prefill_tokens"] for args in drawn) == served.requests.input_tokens.sum()
    assert sum(args["steps"] for args in drawn) == sum(each["steps"].sum() for each in journals)
    assert sum(args["bursts"] for args in drawn) == found["otherData"]["bursts"]
    assert max(args["waiting"] for args in drawn) == max(each["waiting"].max() for each in journals)
    assert all(0 <= args["kv_share"] <= 1 for args in drawn)


def test_the_cap_holds_and_the_file_says_so() -> None:
    served = crowd()
    whole = trace(served, [LIMITS])
    assert whole["otherData"]["bursts_per_event"] == 1
    assert whole["otherData"]["note"] == "every burst is shown"
    for most_events in (400, 150, 40, 14):
        found = trace(served, [LIMITS], most_events)
        assert len([event for event in found["traceEvents"] if event["ph"] != "M"]) <= most_events
        assert found["otherData"]["bursts_per_event"] > 1
        assert "drawn as one" in found["otherData"]["note"]
    with pytest.raises(UsageError, match="5 events do not show 2 replicas"):
        trace(served, [LIMITS], 5)


def test_tracks_are_named_and_counters_fall_when_a_replica_is_idle() -> None:
    served = serve(requests([0.0, 10.0], [40, 40], [5, 5]))
    found = trace(served, [LIMITS])
    names = [event["args"]["name"] for event in found["traceEvents"] if event["ph"] == "M"]
    assert names == ["serving replica 0", "steps"]
    assert [event["name"] for event in steps(found, 0)] == ["prefill", "decode", "prefill", "decode"]
    batch = [
        (event["ts"], event["args"]["sequences"])
        for event in found["traceEvents"]
        if event["ph"] == "C" and event["name"] == "batch"
    ]
    assert [at for at, _ in batch] == pytest.approx([0.0, 4e4, 8e4, 1e7, 1.004e7, 1.008e7])
    assert [value for _, value in batch] == [0, 1, 0, 0, 1, 0]


def test_pools_are_processes() -> None:
    served, limits = apart()
    names = [event["args"]["name"] for event in trace(served, limits)["traceEvents"] if event["name"] == "process_name"]
    assert names == ["prefill replica 0", "decode replica 0", "decode replica 1"]
