"""The busiest rank of an expert-parallel group."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.llm import routing
from assay.llm.routing import PLACEMENTS, SEED, SKEW, expert_load

SHAPES = st.sampled_from([(8, 2), (128, 8), (256, 8), (384, 8), (512, 22), (16, 1)])


def naive(experts: int, top_k: int, ep: int, tokens: float) -> tuple[float, float]:
    """The same, expert by expert."""
    chances = [(i + 1) ** -SKEW for i in range(experts)]
    for _ in range(30):
        total = sum(chances)
        chances = [min(1.0, chance * top_k / total) for chance in chances]
    generator = np.random.default_rng(SEED)
    active, pairs = [], []
    for _ in range(PLACEMENTS):
        order = generator.permutation(experts)
        ranks = [[chances[i] for i in order[r * experts // ep : (r + 1) * experts // ep]] for r in range(ep)]
        active.append(max(sum(1 - (1 - chance) ** tokens for chance in rank) for rank in ranks))
        pairs.append(max(tokens * sum(rank) for rank in ranks))
    return float(np.mean(active)), float(np.mean(pairs))


@given(shape=SHAPES, ep=st.sampled_from([1, 2, 3, 8, 16]), tokens=st.floats(1, 1e5))
def test_agrees_with_the_naive_count(shape: tuple[int, int], ep: int, tokens: float) -> None:
    load = expert_load(*shape, ep, tokens)
    active, pairs = naive(*shape, ep, tokens)
    assert float(load.pairs) == pytest.approx(pairs, rel=1e-9)
    assert float(load.active_experts) == pytest.approx(max(active, min(pairs, 1.0)), rel=1e-9)


@given(shape=SHAPES, ep=st.sampled_from([1, 2, 4, 8]), tokens=st.floats(0.01, 1e6))
def test_bounds(shape: tuple[int, int], ep: int, tokens: float) -> None:
    experts, top_k = shape
    load = expert_load(experts, top_k, ep, tokens)
    assert tokens * top_k / ep * (1 - 1e-9) <= float(load.pairs) <= tokens * min(top_k, experts / ep) * (1 + 1e-9)
    assert 0 < float(load.active_experts) <= experts / ep * (1 + 1e-9)


@given(shape=SHAPES, ep=st.sampled_from([1, 4, 8]))
def test_more_tokens_reach_more_experts(shape: tuple[int, int], ep: int) -> None:
    load = expert_load(*shape, ep, np.geomspace(1, 1e6, 40))
    assert (np.diff(load.active_experts) >= -1e-9).all()
    assert (np.diff(load.pairs) > 0).all()


def test_one_rank_takes_every_pair() -> None:
    load = expert_load(256, 8, 1, 100.0)
    assert float(load.pairs) == pytest.approx(800)


def test_axes_broadcast() -> None:
    ep, tokens = np.array([[1], [8], [256]]), np.array([1.0, 64.0, 64.0, 4096.0])
    load = expert_load(256, 8, ep, tokens)
    assert np.shape(load.pairs) == np.shape(load.active_experts) == (3, 4)
    for row, column in np.ndindex(3, 4):
        one = expert_load(256, 8, int(ep[row, 0]), float(tokens[column]))
        assert float(np.asarray(load.pairs)[row, column]) == pytest.approx(float(one.pairs))
        assert float(np.asarray(load.active_experts)[row, column]) == pytest.approx(float(one.active_experts))


def test_no_tokens_do_nothing() -> None:
    load = expert_load(8, 8, 2, 0.0)
    assert float(load.pairs) == float(load.active_experts) == 0


def test_popularity_sums_to_the_choices() -> None:
    assert routing._popularity(512, 22).sum() == pytest.approx(22)


@pytest.mark.parametrize("ep", [8, 16, 32, 64, 128, 144, 160])
def test_copies_of_popular_experts_even_out_the_load(ep: int) -> None:
    random, even = (expert_load(256, 8, ep, 4096.0, balanced) for balanced in (False, True))
    mean = 4096 * 8 / ep
    assert mean * (1 - 1e-9) <= float(even.pairs) <= 1.05 * mean
    assert float(even.pairs) < float(random.pairs)
    assert float(even.active_experts) <= -(-256 // ep) + 1 + 1e-9


def test_balanced_and_random_ranks_in_one_call() -> None:
    both = expert_load(256, 8, 16, 100.0, np.array([False, True]))
    for index, balanced in enumerate((False, True)):
        alone = expert_load(256, 8, 16, 100.0, balanced)
        assert np.asarray(both.pairs)[index] == pytest.approx(float(alone.pairs))
