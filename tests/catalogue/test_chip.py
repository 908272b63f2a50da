"""Chips: every shipped one loads, any name finds it, and a newcomer's file works from anywhere."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.catalogue.chip import CHIPS, Chip, chip, chip_ids, chip_names, chips, read_chip
from assay.catalogue.derived import derived_facts
from assay.core.errors import AssayError, BadData, NotInCatalogue

FICTITIOUS = """
id = "zephyr-9"
name = "Zephyr 9"
vendor = "Aeolus"
country = "NO"
generation = "hopper"
tensor_issue = "wgmma"

[facts]
cores = { value = 100, source = "zephyr-datasheet" }
boost_hz = { value = 2000e6, source = "zephyr-datasheet" }
memory_bytes = { value = 103_079_215_104, source = "zephyr-datasheet" }
memory_bandwidth_bytes_per_s = { value = 4000e9, source = "zephyr-datasheet" }
tdp_w = { value = 500, low = 450, high = 600, kind = "estimate", source = "zephyr-datasheet" }
die_area_mm2 = { value = 800, source = "zephyr-datasheet" }

[facts.peak_flop_per_s]
bf16 = { value = 800e12, source = "zephyr-datasheet" }
fp8 = { value = 1600e12, source = "zephyr-datasheet" }

[source.zephyr-datasheet]
title = "Aeolus, Zephyr 9 datasheet"
url = "https://aeolus.example/zephyr-9.pdf"
"""


@pytest.fixture
def fictitious(tmp_path: Path) -> Path:
    path = tmp_path / "zephyr-9.toml"
    path.write_text(FICTITIOUS, encoding="utf-8")
    return path


def test_the_catalogue_holds_93_chips() -> None:
    assert len(chip_ids()) == len(chips()) == 93


@pytest.mark.parametrize("id", chip_ids())
def test_every_number_is_sourced_and_every_estimate_has_its_range(id: str) -> None:
    found = chip(id)
    assert found.id == id
    for key, fact in found.facts.items():
        assert fact.sources, key
        assert fact.kind != "estimate" or (fact.low is not None and fact.high is not None), key
        assert fact.low is None or fact.low <= fact.value <= fact.high, key


@pytest.mark.parametrize("id", chip_ids())
def test_fields_are_the_facts(id: str) -> None:
    found = chip(id)
    for key, fact in found.facts.items():
        table, _, fmt = key.rpartition(".")
        if table == "peak_flop_per_s":
            assert found.peak_flop_per_s[fmt] == fact.value
        elif not table:
            assert getattr(found, key) == fact.value


@given(name=st.sampled_from(chip_names()), upper=st.booleans())
def test_any_name_in_any_case_finds_one_chip(name: str, upper: bool) -> None:
    found = chip(name.upper() if upper else name)
    assert name in (found.id, *found.aliases)


def test_spaces_and_underscores_are_dashes() -> None:
    assert chip("RTX PRO 6000").id == chip("rtx_pro_6000").id == "rtx-pro-6000-bw-server"


@pytest.mark.parametrize(
    ("alias", "id"),
    [
        ("h20", "h20-96gb"),
        ("h100", "h100-sxm"),
        ("h200", "h200-sxm"),
        ("h800", "h800-sxm"),
        ("a100", "a100-sxm-80gb"),
        ("910b", "ascend-910b3"),
        ("910c", "ascend-910c"),
        ("ppu", "t-head-ppu-zw810e"),
        ("gaudi-3", "gaudi3"),
    ],
)
def test_what_people_call_it(alias: str, id: str) -> None:
    assert chip(alias).id == id


@given(st.text(st.characters(exclude_characters="/\\", codec="utf-8")))
def test_a_name_is_a_chip_or_not_in_the_catalogue(name: str) -> None:
    try:
        assert isinstance(chip(name), Chip)
    except AssayError as error:
        assert isinstance(error, BadData if name.endswith(".toml") else NotInCatalogue)  # noqa: PT017


def test_an_unknown_chip_names_the_nearest() -> None:
    with pytest.raises(NotInCatalogue) as caught:
        chip("h2000")
    assert "h200" in caught.value.nearest
    assert "docs/add-a-chip.md" in caught.value.hint


def test_a_chip_is_read_without_reading_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    import assay.catalogue.chip as module

    read: list[str] = []
    monkeypatch.setattr(module, "read_chip", lambda path: read.append(path.stem) or read_chip(path))
    module._catalogued.cache_clear()
    chip("h20")
    assert read == ["h20-96gb"]


def test_a_newcomer_needs_one_file(fictitious: Path) -> None:
    found = chip(str(fictitious))
    assert (found.id, found.origin) == ("zephyr-9", str(fictitious))
    assert found.sources["zephyr-datasheet"].title == "Aeolus, Zephyr 9 datasheet"
    assert Chip.load(str(fictitious)) == found


def test_what_follows_from_other_figures_may_be_left_out(fictitious: Path) -> None:
    found = chip(str(fictitious))
    assert found.tpp == pytest.approx(12800)
    assert found.performance_density == pytest.approx(16)
    assert found.facts["tpp"].kind == "derived"
    assert found.facts["tpp"].sources == ("zephyr-datasheet",)


def test_a_copied_chip_is_a_chip(tmp_path: Path) -> None:
    """The way of docs/add-a-chip.md: copy a file of the catalogue, edit it."""
    text = (CHIPS / "h20-96gb.toml").read_text(encoding="utf-8")
    path = tmp_path / "h21.toml"
    path.write_text(text.replace('id = "h20-96gb"', 'id = "h21"').replace("4000e9", "5000e9"), encoding="utf-8")
    assert chip(str(path)).memory_bandwidth_bytes_per_s == 5e12


def test_what_nobody_published_is_none() -> None:
    assert chip("ascend-910d").facts == {}
    assert chip("kunlun-m100").memory_bytes is None
    assert chip("mi308x").tpp is None


def test_a_file_that_is_not_there_is_bad_data(tmp_path: Path) -> None:
    with pytest.raises(BadData) as caught:
        chip(str(tmp_path / "none.toml"))
    assert "none.toml" in str(caught.value)


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    text = FICTITIOUS.replace('country = "NO"', 'country = "Norway"').replace("cores = ", "kores = ")
    path.write_text(text.replace("value = 4000e9", "value = -1"), encoding="utf-8")
    with pytest.raises(BadData) as caught:
        chip(str(path))
    keys = {fault.key for fault in caught.value.faults}
    assert keys == {"country", "facts.kores", "facts.memory_bandwidth_bytes_per_s.value"}
    assert {fault.file for fault in caught.value.faults} == {str(path)}


def test_memory_is_binary_links_are_per_direction_peaks_are_dense() -> None:
    h100 = chip("h100")
    assert h100.memory_bytes == 80 * 2**30
    assert h100.link_bytes_per_s == 450e9
    assert h100.nic_bytes_per_s == 400e9 / 8
    assert h100.peak_flop_per_s["bf16"] == 989.4e12


@pytest.mark.parametrize("name", ["910b1", "910b2", "910b3", "910b4", "910c", "gaudi3"])
def test_speed_and_classification_may_go_by_different_peaks(name: str) -> None:
    found = chip(name)
    announced = found.facts["classification_flop_per_s.bf16"].value
    assert found.peak_flop_per_s["bf16"] < announced
    assert found.tpp == pytest.approx(announced / 1e12 * 16)
    assert any(conflict.key in ("tpp", "peak_flop_per_s.bf16") for conflict in found.conflicts)


@pytest.mark.parametrize("id", chip_ids())
def test_derived_figures_recompute(id: str) -> None:
    facts = chip(id).facts
    for key, computed in derived_facts(facts).items():
        assert facts[key].value == pytest.approx(computed.value, rel=1e-3)


def test_chips_can_be_changed_compared_and_hashed() -> None:
    h20 = chip("h20")
    faster = dataclasses.replace(h20, memory_bandwidth_bytes_per_s=8e12)
    assert faster != h20
    assert len({h20, faster, chip("h20-96gb")}) == 2


def test_a_vendor_may_stand_before_the_name() -> None:
    assert chip("nvidia-h20-96gb").id == chip("Nvidia H20").id == "h20-96gb"
    with pytest.raises(NotInCatalogue):
        chip("amd-h20")
