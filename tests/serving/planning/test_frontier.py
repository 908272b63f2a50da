"""The frontier holds what nothing beats, and nothing else."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from assay.serving.planning.frontier import efficient, front

SMALL = st.integers(0, 6).map(float)
"""Few values, so that ties are frequent."""


@given(arrays(float, st.tuples(st.integers(0, 25), st.integers(1, 3)), elements=SMALL))
def test_efficient_rows_are_those_that_no_row_beats(costs: np.ndarray) -> None:
    kept = efficient(costs)
    for row in range(len(costs)):
        beaten = any((costs[other] <= costs[row]).all() and (costs[other] < costs[row]).any() for other in kept)
        same = any((costs[other] == costs[row]).all() for other in kept)
        assert (row in kept) <= (not beaten)
        assert beaten or same
    assert len({tuple(costs[row]) for row in kept}) == len(kept)


@given(st.lists(st.tuples(SMALL, SMALL), min_size=1, max_size=30))
def test_the_front_trades_speed_for_worth(points: list[tuple[float, float]]) -> None:
    seconds, value = np.array(points).T
    rows = front(seconds, value, np.arange(len(points)))
    assert (np.diff(seconds[rows]) > 0).all()
    assert (np.diff(value[rows]) > 0).all()
    assert value[rows[-1]] == value.max()
    for row in range(len(points)):
        assert any(seconds[other] <= seconds[row] and value[other] >= value[row] for other in rows)


def test_equal_points_are_told_apart_by_preference() -> None:
    assert front(np.array([1.0, 1.0]), np.array([2.0, 2.0]), np.array([1, 0])).tolist() == [1]
