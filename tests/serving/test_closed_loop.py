"""The steady state of a closed loop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.engine.deployment import Deployment
from assay.engine.step import decode_step, prefill_step
from assay.llm.layout import Layout
from assay.serving.closed_loop import Harness, Workload, steady_state
from tests.engine.deployments import DENSE, LATENT, deployment

WORK = Workload(4096, 1024)
CASES = [
    pytest.param(deployment(DENSE, framework="vllm"), id="mixed steps"),
    pytest.param(deployment(DENSE, framework="sglang"), id="alternating steps"),
    pytest.param(deployment(LATENT, "h200-sxm", "sglang", Layout(tp=1, dp=8, ep=8)), id="ranks prefill together"),
    pytest.param(deployment(DENSE, "l40s", "vllm", Layout(tp=2, pp=2)), id="pipeline"),
]


@pytest.mark.parametrize("case", CASES)
def test_alone_there_is_no_queue_and_no_interference(case: Deployment) -> None:
    state = steady_state(case, WORK, 1)
    assert float(state.interference_s) == pytest.approx(0)
    assert float(state.queue_s) == pytest.approx(0)
    assert float(state.tpot_s) == pytest.approx(float(decode_step(case, 1, 4096 + 512).seconds))
    assert float(state.ttft_s) > float(prefill_step(case, 1, 4096).seconds)


@pytest.mark.parametrize("case", CASES)
@settings(max_examples=15)
@given(ranks=st.integers(1, 100), more=st.integers(1, 50))
def test_more_concurrency_is_slower_for_each_and_faster_for_all(case: Deployment, ranks: int, more: int) -> None:
    few, many = ranks * case.layout.dp, (ranks + more) * case.layout.dp
    state = steady_state(case, WORK, np.array([few, many], dtype=float))
    assert np.diff(state.tpot_s)[0] >= -1e-12
    assert np.diff(state.ttft_s)[0] >= -1e-12
    if ranks + more <= 8:  # throughput need not rise for ever: prefills saturate the chips
        assert np.diff(state.output_tok_per_s)[0] > 0


@pytest.mark.parametrize("case", CASES)
def test_the_fixed_point_is_one(case: Deployment) -> None:
    """One more turn of the equation moves TPOT by less than 1 in 1,000."""
    for concurrency in (8, 64, 256):
        state = steady_state(case, WORK, concurrency * case.layout.dp)
        tpot, prefill = float(state.tpot_s), float(state.prefill.seconds)
        decode = float(state.decode.seconds)
        share = WORK.output_tokens * tpot / (WORK.output_tokens * tpot + prefill)
        once = decode + (tpot - decode)  # D n / output at the answer
        residual = abs(once - tpot) / tpot
        assert residual < 1e-3
        assert 0 < share <= 1


def test_throughput_is_littles_law() -> None:
    state = steady_state(deployment(), WORK, 32)
    request_s = float(state.ttft_s) + WORK.output_tokens * float(state.tpot_s)
    assert float(state.output_tok_per_s) == pytest.approx(32 * WORK.output_tokens / request_s)


def test_arrays_equal_numbers() -> None:
    case = deployment(LATENT, "h200-sxm", "sglang", Layout(tp=1, dp=8, ep=8))
    together = steady_state(case, WORK, np.array([8.0, 64.0, 512.0]))
    for index, concurrency in enumerate((8, 64, 512)):
        alone = steady_state(case, WORK, concurrency)
        assert np.asarray(together.tpot_s)[index] == pytest.approx(float(alone.tpot_s))
        assert np.asarray(together.ttft_s)[index] == pytest.approx(float(alone.ttft_s))


def test_a_prefix_cache_shortens_the_wait() -> None:
    case = deployment()
    cold, warm = (steady_state(case, work, 64) for work in (WORK, Workload(4096, 1024, 3000)))
    assert float(warm.ttft_s) < float(cold.ttft_s)
    assert float(warm.tpot_s) < float(cold.tpot_s)


def test_a_burst_and_late_delivery_show_in_the_first_token_only() -> None:
    case = deployment()
    steady, burst = steady_state(case, WORK, 64), steady_state(case, WORK, 64, Harness(0.5, 0.0, 10.0))
    assert float(burst.ttft_s) > float(steady.ttft_s)
    assert float(burst.tpot_s) == pytest.approx(float(steady.tpot_s))
