"""Intervals stay ordered, agree with sampling, and do not depend on the order of the factors."""

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.interval import Interval, propagate

positive = st.floats(1e-6, 1e6)
widths = st.floats(0.0, 2.0)
intervals = st.builds(Interval.spread, positive, widths, widths)


def ordered(interval: Interval) -> bool:
    slack = 1e-12 * abs(interval.value)
    return interval.low - slack <= interval.value <= interval.high + slack


@given(intervals, intervals, positive)
def test_every_operation_keeps_the_order(a: Interval, b: Interval, factor: float) -> None:
    for result in (a * b, a / b, a + b, a.inverse(), a.scale(factor)):
        assert ordered(result)


@given(intervals, intervals)
def test_product_and_sum_commute(a: Interval, b: Interval) -> None:
    for one, other in ((a * b, b * a), (a + b, b + a)):
        assert one.low == pytest.approx(other.low)
        assert one.high == pytest.approx(other.high)


@given(intervals, positive)
def test_an_exact_factor_only_scales(a: Interval, factor: float) -> None:
    product = a * Interval.exact(factor)
    assert (product.low, product.high) == pytest.approx((a.low * factor, a.high * factor))


@given(intervals, intervals)
def test_a_product_is_wider_than_its_factors_and_narrower_than_their_worst_cases(a: Interval, b: Interval) -> None:
    product = a * b
    assert max(a.up, b.up) - 1e-9 <= product.up <= a.up + b.up + 1e-9
    assert max(a.down, b.down) - 1e-9 <= product.down <= a.down + b.down + 1e-9


@given(intervals)
def test_the_inverse_of_the_inverse_is_the_interval(a: Interval) -> None:
    back = a.inverse().inverse()
    assert (back.value, back.low, back.high) == pytest.approx((a.value, a.low, a.high))


@given(intervals, intervals)
def test_propagation_of_a_product_is_the_product(a: Interval, b: Interval) -> None:
    carried, product = propagate(lambda x, y: x * y, a, b), a * b
    assert (carried.low, carried.high) == pytest.approx((product.low, product.high))


@given(intervals, intervals)
def test_propagation_does_not_care_whether_the_function_rises_or_falls(a: Interval, b: Interval) -> None:
    carried, quotient = propagate(lambda x, y: x / y, a, b), a / b
    assert (carried.low, carried.high) == pytest.approx((quotient.low, quotient.high))


def test_propagation_of_a_sum_agrees_with_sampling() -> None:
    z = NormalDist().inv_cdf(0.9)
    a, b = Interval.spread(3.0, 0.4, 0.4), Interval.spread(1.0, 0.5, 0.5)
    carried = propagate(lambda x, y: x + y, a, b)
    normal = np.random.default_rng(20261123).normal(size=(2, 100_000))
    low, high = np.quantile(3.0 * np.exp(normal[0] * 0.4 / z) + np.exp(normal[1] * 0.5 / z), [0.1, 0.9])
    assert carried.low == pytest.approx(low, rel=0.05)
    assert carried.high == pytest.approx(high, rel=0.05)


@given(positive, st.floats(0.1, 1.0), st.floats(1.0, 10.0))
def test_a_90_percent_range_holds_its_80_percent_interval(value: float, down: float, up: float) -> None:
    interval = Interval.from_range(value, value * down, value * up)
    assert ordered(interval)
    assert value * down <= interval.low * (1 + 1e-12)
    assert interval.high <= value * up * (1 + 1e-12)
    z = NormalDist()
    assert interval.up == pytest.approx(math.log(up) * z.inv_cdf(0.9) / z.inv_cdf(0.95), abs=1e-6)


def test_an_interval_in_json_has_three_keys() -> None:
    assert Interval(2.0, 1.0, 3.0).as_dict() == {"value": 2.0, "low": 1.0, "high": 3.0}


def test_an_interval_that_reaches_zero_has_no_lower_width_and_no_upper_inverse() -> None:
    interval = Interval(1.0, 0.0, 2.0)
    assert interval.down == math.inf
    assert interval.inverse() == Interval(1.0, 0.5, math.inf)
