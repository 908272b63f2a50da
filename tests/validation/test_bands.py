"""Bands hold what they promise, each chip weighing the same."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.engine.uncertainty import band
from assay.validation.bands import Band, band_of, text
from assay.validation.score import Scored


def rows(chip: str, ratios: list[float], metric: str = "tpot_s") -> list[Scored]:
    return [Scored(f"{chip}{i}", metric, {"chip": chip}, ratio, 1.0, 1.0, 1.0) for i, ratio in enumerate(ratios)]


@given(st.lists(st.floats(0.3, 3.0), min_size=40, max_size=200))
def test_a_band_holds_about_four_in_five(ratios: list[float]) -> None:
    found = band_of(rows("a", ratios))
    inside = np.mean([math.exp(-found.down) <= ratio <= math.exp(found.up) for ratio in ratios])
    assert inside >= 0.76


def test_a_chip_with_many_rows_does_not_drown_one_with_few() -> None:
    crowd, few = rows("crowd", [1.0] * 1000), rows("few", [2.0] * 10)
    assert band_of([*crowd, *few]).up == pytest.approx(math.log(2.0), rel=0.05)


def test_a_rate_that_is_lower_took_longer() -> None:
    slow = rows("a", [0.5] * 10, "output_tok_per_s_per_chip")
    assert band_of(slow).up == pytest.approx(math.log(2.0))


def test_distance_never_narrows() -> None:
    near, far = Band(0.3, 0.1), Band(0.2, 0.4)
    written = text({"tpot": {"measured": near, "sibling": far}, "ttft": {}})
    assert '"sibling" = { down = 0.30, up = 0.40 }' in written


@pytest.mark.parametrize("quantity", ["tpot", "ttft"])
def test_the_shipped_bands_widen_with_distance(quantity: str) -> None:
    classes = ("measured", "sibling", "new generation", "other vendor")
    widths = [band(quantity, reach, 1.0).high / band(quantity, reach, 1.0).low for reach in classes]  # type: ignore[arg-type]
    assert widths == sorted(widths)
    assert widths[0] > 1.1
