import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from assay.supply.proper import crps, inside, log_score, skill


def test_crps_of_a_normal_is_the_closed_form() -> None:
    """Gneiting and Raftery (2007), equation 21."""
    samples = scipy.stats.norm(2, 3).ppf((np.arange(20_000) + 0.5) / 20_000)
    for outcome in (-4.0, 2.0, 3.7):
        z = (outcome - 2) / 3
        exact = 3 * (z * (2 * scipy.stats.norm.cdf(z) - 1) + 2 * scipy.stats.norm.pdf(z) - 1 / np.sqrt(np.pi))
        assert crps(samples, outcome) == pytest.approx(exact, rel=1e-3)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_crps_of_a_point_is_its_error(point: float, outcome: float) -> None:
    assert crps(np.full(5, point), outcome) == pytest.approx(abs(point - outcome), abs=1e-6)


@given(st.lists(st.floats(0, 1e3), min_size=10, max_size=30), st.floats(0, 1e3))
def test_wider_intervals_hold_what_narrower_ones_hold(samples: list[float], outcome: float) -> None:
    held = [inside(np.array(samples), outcome, level) for level in (0.5, 0.8, 0.9)]
    assert held == sorted(held)


def test_log_score_rewards_the_side_that_came() -> None:
    samples = np.array([0.0] * 9 + [5.0])
    assert log_score(samples, 1.0, 0.0) == pytest.approx(np.log(9.5 / 11))
    assert log_score(samples, 1.0, 7.0) == pytest.approx(np.log(1.5 / 11))


def test_skill_is_one_when_perfect_nil_when_equal_and_negative_when_worse() -> None:
    assert skill([0, 0], [1, 2], [1, 2]) == 1
    assert skill([1, 2], [1, 2], [1, 2]) == 0
    assert skill([2, 4], [1, 2], [1, 2]) == -1
    assert np.isnan(skill([1], [0], [1]))
