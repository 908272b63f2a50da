import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from assay.supply.quantiles import LEVELS, quantiles

ROWS = hnp.arrays(np.float32, st.tuples(st.just(3), st.integers(10, 60)), elements=st.floats(-1e6, 1e6, width=32))


@given(ROWS, st.booleans())
def test_selection_equals_sorting(rows: np.ndarray, signed: bool) -> None:
    rows = rows if signed else np.abs(rows)
    places = [math.ceil(level * rows.shape[1]) - 1 for level in LEVELS]
    expected = np.sort(rows, axis=1)[:, places]
    found = quantiles(rows.copy(), signed=signed)
    assert np.array_equal(found[:, :-1], expected)
    assert np.allclose(found[:, -1], rows.mean(axis=1, dtype=float), rtol=1e-4, atol=1)
