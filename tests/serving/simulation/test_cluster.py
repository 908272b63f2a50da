"""Replicas behind a router: nothing is lost, nothing is free, and the same question has the same answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import Infeasible
from assay.serving.simulation.cluster import Cluster, Failure, Load, Pool, run
from assay.serving.simulation.limits import Limits
from assay.serving.simulation.router import Policy
from assay.serving.simulation.steps import Chunk, Line
from assay.serving.traffic.requests import Requests

POLICIES: tuple[Policy, ...] = ("round-robin", "least-loaded", "prefix-aware", "session-affine")


@dataclass(frozen=True)
class Even:
    """Steps of 10 ms, prefill of 1 ms a token."""

    ranks: int = 1
    stages: int = 1

    def decode(self, batch: int, context: float) -> Line:  # noqa: ARG002
        return Line(0.01, 0.0, inf)

    def prefill_s(self, chunks: Sequence[Chunk], batch: int) -> float:  # noqa: ARG002
        return 1e-3 * sum(tokens for tokens, _ in chunks)


POOL = Pool(Even(), Limits(kv_blocks=200, block_tokens=4, chunk_tokens=64))


@st.composite
def loads(draw: st.DrawFn) -> Load:
    count = draw(st.integers(1, 30))
    columns = [draw(st.lists(st.integers(1, 60), min_size=count, max_size=count)) for _ in range(2)]
    arrival_s = np.cumsum(draw(st.lists(st.sampled_from([0.0, 0.05, 1.0]), min_size=count, max_size=count)))
    session = np.array(draw(st.lists(st.integers(-1, 3), min_size=count, max_size=count)))
    requests = Requests(arrival_s, np.array(columns[0]), np.array(columns[1]), session)
    return Load(requests, draw(st.sampled_from([None, 1, 4])), 0.0)


@given(
    load=loads(),
    replicas=st.integers(1, 3),
    policy=st.sampled_from(POLICIES),
    split=st.booleans(),
    fails=st.lists(st.tuples(st.floats(0.0, 3.0), st.integers(0, 1), st.integers(0, 2)), max_size=3),
)
def test_everything_is_served_in_order(
    load: Load, replicas: int, policy: Policy, split: bool, fails: list[tuple[float, int, int]]
) -> None:
    limits = POOL.limits
    pools = (
        (
            replace(POOL, replicas=replicas, limits=replace(limits, role="prefill")),
            replace(POOL, replicas=replicas, limits=replace(limits, role="decode")),
        )
        if split
        else (replace(POOL, replicas=replicas),)
    )
    failures = tuple(
        Failure(at_s, pool, replica, 0.5) for at_s, pool, replica in fails if pool < len(pools) and replica < replicas
    )
    cluster = Cluster(pools, policy, lambda tokens: 1e-4 * tokens, 0.002, failures)
    served = run(cluster, load)
    requests = load.requests
    assert np.isfinite(served.finish_s).all()
    assert (served.sent_s >= requests.arrival_s).all()
    # A request is never answered sooner than alone on an idle replica.
    alone_s = 0.002 + 1e-3 * requests.input_tokens
    assert (served.ttft_s >= alone_s - 1e-9).all()
    assert (served.finish_s - served.first_token_s >= 0.01 * (requests.output_tokens - 1) - 1e-9).all() or failures
    if load.concurrency is not None:
        moments = np.concatenate([served.sent_s, served.finish_s])
        change = np.concatenate([np.ones(len(requests)), -np.ones(len(requests))])
        order = np.lexsort((change, np.round(moments, 9)))
        assert np.cumsum(change[order]).max() <= load.concurrency
    again = run(cluster, load)
    assert (again.finish_s == served.finish_s).all()
    for session in set(requests.session.tolist()) - {-1}:
        turns = np.flatnonzero(requests.session == session)
        assert (served.sent_s[turns[1:]] >= served.finish_s[turns[:-1]] - 1e-9).all()


def test_a_turn_on_its_way_waits_for_the_answer_before_it() -> None:
    requests = Requests(
        np.array([0.0, 0.0, 0.05, 1.05]), np.array([5, 60, 54, 1]), np.array([33, 34, 60, 1]), np.array([0, 1, 0, 0])
    )
    served = run(Cluster((POOL,), front_s=0.002), Load(requests))
    assert served.sent_s[2] == served.finish_s[0]
    assert served.sent_s[3] == served.finish_s[2]


def test_one_pool_of_one_is_the_instance_alone() -> None:
    requests = Requests(np.array([0.0, 0.0]), np.array([10, 20]), np.array([3, 3]), np.array([-1, -1]))
    served = run(Cluster((POOL,)), Load(requests))
    # One step computes both prompts, 30 ms; two decode steps follow.
    assert served.first_token_s == pytest.approx([0.03, 0.03])
    assert served.finish_s == pytest.approx([0.05, 0.05])


def test_a_cache_that_travels_arrives_later() -> None:
    requests = Requests(np.zeros(1), np.array([10]), np.array([3]), np.array([-1]))
    pools = tuple(replace(POOL, limits=replace(POOL.limits, role=role)) for role in ("prefill", "decode"))
    served = run(Cluster(pools, transfer_s=lambda tokens: 0.1 * tokens), Load(requests))
    assert served.first_token_s == pytest.approx([0.01 + 1.0])
    assert served.finish_s == pytest.approx([1.01 + 0.02])


def test_a_failure_costs_the_work_since() -> None:
    requests = Requests(np.zeros(1), np.array([10]), np.array([5]), np.array([-1]))
    served = run(Cluster((POOL,), failures=(Failure(0.035, 0, 0, 1.0),)), Load(requests))
    # Two decode steps were whole; 13 tokens are computed again after the restart, then two more steps.
    assert served.first_token_s == pytest.approx([0.01])
    assert served.finish_s == pytest.approx([1.035 + 0.013 + 0.01])


def test_ramping_clients_start_one_after_the_other() -> None:
    requests = Requests(np.zeros(4), np.full(4, 1), np.full(4, 1), np.full(4, -1))
    served = run(Cluster((POOL,)), Load(requests, concurrency=4, ramp_s=8.0))
    assert served.sent_s == pytest.approx([0.0, 2.0, 4.0, 6.0])


def test_prefixes_are_found_where_they_are() -> None:
    blocks = ((1, 2, 3), (7, 8, 9), (1, 2, 3), (7, 8, 9))
    requests = Requests(
        np.array([0.0, 0.0, 5.0, 6.0]), np.full(4, 13), np.full(4, 1), np.full(4, -1), blocks, block_tokens=4
    )
    served = run(Cluster((replace(POOL, replicas=2),), policy="prefix-aware"), Load(requests))
    assert served.cached_tokens.tolist() == [0, 0, 12, 12]
    assert served.replica.tolist() == [0, 1, 0, 1]


def test_a_request_that_no_cache_holds_is_refused() -> None:
    requests = Requests(np.zeros(2), np.array([10, 900]), np.array([3, 3]), np.array([-1, -1]))
    with pytest.raises(Infeasible, match=r"1 of 2 requests .* 903 tokens, 800 fit"):
        run(Cluster((POOL,)), Load(requests))


def test_a_pipeline_hands_a_prompt_on_when_its_last_stage_is_done() -> None:
    requests = Requests(np.zeros(1), np.array([10]), np.array([3]), np.array([-1]))
    pools = tuple(
        Pool(Even(stages=4), replace(POOL.limits, role=role))
        for role in ("prefill", "decode")  # type: ignore[arg-type]
    )
    served = run(Cluster(pools), Load(requests))
    assert served.first_token_s == pytest.approx([0.01])
    assert run(Cluster((Pool(Even(stages=4), POOL.limits),)), Load(requests)).first_token_s == pytest.approx([0.01])
