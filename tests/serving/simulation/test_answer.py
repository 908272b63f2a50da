"""What users of a deployment see, from a question in plain values."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from assay.core.errors import Infeasible, NotInCatalogue, Unsupported, UsageError
from assay.serving.closed_loop import Workload, steady_state
from assay.serving.simulation.answer import simulate
from assay.serving.simulation.request import PoolRequest, SimulateRequest
from assay.serving.traffic.traffic import Traffic

TRAFFIC = Traffic(requests=200, input_tokens="uniform:500-1500", output_tokens="uniform:50-150", rate_per_s=3.0)
REQUEST = SimulateRequest(
    model="Qwen/Qwen3-32B", serving=PoolRequest(chip="h200", framework="vllm", tp=2), requests=TRAFFIC, tpot_s=0.03
)


def test_the_same_question_has_the_same_answer() -> None:
    first, second = (json.dumps(simulate(REQUEST).as_dict()) for _ in range(2))
    assert first == second
    other = replace(REQUEST, requests=replace(TRAFFIC, seed=1))
    assert json.dumps(simulate(other).as_dict()) != first


def test_tokens_in_are_tokens_out() -> None:
    answer = simulate(REQUEST)
    requests = TRAFFIC.drawn()
    assert answer.summary.output_tokens == requests.output_tokens.sum()
    assert answer.summary.requests == 200
    assert answer.as_dict()["schema"] == "assay.simulate/1"
    assert answer.summary.good_share == pytest.approx(np.mean(np.nan_to_num(answer.served.tpot_s) <= 0.03))
    assert answer.usd_per_million_output_tokens is not None
    assert answer.joule_per_output_token is not None


def test_a_closed_loop_settles_where_the_closed_form_says() -> None:
    lengths = Traffic(requests=600, input_tokens="range:1000,0.5", output_tokens="range:400,0.5")
    answer = simulate(replace(REQUEST, requests=lengths, concurrency=32))
    workload = Workload(750.0, 300.0)
    state = steady_state(answer.deployments[0], workload, 32)
    assert answer.summary.tpot_s.mean == pytest.approx(float(state.tpot_s), rel=0.1)


def test_bundles_hold_the_first_token_back() -> None:
    plain, bundled = simulate(REQUEST), simulate(replace(REQUEST, stream_interval_tokens=20))
    assert bundled.summary.ttft_s.mean > plain.summary.ttft_s.mean
    assert bundled.summary.e2el_s == plain.summary.e2el_s


def test_more_load_is_never_quicker() -> None:
    means = [
        simulate(replace(REQUEST, requests=replace(TRAFFIC, rate_per_s=rate))).summary.e2el_s.mean
        for rate in (1, 4, 16)
    ]
    assert means == sorted(means)


def test_two_kinds_of_chips_prefill_and_decode() -> None:
    request = SimulateRequest(
        model="Qwen/Qwen3-32B",
        serving=PoolRequest(chip="ascend-910c", tp=4),
        decoding=PoolRequest(chip="h20", framework="vllm", tp=2, replicas=2),
        requests=TRAFFIC,
    )
    answer = simulate(request)
    assert answer.chips == 8
    prefill, decode = answer.summary.pools
    assert prefill.mean_batch == 0
    assert decode.max_batch > 0


def test_without_a_layout_the_fewest_chips_that_hold_it() -> None:
    small = simulate(replace(REQUEST, serving=PoolRequest(chip="h20", framework="vllm")))
    assert small.chips == 1
    large = replace(REQUEST, model="deepseek-ai/DeepSeek-R1", serving=PoolRequest(chip="h20", framework="sglang"))
    assert simulate(large).chips == 8


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"serving": PoolRequest(chip="h200", framework="vllm", tp=3)}, Infeasible),
        ({"model": "deepseek-ai/DeepSeek-R1", "serving": PoolRequest(chip="h200", framework="vllm", tp=1)}, Infeasible),
        ({"serving": PoolRequest(chip="h200", framework="mindie", tp=1)}, Unsupported),
        ({"serving": PoolRequest(chip="nothing")}, NotInCatalogue),
        ({"requests": replace(TRAFFIC, input_tokens="900K")}, Infeasible),
        ({"requests": replace(TRAFFIC, input_tokens="wide")}, UsageError),
    ],
)
def test_what_cannot_be_served_says_why(change: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        simulate(replace(REQUEST, **change))


@pytest.mark.parametrize(
    "change",
    [
        {"concurrency": 0},
        {"ramp_s": 3.0},
        {"tpot_s": 0.0},
        {"stream_interval_tokens": 0},
        {"accepted_tokens": 2.0},
        {"serving": PoolRequest(chip="h200", replicas=0)},
    ],
)
def test_contradictions_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        replace(REQUEST, **change)


@pytest.mark.parametrize(
    "change",
    [{"trace": "x.csv"}, {"speed": 2.0}, {"turns": "4", "rate_per_s": None}, {"requests": 0}],
)
def test_traffic_that_contradicts_itself_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        replace(TRAFFIC, **change)
