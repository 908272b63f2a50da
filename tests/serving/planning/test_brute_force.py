"""Whole arrays find what a walk through every deployment, one at a time, finds."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
import pytest

from assay.engine.deployment import Deployment
from assay.engine.memory import memory_use
from assay.engine.step import decode_step, prefill_step
from assay.llm.layout import Layout
from assay.serving.closed_loop import steady_state
from assay.serving.planning.answer import plan
from assay.serving.planning.request import PlanRequest
from assay.serving.planning.variant import with_chunks
from tests.engine.deployments import deployment
from tests.serving.planning.questions import DENSE, asked

BATCHES = (1.0, 6.0, 24.0)
CHUNKS = (8192.0, 2048.0)  # the framework's own first
REQUEST = asked(pp=1, input_tokens=1024.0, output_tokens=256.0, ttft_s=0.6, tpot_s=0.03)


@dataclass(frozen=True)
class Found:
    """A deployment of the walk."""

    chips: float
    requests_per_s: float
    tpot_s: float


@pytest.fixture(autouse=True)
def small_space(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assay.serving.planning.points.BATCHES", np.array(BATCHES))
    monkeypatch.setattr("assay.serving.planning.variant.CHUNKS", CHUNKS[1:])


def deployments() -> list[tuple[Deployment, float]]:
    cases = []
    for tp, chunk in itertools.product((1, 2, 4), CHUNKS):
        each = deployment(DENSE, "h20-96gb", "vllm", Layout(tp=tp))
        cases.append((replace(each, engine=with_chunks(each.engine, chunk)), chunk))
    return cases


def batches(each: Deployment, request: PlanRequest) -> list[float]:
    capacity = np.floor(float(memory_use(each, request.input_tokens, request.output_tokens).sequences))
    return sorted({min(batch, capacity) for batch in BATCHES if capacity >= 1})


def alone(request: PlanRequest, chips: int) -> list[Found]:
    found = []
    for each, _chunk in deployments():
        for batch in batches(each, request):
            state = steady_state(each, request.workload, batch)
            if float(state.ttft_s) > request.ttft_s or float(state.tpot_s) > request.tpot_s:
                continue
            instances = chips // int(each.layout.chips)
            rate = instances * float(state.output_tok_per_s) / request.output_tokens
            found.append(Found(instances * float(each.layout.chips), rate, float(state.tpot_s)))
    return found


def in_pools(request: PlanRequest, chips: int) -> list[Found]:
    number = deployments()[0][0].engine.number
    senders, receivers = [], []
    for each, chunk in deployments():
        for prompts in {1.0, max(chunk // request.input_tokens, 1.0)}:
            seconds = float(prefill_step(each, prompts, request.input_tokens).seconds)
            passes = max(-(-prompts * request.input_tokens // chunk), 1.0)
            launches_s = number("prefill_launch_s") * each.architecture.layers * passes
            senders.append((each, prompts, seconds, number("first_token_overhead_s") + launches_s + seconds))
        for batch in batches(each, request):
            step_s = float(decode_step(each, batch, request.input_tokens + request.output_tokens / 2).seconds)
            receivers.append((each, batch, step_s))
    found = []
    for (p, prompts, seconds, first_s), (d, batch, step_s) in itertools.product(senders, receivers):
        kv_bytes = request.input_tokens * 2 * 8 * 128 * 64 * 2  # K and V, 8 heads of 128, 64 layers, bf16
        nic = p.silicon.nic_bytes_per_s * min(float(p.layout.chips), float(d.layout.chips))
        wait_s = request.ttft_s - first_s - kv_bytes / nic - number("stream_interval_steps") * step_s
        if wait_s <= 0 or step_s > request.tpot_s:
            continue
        load = min(2 * wait_s / seconds / (1 + 2 * wait_s / seconds), 0.95)
        for n_p, n_d in itertools.product(range(1, chips), repeat=2):
            used = n_p * float(p.layout.chips) + n_d * float(d.layout.chips)
            if used <= chips:
                rate = min(n_p * load * prompts / seconds, n_d * batch / (request.output_tokens * step_s))
                found.append(Found(used, rate, step_s))
    return found


@pytest.mark.parametrize("chips", [2, 4, 7])
@pytest.mark.parametrize("tpot_s", [0.021, 0.04])
def test_the_most_throughput_of_the_chips(chips: int, tpot_s: float) -> None:
    request = replace(REQUEST, chips=chips, tpot_s=tpot_s)
    every = alone(request, chips) + in_pools(request, chips)
    best = max(each.requests_per_s for each in every)
    answer = plan(request)
    assert answer.choice.requests_per_s == pytest.approx(best, rel=1e-9)
    for option in answer.pareto:
        as_fast = [each.requests_per_s for each in every if each.tpot_s <= option.tpot_s.value * (1 + 1e-9)]
        assert option.requests_per_s == pytest.approx(max(as_fast), rel=1e-9)


@pytest.mark.parametrize("rate_per_s", [0.5, 6.0])
def test_the_fewest_chips_for_a_load(rate_per_s: float) -> None:
    """No number of chips below the answer's carries the load: with all of them, one pool at nine tenths, or two."""
    request = replace(REQUEST, chips=None, rate_per_s=rate_per_s)
    answer = plan(request)
    chips = answer.choice.chips
    for fewer in range(1, chips):
        assert all(0.9 * each.requests_per_s < rate_per_s for each in alone(request, fewer))
    assert answer.choice.requests_per_s == rate_per_s
