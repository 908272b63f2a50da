"""Facts as people read them."""

from __future__ import annotations

import pytest

from assay.catalogue.chip import FACT_KEYS
from assay.catalogue.display import column_unit, in_column, label, readable


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("tdp_w", 1400, "1.4 kW"),
        ("memory_bytes", 80 * 2**30, "80 GiB"),
        ("l2_bytes", 50 * 2**20, "50 MiB"),
        ("memory_bandwidth_bytes_per_s", 3350e9, "3.35 TB/s"),
        ("peak_flop_per_s.bf16", 989.4e12, "989.4 Tflop/s"),
        ("peak_flop_per_s.int8", 296e12, "296 Top/s"),
        ("boost_hz", 1830e6, "1.83 GHz"),
        ("die_area_mm2", 814, "814 mm²"),
        ("latency_s", 10e-6, "10 µs"),
        ("transistors", 80e9, "80B"),
        ("tpp", 15824, "15,824"),
        ("tpp", None, ""),
    ],
)
def test_readable(key: str, value: float | None, text: str) -> None:
    assert readable(key, value) == text


@pytest.mark.parametrize("key", sorted(FACT_KEYS))
def test_a_label_has_no_unit(key: str) -> None:
    assert "per s" not in label(key)
    assert "_" not in label(key)


def test_a_column_has_one_unit() -> None:
    assert (column_unit("memory_bytes"), in_column("memory_bytes", 80 * 2**30)) == ("GiB", "80")
    assert (column_unit("tpp"), in_column("tpp", 15824)) == ("", "15,824")
