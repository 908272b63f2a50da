"""Statistics of values that stand for many."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.serving.results.distribution import PERCENTILES, statistics

PAIRS = st.lists(st.tuples(st.floats(0.0, 1e3), st.integers(1, 9)), min_size=1, max_size=40)


@given(PAIRS)
def test_weights_stand_for_the_values_written_out(pairs: list[tuple[float, int]]) -> None:
    values, counts = np.array([pair[0] for pair in pairs]), np.array([float(pair[1]) for pair in pairs])
    out = np.repeat(values, counts.astype(int))
    ours = statistics(values, counts)
    assert ours.count == len(out)
    assert (ours.min, ours.max) == (out.min(), out.max())
    assert ours.mean == pytest.approx(out.mean())
    assert ours.std == pytest.approx(out.std(), abs=1e-6)
    for percent in PERCENTILES:
        assert getattr(ours, f"p{percent}") == pytest.approx(np.percentile(out, percent))


def test_nan_is_no_value() -> None:
    assert statistics(np.array([3.0, np.nan, 1.0])) == statistics(np.array([1.0, 3.0]))


def test_without_values_everything_is_null() -> None:
    empty = statistics(np.array([np.nan]))
    assert empty.count == 0
    assert set(empty.as_dict().values()) == {None}
    json.dumps(empty.as_dict(), allow_nan=False)
