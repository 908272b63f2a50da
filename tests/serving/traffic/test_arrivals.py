"""Arrivals: rates, burstiness and ramps."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from assay.core.array import FloatArray
from assay.core.errors import UsageError
from assay.serving.traffic.arrivals import RampUp, at_once, constant, gamma, poisson, ramp, requests_of
from assay.serving.traffic.lengths import Fixed, Uniform

COUNT = 100_000
RATES = st.floats(1e-9, 1e9)


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def cv(gaps_s: FloatArray) -> float:
    return float(gaps_s.std() / gaps_s.mean())


@given(RATES, RATES, st.floats(1e-3, 1e9), st.integers(1, 50), st.integers(0, 2**32))
def test_arrivals_ascend_from_0_and_follow_from_the_seed(
    rate: float, end: float, burstiness: float, count: int, seed: int
) -> None:
    def all_kinds() -> list[FloatArray]:
        random = rng(seed)
        return [
            poisson(rate, count, random),
            gamma(rate, burstiness, count, random),
            ramp(rate, end, "linear", count, random, burstiness=burstiness),
            ramp(rate, end, "exponential", count, random),
            constant(rate, count),
            at_once(count),
        ]

    for one, other in zip(all_kinds(), all_kinds(), strict=True):
        assert len(one) == count
        assert one[0] == 0
        assert (np.diff(one) >= 0).all()
        assert np.isfinite(one).all()
        assert (one == other).all()


def test_a_poisson_process_has_its_rate_and_exponential_gaps() -> None:
    gaps_s = np.diff(poisson(20, COUNT, rng()))
    assert gaps_s.mean() == pytest.approx(1 / 20, rel=0.01)
    assert scipy.stats.kstest(gaps_s * 20, "expon").pvalue > 1e-3


@pytest.mark.parametrize("burstiness", [0.25, 1.0, 4.0])
def test_burstiness_is_the_shape_of_gamma_gaps(burstiness: float) -> None:
    gaps_s = np.diff(gamma(20, burstiness, COUNT, rng()))
    assert gaps_s.mean() == pytest.approx(1 / 20, rel=0.02)
    assert cv(gaps_s) == pytest.approx(burstiness**-0.5, rel=0.02)
    assert scipy.stats.kstest(gaps_s * 20 * burstiness, "gamma", (burstiness,)).pvalue > 1e-3


def test_a_constant_rate_has_equal_gaps_and_a_closed_loop_none() -> None:
    assert constant(4, 5).tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert at_once(3).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(("strategy", "halfway"), [("linear", 50.5), ("exponential", 10.0)])
def test_a_ramp_goes_from_its_start_over_its_middle_to_its_end(strategy: RampUp, halfway: float) -> None:
    gaps_s = np.diff(ramp(1, 100, strategy, COUNT, rng(), burstiness=100))
    near = COUNT // 200
    middle = COUNT // 2
    assert 1 / gaps_s[: near // 20].mean() == pytest.approx(1, rel=0.05)
    assert 1 / gaps_s[middle - near : middle + near].mean() == pytest.approx(halfway, rel=0.05)
    assert 1 / gaps_s[-near:].mean() == pytest.approx(100, rel=0.05)


def test_a_level_ramp_is_a_gamma_process() -> None:
    level = ramp(5, 5, "linear", 1000, rng(), burstiness=0.5)
    assert level == pytest.approx(gamma(5, 0.5, 1000, rng()))


def test_requests_have_a_length_each_and_share_nothing() -> None:
    requests = requests_of(constant(2, 1000), Uniform(1, 100), Fixed(7), rng())
    assert requests.arrival_s[-1] == 499.5
    assert (requests.output_tokens == 7).all()
    assert len(np.unique(requests.input_tokens)) == 100
    assert (requests.session == -1).all()
    assert requests.blocks == ()


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf"), 1e-300])
def test_rates_that_are_none_are_refused(rate: float) -> None:
    for make in (
        lambda: poisson(rate, 3, rng()),
        lambda: gamma(rate, 1, 3, rng()),
        lambda: constant(rate, 3),
        lambda: ramp(rate, 1, "linear", 3, rng()),
        lambda: ramp(1, rate, "exponential", 3, rng()),
    ):
        with pytest.raises(UsageError, match="requests per second"):
            make()


def test_no_requests_no_burstiness_and_no_strategy_are_refused() -> None:
    with pytest.raises(UsageError, match="0 requests"):
        at_once(0)
    with pytest.raises(UsageError, match="burstiness of 0"):
        gamma(1, 0, 3, rng())
    with pytest.raises(UsageError, match="'steps'"):
        ramp(1, 2, "steps", 3, rng())  # type: ignore[arg-type]
