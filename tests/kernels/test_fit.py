"""The fit, on tables that the tests write: no measured data is needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import UsageError
from assay.kernels import gemm
from assay.kernels.coefficients import Theta, read_coefficients, shipped
from assay.kernels.fit import files, kernel_class, tables
from assay.kernels.fit.families import FAMILIES, silicon_of
from assay.kernels.fit.fit import names_to_leave_out
from assay.kernels.fit.rows import Rows
from assay.kernels.fit.solve import Group, Prior, solve
from assay.kernels.formats import OPERANDS

from .machines import A100, B200, H100


def rows(seconds: Any, kernel: str = "sglang", **shapes: Any) -> Rows:
    return Rows("h100-sxm", "sglang", "1", kernel, {key: np.asarray(x) for key, x in shapes.items()}, np.array(seconds))


@given(st.integers(2, 500))
def test_every_row_is_in_one_half_whatever_the_chip(n: int) -> None:
    table = rows(np.ones(n), m=np.arange(n), kind=np.array(["a", "b"] * n, dtype=object)[:n])
    seen, unseen = table.fitted_half, table.scored_half
    assert sorted([*seen.shapes["m"], *unseen.shapes["m"]]) == list(range(n))
    other = Rows("b200-sxm", "vllm", "2", "x", table.shapes, table.seconds)
    assert list(other.fitted_half.shapes["m"]) == list(seen.shapes["m"])


def test_about_half_of_the_rows_are_fitted_and_samples_differ_between_chips() -> None:
    table = rows(np.ones(10_000), m=np.arange(10_000))
    assert 4_700 < len(table.fitted_half) < 5_300
    ours, theirs = table.sample(100), Rows("b200-sxm", "sglang", "1", "x", table.shapes, table.seconds).sample(100)
    assert len(ours) == len(theirs) == 100
    assert len(set(ours.shapes["m"]) & set(theirs.shapes["m"])) < 20


def test_repeated_shapes_become_one_row_with_the_median() -> None:
    merged = rows([1.0, 9.0, 2.0, 5.0], m=[1, 1, 1, 2]).merged()
    assert dict(zip(merged.shapes["m"], merged.seconds, strict=True)) == {1: 2.0, 2: 5.0}


def test_coefficients_are_found_again_from_times_that_the_form_made() -> None:
    rng = np.random.default_rng(0)
    m, n, k = (2.0 ** rng.uniform(low, 13, 400) for low in (0, 7, 7))
    family = FAMILIES["gemm_bf16_roofline"]
    truth = Theta({"e": 0.6, "eta": 0.7, "t0": 5e-6, "p": 2.5, "cq": 1.0})
    groups = []
    for chip, t0 in ((H100, 1.0), (A100, 1.3), (B200, 1.0)):
        seconds = gemm.roofline(m, n, k, OPERANDS["bf16"], truth.replace(t0=truth.t0 * t0), chip).seconds
        groups.append(Group(rows(seconds, m=m, n=n, k=k), chip))
    found = solve(groups, family.predict, family.priors, ("t0",), ())
    for symbol, tolerance in {"e": 0.05, "eta": 0.05, "p": 0.15}.items():  # the priors still pull a little
        assert found.overall()[symbol] == pytest.approx(truth.values[symbol], rel=tolerance)
    offsets = found.offsets("generation")["t0"]
    assert offsets["ampere"] / offsets["hopper"] == pytest.approx(1.3, rel=0.05)


def test_without_rows_that_move_it_a_coefficient_stays_at_its_prior() -> None:
    family = FAMILIES["gemm_bf16_roofline"]
    launch = rows(np.full(50, 4e-6), m=np.ones(50), n=np.full(50, 64.0), k=np.full(50, 64.0))
    found = solve([Group(launch, H100)], family.predict, {**family.priors, "cq": Prior(3.0, 0.5)}, (), ())
    assert found.overall()["cq"] == pytest.approx(3.0)


def test_one_wild_row_does_not_carry_the_fit_away() -> None:
    family = FAMILIES["gemm_bf16_roofline"]
    seconds = np.full(60, 4e-6)
    seconds[0] = 4e-3
    shapes = {"m": np.ones(60), "n": np.full(60, 64.0), "k": np.full(60, 64.0)}
    found = solve([Group(rows(seconds, **shapes), H100)], family.predict, family.priors, (), ())
    assert found.overall()["t0"] == pytest.approx(4e-6, rel=0.15)


def test_files_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    names = ("gemm_bf16", "gemm_fp8", "nccl")
    families = {name: shipped().family(name) for name in names}
    (gemm_file, communication_file) = files.write_shipped(tmp_path, families)
    first = gemm_file.read_bytes()
    again = read_coefficients([gemm_file, communication_file]).families
    assert {name: again[name].overall for name in names} == {name: families[name].overall for name in names}
    files.write_shipped(tmp_path, families)
    assert gemm_file.read_bytes() == first


def test_every_fitted_family_ships_with_all_the_symbols_of_its_form() -> None:
    for name, family in FAMILIES.items():
        assert set(shipped().family(name).overall) == set(family.priors), name


def test_a_rule_drops_what_it_names() -> None:
    rule = tables.Rule("old", framework="vllm", versions=frozenset({"0.1"}))
    assert rule.drops("any", "vllm", "0.1")
    assert not rule.drops("any", "vllm", "0.2")
    assert not rule.drops("any", "sglang", "0.1")


def test_versions_are_ordered_by_their_numbers() -> None:
    found = sorted(["1.3.0rc20", "0.5.14", "1.3.0rc10", "1.0.0", "0.5.9"], key=tables._version_key)
    assert found == ["0.5.9", "0.5.14", "1.0.0", "1.3.0rc10", "1.3.0rc20"]


def test_missing_tables_are_a_hint_not_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables.util, "find_spec", lambda _: None)
    tables.data_folder.cache_clear()
    with pytest.raises(UsageError, match="not installed"):
        tables.data_folder()
    tables.data_folder.cache_clear()


@pytest.mark.parametrize(
    ("source", "generation", "expected"),
    [
        ("vllm_flash_attn_fa3", "hopper", "fa3"),
        ("vllm_flash_attn", "ampere", "fa2"),
        ("vllm_flashinfer_trtllmprefill", "blackwell", "trtgen"),
        ("vllm_flashinfer_fidecode", "ada", "flashinfer"),
        ("torch_flow", "hopper", "trtfmha"),
        ("torch_flow", "blackwell", "trtgen"),
        ("triton", "hopper", "triton"),
        ("vllm_flash_attn", "xe2", "xe"),
    ],
)
def test_attention_kernels_by_name(source: str, generation: str, expected: str) -> None:
    assert kernel_class.attention(source, generation) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("sglang_fused_moe_triton", "triton"),
        ("moe_torch_flow_triton_fp8_block", "trtllm_triton"),
        ("moe_torch_flow_cutlass", "cutlass"),
        ("vllm_fp8moe_flashinfer_trtllm_trtllmfp8expertsmodular", "trtgen"),
        ("vllm_compressedtensorswna16marlinmoe_marlin_marlinexperts", "marlin"),
        ("vllm_xpu_moe", "other"),
    ],
)
def test_grouped_gemms_by_name(source: str, expected: str) -> None:
    assert kernel_class.moe(source) == expected


def test_every_chip_can_be_left_out_and_generations_of_several() -> None:
    names = names_to_leave_out()
    assert {"a100-sxm-80gb", "h100-sxm", "b200-sxm", "hopper", "blackwell"} <= set(names)
    assert "ampere" not in names  # one chip: the same as leaving it out
    assert all(silicon_of(chip).id == chip for chip in tables.CHIPS.values())
