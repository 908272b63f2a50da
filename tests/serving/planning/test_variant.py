"""Conversions change what they should, and nothing that is narrow already."""

from __future__ import annotations

import pytest

from assay.core.errors import Infeasible
from assay.serving.planning.kind import kinds
from assay.serving.planning.variant import converted, variants
from tests.engine.deployments import DENSE, EXPERTS, LATENT, architecture
from tests.serving.planning.questions import asked


def test_a_bf16_checkpoint_narrows_everywhere() -> None:
    precision = converted(architecture(DENSE), "fp8")
    assert {precision.attention, precision.dense} == {"fp8"}
    assert precision.head == "bf16"
    assert converted(architecture(DENSE), "native") == architecture(DENSE).native


def test_nvfp4_goes_to_the_experts_alone() -> None:
    precision = converted(architecture(EXPERTS), "nvfp4")
    assert precision.experts == "nvfp4"
    assert precision.attention == architecture(EXPERTS).native.attention


def test_an_fp8_checkpoint_stays_fp8_but_leaves_for_int8() -> None:
    assert converted(architecture(LATENT), "fp8") == architecture(LATENT).native
    assert converted(architecture(LATENT), "int8").experts == "int8"


def test_formats_that_are_served_alike_are_tried_once() -> None:
    request = asked(model=LATENT, kinds=("h200",), chips=16, quantisations=("native", "fp8", "int8"))
    found = variants(architecture(LATENT), kinds(request), request)
    assert [variant.quantisation for variant in found] == ["native", "int8"]


def test_what_one_kind_cannot_run_does_not_stop_another() -> None:
    request = asked(kinds=("a100-sxm-80gb", "b200"), quantisations=("nvfp4",))
    assert {each.kind.chip.id for each in variants(architecture(DENSE), kinds(request), request)} == {"b200-sxm"}
    alone = asked(kinds=("a100-sxm-80gb",), quantisations=("nvfp4",))
    with pytest.raises(Infeasible, match="does not run nvfp4 weights"):
        variants(architecture(DENSE), kinds(alone), alone)
