import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.supply.stock import QUARTER, Stock


def stock(lag: float, life: float, infant: float, lost: float, samples: int = 3) -> Stock:
    return Stock(2, *(np.full(samples, value) for value in (lag, life, infant, lost)))


@given(
    st.floats(0.2, 12),
    st.floats(12, 200),
    st.floats(0, 0.3),
    st.floats(0, 0.05),
    st.lists(st.floats(0, 1e6), max_size=8),
)
def test_what_entered_is_there_or_has_left(
    lag: float, life: float, infant: float, lost: float, sales: list[float]
) -> None:
    it = stock(lag, life, infant, lost)
    entered = 0.0
    for sale in sales:
        sold = np.full((QUARTER, 2, 3), sale)
        installed = np.empty_like(sold)
        it.run(sold, installed)
        entered += sold.sum()
        assert (installed >= 0).all()
        assert (it.stages >= 0).all()
    assert it.held() + it.left == pytest.approx(entered, rel=1e-12, abs=1e-9)


def test_chips_arrive_after_the_lag_and_leave_after_the_life() -> None:
    lag, life, months = 4.0, 60.0, 360
    it = stock(lag, life, 0.0, 0.0)
    installed = np.zeros((months, 2, 3))
    for begin in range(0, months, QUARTER):
        sold = np.zeros((QUARTER, 2, 3))
        sold[0, 0] = 1.0 if begin == 0 else 0.0
        it.run(sold, installed[begin : begin + QUARTER])
    running = installed[:, 0, 0]
    assert running[:2].max() < 0.2
    assert running.max() > 0.9
    # the area under the survival curve is the mean life: quarters, and a stage that keeps a chip one step, add a little
    assert running.sum() == pytest.approx(life, rel=0.1)
    assert running[-1] < 0.01


@given(st.integers(1, QUARTER))
def test_a_class_that_sold_nothing_has_nothing(months: int) -> None:
    it = stock(2.0, 60.0, 0.1, 0.01)
    installed = np.ones((months, 2, 3))
    it.run(np.zeros((months, 2, 3)), installed)
    assert not installed.any()
    assert it.held() == it.left == 0


@given(st.floats(0.5, 8), st.floats(30, 120), st.floats(0, 0.2), st.floats(0, 0.02), st.integers(0, 2**32))
def test_the_fast_stock_equals_the_one_written_out(
    lag: float, life: float, infant: float, lost: float, seed: int
) -> None:
    sold = np.random.default_rng(seed).uniform(0, 1e5, (12, 2, 3))
    it = stock(lag, life, infant, lost)
    installed = np.empty_like(sold)
    for begin in range(0, 12, QUARTER):
        it.run(sold[begin : begin + QUARTER], installed[begin : begin + QUARTER])
    move, age = -np.expm1(-2 / lag), -np.expm1(-3 * QUARTER / life)
    pipe, ages = np.zeros((2, 2, 3)), np.zeros((3, 2, 3))
    for month, sale in enumerate(sold):
        leaving = [stage * move for stage in pipe]
        pipe[0] += sale - leaving[0]
        pipe[1] += leaving[0] - leaving[1]
        ages[0] += leaving[1] * (1 - infant)
        assert installed[month] == pytest.approx(ages.sum(axis=0), rel=1e-9)
        if month % QUARTER == QUARTER - 1:
            ages *= (1 - lost) ** QUARTER
            older = [stage * age for stage in ages]
            for stage, entering, left in zip(ages, [0, *older[:2]], older, strict=True):
                stage += entering - left
