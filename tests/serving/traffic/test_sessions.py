"""Conversations against a naive account of every token of every prompt."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import UsageError
from assay.serving.traffic.lengths import Fixed, Normal, Uniform
from assay.serving.traffic.requests import Requests
from assay.serving.traffic.sessions import Conversations, conversations

SMALL = st.builds(
    Conversations,
    count=st.integers(1, 6),
    rate_per_s=st.floats(0.01, 100),
    turns=st.just(Uniform(1, 4)),
    new_input_tokens=st.just(Uniform(1, 30)),
    output_tokens=st.just(Uniform(1, 30)),
    system_prompt_tokens=st.integers(0, 40),
    shared_prefixes=st.integers(1, 3),
    think_time_s=st.sampled_from([0.0, 1.0, 60.0]),
    block_tokens=st.sampled_from([1, 7, 16]),
)
MANY = Conversations(20_000, 50.0, Uniform(1, 5), Normal(200, 50), Fixed(100), 1000, 4, 30.0, 64)


def made(asked: Conversations, seed: int = 1) -> Requests:
    return conversations(asked, np.random.default_rng(seed))


def turns_of(requests: Requests, session: int) -> list[int]:
    return np.flatnonzero(requests.session == session).tolist()


@given(SMALL, st.integers(0, 2**32))
def test_a_turn_sends_again_all_that_was_said(asked: Conversations, seed: int) -> None:
    requests = made(asked, seed)
    assert set(requests.session.tolist()) == set(range(asked.count))
    for session in range(asked.count):
        said = asked.system_prompt_tokens
        for turn in turns_of(requests, session):
            assert 1 <= requests.input_tokens[turn] - said <= 30
            said = requests.input_tokens[turn] + requests.output_tokens[turn]


@given(SMALL, st.integers(0, 2**32))
def test_leading_ids_are_equal_exactly_where_tokens_are(asked: Conversations, seed: int) -> None:
    requests = made(asked, seed)
    size = asked.block_tokens
    shared = asked.system_prompt_tokens // size
    blocks = requests.blocks or ((),) * len(requests)
    for ids, tokens in zip(blocks, requests.input_tokens, strict=True):
        assert len(ids) == tokens // size
    for one, other in itertools.combinations(range(len(requests)), 2):
        common = min(len(blocks[one]), len(blocks[other]))
        equal = next((at for at in range(common) if blocks[one][at] != blocks[other][at]), common)
        if requests.session[one] == requests.session[other]:
            assert equal == common
        else:
            assert equal in (0, shared)  # either the same system prompt, or another one
            assert not set(blocks[one][equal:]) & set(blocks[other][equal:])
    assert len({ids[:shared] for ids in blocks}) <= asked.shared_prefixes


@given(SMALL, st.integers(0, 2**32))
def test_conversations_follow_from_the_seed(asked: Conversations, seed: int) -> None:
    one, other = made(asked, seed), made(asked, seed)
    assert one.blocks == other.blocks
    for name in ("arrival_s", "input_tokens", "output_tokens", "session"):
        assert (getattr(one, name) == getattr(other, name)).all()


def test_rates_turns_and_think_times_are_those_asked_for() -> None:
    requests = made(MANY)
    first = np.unique(requests.session, return_index=True)[1]
    starts_s = requests.arrival_s[first]
    assert (np.diff(starts_s) >= 0).all()
    assert np.diff(starts_s).mean() == pytest.approx(1 / 50, rel=0.03)
    assert len(requests) / 20_000 == pytest.approx(3, rel=0.02)
    by_session = np.lexsort((requests.arrival_s, requests.session))
    same = np.diff(requests.session[by_session]) == 0
    think_s = np.diff(requests.arrival_s[by_session])[same]
    assert think_s.mean() == pytest.approx(30, rel=0.02)
    assert think_s.std() == pytest.approx(30, rel=0.03)
    assert (requests.input_tokens[first] - 1000).mean() == pytest.approx(200, rel=0.01)


def test_system_prompts_are_shared_equally_and_a_mixed_block_is_not() -> None:
    requests = made(MANY)
    first = np.unique(requests.session, return_index=True)[1]
    shared = 1000 // 64
    _, counts = np.unique([requests.blocks[turn][0] for turn in first], return_counts=True)
    assert counts / 20_000 == pytest.approx([0.25] * 4, abs=0.02)
    assert len({requests.blocks[turn][:shared] for turn in first}) == 4
    mixed = [requests.blocks[turn][shared] for turn in first if len(requests.blocks[turn]) > shared]
    assert len(set(mixed)) == len(mixed) > 19_000


def test_nothing_is_shared_where_prompts_fill_no_block() -> None:
    assert made(replace(MANY, count=10, block_tokens=10**6)).blocks == ()


@pytest.mark.parametrize(
    "change",
    [
        {"count": 0},
        {"rate_per_s": 0.0},
        {"system_prompt_tokens": -1},
        {"shared_prefixes": 0},
        {"think_time_s": -1.0},
        {"think_time_s": float("nan")},
        {"block_tokens": 0},
    ],
)
def test_numbers_outside_their_range_are_refused(change: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        made(replace(MANY, **change))
