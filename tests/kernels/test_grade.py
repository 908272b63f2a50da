from dataclasses import replace

import pytest

from assay.kernels.coefficients import shipped
from assay.kernels.grade import grade
from assay.kernels.silicon import Silicon
from assay.llm.operator import Collective, Gemm, Moe, StateSpaceScan

from .machines import A100, B60, H20, H200, L40S, SGLANG

GEMM = Gemm(role="test", m=1.0, n=64.0, k=64.0)
SCAN = StateSpaceScan(role="test", batch=1.0, new_tokens=1.0, heads=8.0, head_dim=64.0, groups=1.0, state=128.0)


@pytest.mark.parametrize(
    ("silicon", "expected"),
    [
        (H200, "measured"),
        (H20, "sibling"),
        (replace(H200, id="r200", generation="rubin"), "new generation"),
        (replace(H200, id="mi300x", generation="cdna3", vendor="AMD"), "other vendor"),
        (B60, "measured"),
    ],
)
def test_a_grade_says_how_near_the_measurements_are(silicon: Silicon, expected: str) -> None:
    assert grade(GEMM, silicon, SGLANG) == expected


def test_formats_and_operators_without_measurements_are_guesses() -> None:
    assert grade(replace(GEMM, format="int8"), H200, SGLANG) == "guess"
    assert grade(SCAN, H200, SGLANG) == "guess"


def test_a_generation_may_be_measured_in_one_family_and_not_in_another() -> None:
    assert grade(GEMM, A100, SGLANG) == "measured"
    experts = Moe(
        role="test",
        tokens=1.0,
        pairs=8.0,
        active_experts=8.0,
        local_experts=8.0,
        hidden=64.0,
        intermediate=64.0,
        format="fp8_block",
    )
    assert grade(experts, A100, SGLANG) == "new generation"


def test_collectives_are_measured_inside_a_domain_of_fast_links_only() -> None:
    inside, across = (Collective(role="test", kind="all_reduce", message_bytes=1e6, ranks=n) for n in (8.0, 16.0))
    assert grade(inside, H200, SGLANG) == "measured"
    assert grade(across, H200, SGLANG) == "guess"
    assert grade(inside, L40S, SGLANG) == "guess"


def test_leaving_a_chip_out_of_the_fit_changes_its_grade() -> None:
    family = shipped().family("gemm_bf16")
    without = replace(family, chips=tuple(id for id in family.chips if id != "h200-sxm"))
    assert grade(GEMM, H200, SGLANG, shipped().with_families({"gemm_bf16": without})) == "sibling"
