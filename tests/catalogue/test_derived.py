"""TPP and performance density."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.catalogue.derived import BIT_LENGTH, derived_facts, tpp
from assay.core.source import Fact

PEAKS = st.dictionaries(st.sampled_from(sorted(BIT_LENGTH)), st.floats(1e9, 1e18), min_size=1)
NARROW = {fmt for fmt, bits in BIT_LENGTH.items() if bits <= 16}


@given(PEAKS)
def test_tpp_is_the_highest_product_of_rate_and_bit_length(peaks: dict[str, float]) -> None:
    found = tpp(peaks)
    if not NARROW & set(peaks):
        assert found is None
        return
    assert found is not None
    products = {fmt: peak / 1e12 * BIT_LENGTH[fmt] for fmt, peak in peaks.items()}
    assert found in products.values()
    assert all(found >= product for product in products.values())


@given(PEAKS, st.floats(1e9, 1e18))
def test_tf32_does_not_count(peaks: dict[str, float], tf32: float) -> None:
    assert tpp({**peaks, "tf32": tf32}) == tpp(peaks)


@pytest.mark.parametrize(
    ("peaks_tflops", "expected"),
    [
        ({"bf16": 312, "int8": 624, "tf32": 156}, 4992),  # A100
        ({"bf16": 148, "fp8": 296, "fp32": 44}, 2368),  # H20
        ({"bf16": 2516.6, "fp8": 5033, "fp6": 10066, "fp4": 10066}, 60396),  # MI355X: FP6 at the rate of FP4
        ({"bf16": 667, "fp8": 1299, "tf32": 667}, 10672),  # Trainium2
    ],
)
def test_published_values(peaks_tflops: dict[str, float], expected: float) -> None:
    assert tpp({fmt: peak * 1e12 for fmt, peak in peaks_tflops.items()}) == pytest.approx(expected)


def test_classification_peaks_replace_the_peaks_for_speed() -> None:
    facts = {
        "peak_flop_per_s.bf16": Fact(700e12, ("a",)),
        "classification_flop_per_s.bf16": Fact(750e12, ("b",)),
        "die_area_mm2": Fact(1000, ("c",)),
    }
    found = derived_facts(facts)
    assert found["tpp"] == Fact(12000, ("b",), "derived")
    assert found["performance_density"] == Fact(12, ("b", "c"), "derived")


def test_ranges_follow() -> None:
    facts = {"peak_flop_per_s.fp8": Fact(100e12, ("a",), "estimate", 90e12, 120e12), "die_area_mm2": Fact(400, ("a",))}
    found = derived_facts(facts)
    assert (found["tpp"].low, found["tpp"].high) == pytest.approx((720, 960))
    assert (found["performance_density"].low, found["performance_density"].high) == pytest.approx((1.8, 2.4))
