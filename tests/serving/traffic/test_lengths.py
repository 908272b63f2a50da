"""Distributions of lengths: their moments, their ends, and how they are written."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import UsageError
from assay.serving.traffic.lengths import (
    Empirical,
    Fixed,
    Length,
    LogNormal,
    Normal,
    Uniform,
    around,
    parse_length,
    up_to,
)

COUNT = 100_000
TOKENS = st.integers(1, 10**9)
LENGTHS = st.one_of(
    st.builds(Fixed, TOKENS),
    st.tuples(TOKENS, TOKENS).map(lambda ends: Uniform(min(ends), max(ends))),
    st.builds(Normal, TOKENS, st.floats(0, 1e9)),
    st.builds(LogNormal, TOKENS, st.floats(0, 100)),
    st.lists(TOKENS, min_size=1).map(lambda seen: Empirical(np.array(seen))),
)


def drawn(length: Length, seed: int = 1) -> np.ndarray:
    return length.draw(np.random.default_rng(seed), COUNT)


@given(LENGTHS, st.integers(0, 2**32), st.integers(0, 50))
def test_lengths_are_whole_positive_and_follow_from_the_seed(length: Length, seed: int, count: int) -> None:
    one, other = (length.draw(np.random.default_rng(seed), count) for _ in range(2))
    assert one.dtype == np.int64
    assert len(one) == count
    assert (one >= 1).all()
    assert (one == other).all()


@pytest.mark.parametrize(
    ("length", "mean", "cv"),
    [
        (Fixed(4096), 4096, 0.0),
        (Uniform(1, 1001), 501, 1000 / 12**0.5 / 501),
        (Normal(4096, 512), 4096, 0.125),
        (LogNormal(4096, 0.8), 4096, 0.8),
        (LogNormal(100, 2.0), 100, 2.0),
        (Empirical(np.array([100, 300])), 200, 0.5),
    ],
)
def test_means_and_coefficients_of_variation_are_those_asked_for(length: Length, mean: float, cv: float) -> None:
    found = drawn(length)
    assert found.mean() == pytest.approx(mean, rel=0.02)
    assert found.std() / found.mean() == pytest.approx(cv, rel=0.05)


def test_a_normal_is_cut_off_not_piled_up_at_1() -> None:
    found = drawn(Normal(20, 40))
    below = 0.5  # rounds to 1
    expected = scipy.stats.truncnorm((below - 20) / 40, np.inf, 20, 40)
    assert found.mean() == pytest.approx(expected.mean(), rel=0.02)
    assert (found == 1).mean() == pytest.approx(expected.cdf(1.5), rel=0.1)


@pytest.mark.parametrize(
    ("length", "low", "high"),
    [
        (around(1000, 0.25), 750, 1250),
        (around(10, 0.33), 6, 14),
        (around(1, 0.9), 1, 2),
        (up_to(1024, 0.8), 819, 1024),
        (up_to(1024, 1.0), 1024, 1024),
        (up_to(10, 0.0), 1, 10),
    ],
)
def test_range_ratios_of_benchmarks_reach_both_ends(length: Length, low: int, high: int) -> None:
    found = drawn(length)
    assert (found.min(), found.max()) == (low, high)


def test_what_was_seen_is_drawn_as_often_as_it_was_seen() -> None:
    values, counts = np.unique(drawn(Empirical(np.array([7, 9, 9, 9]))), return_counts=True)
    assert values.tolist() == [7, 9]
    assert counts[1] / COUNT == pytest.approx(0.75, abs=0.01)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("4096", Fixed(4096)),
        ("4K", Fixed(4096)),
        ("uniform:512-1024", Uniform(512, 1024)),
        ("uniform:1K-2K", Uniform(1024, 2048)),
        ("normal:4096,512", Normal(4096, 512)),
        ("normal:4K, 0.5", Normal(4096, 0.5)),
        ("lognormal:4096,0.8", LogNormal(4096, 0.8)),
        ("range:4096,0.8", Uniform(3276, 4096)),
    ],
)
def test_a_distribution_is_written_in_a_word(text: str, length: Length) -> None:
    assert parse_length(text) == length


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "'' is no length"),
        ("0", "'0' is no length: '0' is not a positive whole number"),
        ("many", "'many' is no length"),
        ("zipf:1,2", "'zipf' is no distribution"),
        ("uniform:512", "needs two numbers with '-' between"),
        ("uniform:1024-512", "the first is the larger"),
        ("normal:4096", "needs two numbers with ',' between"),
        ("normal:4096,-1", "not from 0"),
        ("normal:4096,nan", "not from 0"),
        ("lognormal:4096,x", "'x' is not a number"),
        ("lognormal:4096,101", "not from 0 to 100"),
        ("range:4096,1.5", "not from 0 to 1"),
        ("99999999999", "not from 1 to 1,000,000,000"),
    ],
)
def test_what_is_no_length_says_why(text: str, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_length(text)
    assert problem in caught.value.message


def test_no_ratio_of_1_around_a_nominal_length_and_nothing_to_draw_from() -> None:
    with pytest.raises(UsageError):
        around(100, 1.0)
    with pytest.raises(UsageError):
        Empirical(np.array([], np.int64))


@given(st.text() | st.tuples(st.sampled_from(["uniform", "normal", "lognormal", "range"]), st.text()).map(":".join))
def test_any_text_is_a_length_or_a_mistake_of_usage(text: str) -> None:
    try:
        length = parse_length(text)
    except UsageError:
        return
    assert (length.draw(np.random.default_rng(0), 3) >= 1).all()
