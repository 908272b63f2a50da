"""Measured deployments, simulated as their load generators drove them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assay.serving.closed_loop import Workload, steady_state
from assay.validation.deployments import deployment_of
from assay.validation.disaggregated import Pools
from assay.validation.measured import Measured
from assay.validation.simulated import (
    POOLS,
    Additions,
    Simulated,
    additions,
    fit,
    requests_of,
    simulated,
    simulated_pools,
)
from tests.validation.sample import sample

ROWS = [row for row in sample() if row.concurrency <= 16]


def test_the_harness_sends_what_it_says() -> None:
    infx = next(row for row in sample() if row.harness == "infx")
    sent = requests_of(infx)
    assert len(sent) == 10 * infx.concurrency
    assert sent.input_tokens.min() >= int(0.8 * infx.input_tokens)
    assert sent.input_tokens.max() <= infx.input_tokens
    assert (sent.arrival_s == 0).all()
    waves = next(row for row in sample() if row.harness == "gap" and row.framework == "sglang")
    assert set(requests_of(waves).output_tokens.tolist()) == {round(waves.output_tokens)}
    others = next(row for row in sample() if row.harness == "gap" and row.framework == "trtllm")
    assert np.std(requests_of(others).output_tokens) > 0


def test_errors_do_not_grow() -> None:
    """On a small sample, fitted on all chips. A better model lowers these bounds; a worse one may not raise them."""
    found = simulated(ROWS)
    tpot = np.array([each.tpot_s / (each.row.tpot_s or 1.0) - 1 for each in found])
    ttft = np.array(
        [
            (each.ttft_s + additions(each.row.framework, each.row.harness).added_s(each)) / (each.row.ttft_s or 1.0) - 1
            for each in found
        ]
    )
    assert np.median(np.abs(tpot)) < 0.075
    assert np.median(np.abs(ttft)) < 0.25


def test_means_are_those_of_the_closed_form() -> None:
    row = next(row for row in sample() if row.framework == "vllm" and row.harness == "infx" and row.concurrency == 16)
    (found,) = simulated([row])
    state = steady_state(deployment_of(row), Workload(0.9 * row.input_tokens, 0.9 * row.output_tokens), row.concurrency)
    assert found.tpot_s == pytest.approx(float(state.tpot_s), rel=0.12)


def test_pools_decode_apart() -> None:
    infx = next(row for row in sample() if row.harness == "infx" and row.input_tokens > row.output_tokens)
    row = replace(infx, concurrency=8, mode="decode worker")
    side = replace(row, mode="prefill worker")
    (found,) = simulated_pools([Pools(side, row, 2, 1)])
    assert found.row.harness == POOLS
    (together,) = simulated([replace(row, mode="aggregated")])
    assert found.tpot_s < together.tpot_s  # nothing prefills in between


def test_the_fit_finds_what_was_added() -> None:
    random = np.random.default_rng(3)
    true = Additions(first_token_s=0.03, steps=5.0, launch_s=4e-5, prefills=0.3, burst=0.02, stream=0.1, balance=0.3)
    found = []
    for row in [row for row in sample() if row.harness == "infx"] * 3:
        each = Simulated(
            row,
            ttft_s=random.uniform(0.05, 0.5),
            tpot_s=0.01,
            output_tok_per_s=1.0,
            step_s=random.uniform(0.005, 0.05),
            prefill_s=random.uniform(0.01, 0.1),
            stream_s=0.0,
            balance_s=0.0,
            launches=random.uniform(30, 200),
        )
        found.append(replace(each, row=replace(row, ttft_s=each.ttft_s + true.added_s(each))))
    numbers = fit(found)
    errors = [
        (each.ttft_s + numbers[each.row.framework]["infx"].added_s(each)) / (each.row.ttft_s or 1.0) - 1
        for each in found
    ]
    assert np.percentile(np.abs(errors), 90) < 0.03


def test_a_row_without_a_script_has_no_flags() -> None:
    row: Measured = replace(ROWS[0], harness="infx", chip="gb300")
    (found,) = simulated([row])
    assert found.stream_s == found.balance_s == 0.0
