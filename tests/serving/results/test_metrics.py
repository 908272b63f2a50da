"""The summary against plain arithmetic on the columns."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings

from assay.core.errors import UsageError
from assay.serving.results.metrics import summary
from assay.serving.simulation.limits import Limits
from assay.serving.traffic.requests import Requests
from tests.serving.results.runs import LIMITS, Flat, Witness, apart, asked, crowd, requests, serve
from tests.serving.simulation.test_instance import Bent


def test_latencies_are_those_of_numpy() -> None:
    served = crowd()
    summed = summary(served, [LIMITS], 8)
    outputs = served.requests.output_tokens
    tpot_s = (served.finish_s - served.first_token_s)[outputs > 1] / (outputs[outputs > 1] - 1)
    for ours, values in (
        (summed.ttft_s, served.first_token_s - served.sent_s),
        (summed.e2el_s, served.finish_s - served.sent_s),
        (summed.tpot_s, tpot_s),
    ):
        assert ours.mean == pytest.approx(values.mean())
        assert ours.std == pytest.approx(values.std())
        assert [ours.p50, ours.p90, ours.p99] == pytest.approx(np.percentile(values, [50, 90, 99]))
    assert summed.output_tok_per_s_per_user == pytest.approx((1 / tpot_s).mean())


def test_rates_are_tokens_and_requests_over_the_time() -> None:
    served = crowd()
    summed = summary(served, [LIMITS], 8)
    assert summed.duration_s == served.finish_s.max() - served.sent_s.min()
    assert summed.output_tok_per_s * summed.duration_s == pytest.approx(served.requests.output_tokens.sum())
    assert summed.output_tok_per_s_per_chip == pytest.approx(summed.output_tok_per_s / 8)
    tokens = served.requests.input_tokens.sum() + served.requests.output_tokens.sum()
    assert summed.total_tok_per_s * summed.duration_s == pytest.approx(tokens)
    assert summed.requests_per_s * summed.duration_s == pytest.approx(60)


@settings(max_examples=150)
@given(asked())
def test_every_prompt_token_is_computed_and_every_later_answer_token_has_a_gap(load: Requests) -> None:
    served = serve(load, replicas=2)
    computed = sum(replica.columns()["prefill_tokens"].sum() for replica in served.journals[0])
    assert computed == load.input_tokens.sum()
    assert summary(served, [LIMITS], 1).itl_s.count == (load.output_tokens - 1).sum()


@settings(max_examples=150)
@given(asked())
def test_itl_is_that_of_a_scheduler_that_walks_token_by_token(load: Requests) -> None:
    tokens_s = Witness(Bent(0.01, 0.0), LIMITS, 0).tokens_s(load)
    gaps_s = np.concatenate([np.diff(each) for each in tokens_s])
    ours = summary(serve(load, steps=Bent(0.01, 0.0)), [LIMITS], 1).itl_s
    assert ours.count == len(gaps_s)
    if ours.count:
        expected = [gaps_s.mean(), gaps_s.min(), gaps_s.max(), *np.percentile(gaps_s, [1, 50, 90, 99])]
        assert [ours.mean, ours.min, ours.max, ours.p1, ours.p50, ours.p90, ours.p99] == pytest.approx(expected)


def test_goodput_by_hand() -> None:
    # One sequence at a time: prompts of 100 ms, answers of 1 and 11 tokens at 10 ms.
    served = serve(
        requests([0.0, 0.0, 0.0], [100, 100, 100], [11, 1, 11]), replace(LIMITS, max_num_seqs=1, chunk_tokens=100)
    )
    assert served.ttft_s == pytest.approx([0.1, 0.3, 0.4])
    assert served.duration_s == pytest.approx(0.5)
    both = summary(served, [LIMITS], 1, ttft_s=0.35, tpot_s=0.011)
    assert (both.good_requests, both.goodput_requests_per_s) == (2, pytest.approx(4.0))
    assert both.good_share == pytest.approx(2 / 3)
    assert summary(served, [LIMITS], 1, ttft_s=0.35, tpot_s=0.009).good_requests == 1  # an answer of one token: TPOT 0
    assert summary(served, [LIMITS], 1, tpot_s=0.009).good_requests == 1
    assert summary(served, [LIMITS], 1, ttft_s=0.05).good_requests == 0
    free = summary(served, [LIMITS], 1)
    assert (free.good_requests, free.goodput_requests_per_s, free.good_share) == (None, None, None)


def test_answers_of_one_token_have_no_tpot() -> None:
    summed = summary(serve(requests([0.0], [10], [1])), [LIMITS], 1)
    assert summed.tpot_s.count == summed.itl_s.count == 0
    shown = json.loads(json.dumps(summed.as_dict(), allow_nan=False))
    assert shown["tpot_s"]["mean"] is shown["output_tok_per_s_per_user"] is None


def test_prefix_hits_are_a_share_of_the_prompt_tokens() -> None:
    blocks = (tuple(range(8)), tuple(range(8)))
    load = Requests(
        np.array([0.0, 5.0]), np.array([33, 33]), np.array([2, 2]), np.array([-1, -1]), blocks, block_tokens=4
    )
    assert summary(serve(load), [LIMITS], 1).prefix_hit_share == pytest.approx(32 / 66)
    assert summary(serve(load, replace(LIMITS, prefix_caching=False)), [LIMITS], 1).prefix_hit_share == 0.0


def test_a_full_cache_preempts() -> None:
    tight = replace(LIMITS, kv_blocks=40)
    served = crowd(limits=tight, replicas=1)
    summed = summary(served, [tight], 1)
    assert summed.preempted_requests == np.count_nonzero(served.preemptions) > 0
    assert 0.9 < summed.pools[0].peak_kv_share <= 1.0


@pytest.mark.parametrize("accepted", [Fraction(1), Fraction(2)])
def test_use_by_hand(accepted: Fraction) -> None:
    limits = replace(LIMITS, accepted_tokens=accepted)
    served = serve(requests([0.0, 1.0], [40, 40], [81, 81]), limits, replicas=2)
    (use,) = summary(served, [limits], 1).pools
    steps_s = 0.8 / accepted
    assert use.busy_share == pytest.approx(2 * (0.04 + steps_s) / 2 / float(1.04 + steps_s))
    assert (use.mean_batch, use.max_batch) == (pytest.approx(1.0), 1)
    assert (use.mean_queue, use.max_queue) == (0.0, 0)
    assert use.peak_kv_share * limits.kv_blocks == pytest.approx((40 + 81) / 4, abs=1.0)


def test_queue_is_the_waiting_of_its_requests_over_the_time() -> None:
    alone = replace(LIMITS, max_num_seqs=1, chunk_tokens=1000)
    served = serve(requests([0.01 * each for each in range(50)], [50] * 50, [20] * 50), alone)
    waited_s = served.ttft_s - 0.05  # the prompt takes the rest
    (use,) = summary(served, [alone], 1).pools
    assert use.mean_queue == pytest.approx(waited_s.sum() / served.duration_s, rel=0.02)
    assert use.max_queue == pytest.approx(50, abs=12)


@pytest.mark.parametrize("most", [4, 8, 64])
def test_a_queue_that_comes_and_goes_is_estimated(most: int) -> None:
    limits = replace(LIMITS, max_num_seqs=most)
    served = crowd(300, limits=limits, replicas=1)
    walked = Witness(Bent(0.01, 1e-6), limits, 0)
    walked.tokens_s(served.requests)
    (use,) = summary(served, [limits], 1).pools
    assert use.mean_queue == pytest.approx(walked.waited_s / served.duration_s, rel=0.1)


@settings(max_examples=100)
@given(asked())
def test_shares_are_shares(load: Requests) -> None:
    served = serve(load, replicas=2)
    (use,) = summary(served, [LIMITS], 1).pools
    assert 0.0 < use.busy_share <= 1.0 + 1e-9
    assert 0.0 < use.peak_kv_share <= 1.0
    assert use.mean_batch <= use.max_batch * (1 + 1e-9) <= LIMITS.max_num_seqs * (1 + 1e-9)
    assert use.mean_queue <= use.max_queue * (1 + 1e-9)


def test_pools_are_told_apart() -> None:
    served, limits = apart()
    prefill, decode = summary(served, limits, 3).pools
    assert (prefill.name, prefill.replicas, prefill.max_batch) == ("prefill", 1, 0)
    assert (decode.name, decode.replicas) == ("decode", 2)
    assert decode.max_batch > 0
    assert prefill.busy_share * served.duration_s == pytest.approx(0.130)


def test_limits_belong_to_pools_and_chips_are_needed() -> None:
    served, limits = apart()
    with pytest.raises(UsageError, match="2 pools"):
        summary(served, [limits[0]], 1)
    with pytest.raises(UsageError, match="0 chips"):
        summary(served, limits, 0)


def test_the_fullest_cache_is_that_seen_step_by_step() -> None:
    limits = Limits(kv_blocks=10_000, block_tokens=4, chunk_tokens=64)
    load = crowd(limits=limits, replicas=1).requests
    walked = Witness(Flat(), limits, 0)
    walked.tokens_s(load)
    served = serve(load, limits)
    (use,) = summary(served, [limits], 1).pools
    assert use.peak_kv_share * limits.kv_blocks == pytest.approx(walked.peak, abs=use.max_batch)
