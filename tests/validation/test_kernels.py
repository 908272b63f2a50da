"""Kernel scores: anybody's measurements, left-out coefficients, and a sample of the measured tables."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from assay.catalogue.sources import sources
from assay.core.errors import BadData, NotInCatalogue
from assay.kernels.coefficients import shipped
from assay.kernels.fit.families import silicon_of
from assay.kernels.fit.tables import CHIPS
from assay.kernels.interval import half_width, shipped_widths
from assay.validation.kernel_measurements import FORMS, score_kernel_measurements
from assay.validation.left_out import DATA, coefficients

SAMPLE = Path(__file__).parent / "kernel_sample.csv"
HEADER = "op,shape,dtype,chip,seconds,framework,kernel\n"


def write(path: Path, *lines: str) -> Path:
    path.write_text(HEADER + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def test_the_median_error_on_the_sample_does_not_grow() -> None:
    """Rows that no fit saw, from the tables of aiconfigurator-core 0.12.0: predicted as a deployment is, cold."""
    assert "aiconfigurator-core-0-12-0" in sources()
    score = score_kernel_measurements(SAMPLE)
    errors = {group.by["op"]: group.median_ape for group in score.groups if set(group.by) == {"op"}}
    limits = {
        "gemm": 0.11,
        "prefill_attention": 0.16,
        "decode_attention": 0.13,
        "mla_prefill": 0.12,
        "mla_decode": 0.14,
        "moe": 0.13,
        "all_reduce": 0.11,
    }
    assert set(limits) <= set(errors)
    for op, limit in limits.items():
        assert errors[op] < limit, op


def test_every_op_of_the_form_is_predicted(tmp_path: Path) -> None:
    shapes = {
        "gemm": ("m=64;n=4096;k=4096", "bf16"),
        "prefill_attention": ("batch=1;new_tokens=4096;heads=32;kv_heads=8;head_dim=128", "bf16"),
        "decode_attention": ("batch=64;kv_tokens=8192;heads=32;kv_heads=8;head_dim=128;window=1024", "fp8"),
        "mla_prefill": ("batch=4;new_tokens=4096;heads=16", "bf16"),
        "mla_decode": ("batch=64;kv_tokens=4096;heads=128", "bf16"),
        "moe": ("tokens=1024;hidden=7168;intermediate=256;experts=256;top_k=8", "fp8_block"),
        "elementwise": ("traffic_bytes=1e8", ""),
    }
    collectives = ("all_reduce", "all_gather", "reduce_scatter", "all_to_all")
    shapes |= dict.fromkeys(collectives, ("message_bytes=1e6;ranks=8", ""))
    assert set(shapes) == set(FORMS)
    lines = (f"{op},{shape},{dtype},h20,1e-4,sglang," for op, (shape, dtype) in shapes.items())
    score = score_kernel_measurements(write(tmp_path / "own.csv", *lines))
    assert score.rows == len(score.predicted) == len(FORMS)
    assert all(row.low < row.value < row.high for row in score.predicted)
    assert {row.by["chip"] for row in score.predicted} == {"h20-96gb"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("gem,m=1;n=1;k=1,bf16,h20,1e-5,,", "none of gemm"),
        ("gemm,m=1;n=1,bf16,h20,1e-5,,", "missing"),
        ("gemm,m=1;n=1;k=1;x=2,bf16,h20,1e-5,,", "unknown"),
        ("gemm,m=1;n=1;k=many,bf16,h20,1e-5,,", "key=number"),
        ("gemm,m=1;n=1;k=-1,bf16,h20,1e-5,,", "negative"),
        ("gemm,m=1;n=1;k=1,bf17,h20,1e-5,,", "dtype"),
    ],
)
def test_a_faulty_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    good = "gemm,m=1;n=64;k=64,bf16,h20,1e-5,,"
    with pytest.raises(BadData, match=message) as caught:
        score_kernel_measurements(write(tmp_path / "own.csv", good, line))
    assert caught.value.faults[0].key == "line 3"


def test_an_unknown_chip_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(NotInCatalogue, match="h100"):
        score_kernel_measurements(write(tmp_path / "own.csv", "gemm,m=1;n=64;k=64,bf16,h1000,1e-5,,"))


def test_a_set_without_a_chip_has_not_seen_it() -> None:
    for path in DATA.glob("*.json"):
        assert path.stat().st_size < 60_000
    assert "h100-sxm" not in coefficients("h100-sxm", "chip").family("gemm_bf16").chips
    assert "h200-sxm" in coefficients("h100-sxm", "chip").family("gemm_bf16").chips
    without = coefficients("h100-sxm", "generation").family("gemm_bf16")
    assert "hopper" not in without.generations
    assert coefficients("h100-sxm", "") is shipped()
    assert coefficients("ascend-910b", "chip") is shipped()  # of no fit


def test_no_coefficient_of_a_left_out_set_has_seen_the_chip_or_its_generation() -> None:
    for chip in CHIPS.values():
        for family in coefficients(chip, "chip").families.values():
            assert chip not in family.chips, family.what
        generation = silicon_of(chip).generation
        for family in coefficients(chip, "generation").families.values():
            assert generation not in {silicon_of(seen).generation for seen in family.chips}, family.what


def test_a_single_chip_of_its_generation_is_left_out_alike_both_ways() -> None:
    assert coefficients("a100-sxm-80gb", "generation") is coefficients("a100-sxm-80gb", "chip")


def test_intervals_widen_with_the_distance_to_what_was_measured() -> None:
    seconds = np.array([1e-5, 1e-4, 1e-3])
    measured, sibling, generation, vendor = (
        float(np.mean(half_width(None, grade, seconds)))
        for grade in ("measured", "sibling", "new generation", "other vendor")
    )
    assert measured <= sibling < generation < vendor
    assert np.all(half_width("gemm_bf16", "guess", seconds) == half_width("gemm_bf16", "other vendor", seconds))
    assert np.all(half_width("unheard of", "sibling", seconds) == half_width(None, "sibling", seconds))
    assert all(
        0 < width < math.inf
        for families in shipped_widths().widths.values()
        for widths in families.values()
        for width in widths
    )
