import json
from pathlib import Path

import pytest

from assay.catalogue.sources import sources
from assay.core.errors import BadData, NotInCatalogue
from assay.kernels.coefficients import BOUNDS, DATA, read_coefficients, shipped


def test_offsets_multiply_and_are_one_where_not_fitted() -> None:
    family = shipped().family("gemm_bf16")
    ci = family.overall["ci"]
    offsets = family.by_generation["ci"]["hopper"], family.by_software["ci"]["vllm"]
    assert shipped().theta("gemm_bf16", "hopper", "vllm").ci == pytest.approx(ci * offsets[0] * offsets[1])
    assert shipped().theta("gemm_bf16", "rubin", "other").ci == ci


def test_everything_is_in_si_units() -> None:
    theta = shipped().theta("gemm_bf16", "unseen")
    assert 1e-6 < theta.t0 < 1e-5  # a launch takes microseconds
    assert 1e4 < theta.ci < 1e6  # FLOP per clock and core
    assert 32 < theta.phi < 1024  # bytes per clock and core
    assert 1e-13 < theta.ef < 1e-12  # J per FLOP


def test_a_missing_symbol_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = shipped().theta("nccl", "hopper").nonsense


def test_predictions_are_bounded() -> None:
    for name, family in shipped().families.items():
        for generation in (*family.generations, "unseen"):
            for software in {"", *(key for offsets in family.by_software.values() for key in offsets)}:
                theta = shipped().bounded(name, generation, software)
                assert all(theta.values[symbol] <= bound for symbol, bound in BOUNDS.items() if symbol in theta.values)


def test_a_set_can_be_changed_without_changing_the_shipped_one() -> None:
    before = shipped().theta("nccl", "hopper").a0
    other = shipped().with_families({"nccl": shipped().family("custom_all_reduce")})
    assert other.theta("nccl", "hopper").a0 != before
    assert shipped().theta("nccl", "hopper").a0 == before


def test_every_family_is_positive_sourced_and_says_what_it_was_fitted_on() -> None:
    for name, family in shipped().families.items():
        assert family.source in sources(), name
        assert family.chips, name
        assert all(value > 0 for value in family.overall.values()), name
        assert set(family.by_generation) | set(family.by_software) <= set(family.overall), name
        assert set(family.not_identified) <= set(family.overall), name


def test_an_unknown_family_names_the_nearest() -> None:
    with pytest.raises(NotInCatalogue, match="gemm_bf16"):
        shipped().family("gemm_bf17")


def test_a_broken_file_lists_all_its_faults(tmp_path: Path) -> None:
    content = json.loads((DATA / "elementwise.json").read_text())
    content["families"]["element_wise"]["global"]["t0"] = "soon"
    del content["families"]["element_wise"]["chips"]
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(content))
    with pytest.raises(BadData) as caught:
        read_coefficients([path])
    assert {fault.key.rsplit(".", 1)[-1] for fault in caught.value.faults} == {"t0", "chips"}
