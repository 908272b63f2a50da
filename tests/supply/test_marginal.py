"""The marginals against scipy."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from assay.supply.marginal import Z95, Marginal

PERCENTS = np.linspace(0.001, 0.999, 97)
ENDS = st.floats(1e-3, 1e9)


@given(ENDS, st.floats(1.01, 100))
def test_lognormal_is_that_of_scipy(low: float, ratio: float) -> None:
    marginal = Marginal("lognormal", low, low * ratio)
    sigma = np.log(ratio) / (2 * Z95)
    expected = scipy.stats.lognorm(s=sigma, scale=low * np.sqrt(ratio)).ppf(PERCENTS)
    assert np.allclose(marginal.value(scipy.stats.norm.ppf(PERCENTS)), expected, rtol=1e-9)


@given(st.floats(0.01, 0.4), st.floats(0.45, 0.99))
def test_logit_normal_is_a_normal_through_the_logistic(low: float, high: float) -> None:
    marginal = Marginal("logit-normal", low, high)
    ends = scipy.special.logit([low, high])
    expected = scipy.special.expit(scipy.stats.norm(ends.mean(), np.ptp(ends) / (2 * Z95)).ppf(PERCENTS))
    assert np.allclose(marginal.value(scipy.stats.norm.ppf(PERCENTS)), expected, rtol=1e-9)


@pytest.mark.parametrize(
    "marginal",
    [Marginal("lognormal", 2, 9), Marginal("logit-normal", 3, 4, (1, 7)), Marginal("normal", -2, 5)],
)
def test_the_interval_is_the_90_percent_interval(marginal: Marginal) -> None:
    assert marginal.value(np.array([-Z95, Z95])) == pytest.approx([marginal.low, marginal.high])
    assert marginal.problem() == ""


def test_equal_ends_are_a_constant() -> None:
    assert (Marginal("lognormal", 0, 0).value(np.array([-1.0, 2.0])) == 0).all()


@pytest.mark.parametrize(
    ("marginal", "words"),
    [
        (Marginal("lognormal", 5, 2), "low 5 is above high 2"),
        (Marginal("lognormal", -1, 2), "above 0"),
        (Marginal("logit-normal", 0.5, 1.5), "inside the bounds"),
        (Marginal("normal", float("nan"), 1), "above"),
    ],
)
def test_a_bad_interval_says_why(marginal: Marginal, words: str) -> None:
    assert words in marginal.problem()
