"""The check: silent on the catalogue, and loud on each thing that can go wrong in it."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assay.catalogue.check import check_catalogue, check_files, faults_between
from assay.catalogue.chip import CHIPS, Chip, chip
from assay.catalogue.entry import Entry, find, of_chip
from assay.catalogue.node import Node, node
from assay.catalogue.sources import sources
from assay.core.errors import BadData, Fault
from assay.core.source import Fact


def faults(*found: Entry) -> list[str]:
    return [str(fault) for fault in faults_between(found, sources())]


def changed(name: str, **facts: Fact | None) -> Entry:
    """A chip of the catalogue with other facts; None takes one away."""
    record = chip(name)
    merged = {key: fact for key, fact in {**record.facts, **facts}.items() if fact is not None}
    peaks = {key.removeprefix("peak_flop_per_s."): fact.value for key, fact in merged.items() if key.startswith("peak")}
    return of_chip(replace(record, facts=merged, peak_flop_per_s=peaks))


def node_entry(record: Node) -> Entry:
    return Entry("node", record.id, record.name, f"nodes/{record.id}.toml", record.facts, record)


def test_the_catalogue_has_no_fault() -> None:
    report = check_catalogue()
    assert report.faults == ()
    assert report.unused == ()
    assert report.facts > 1500
    report.raise_faults()


def test_a_dead_source() -> None:
    [fault] = faults(changed("h20", tdp_w=Fact(400, ("nobody",))))
    assert fault == "chips/h20-96gb.toml: tdp_w: rests on the source 'nobody', which does not exist"


@pytest.mark.parametrize("key", ["tpp", "performance_density"])
def test_a_derived_figure_that_does_not_recompute(key: str) -> None:
    fact = chip("h20").facts[key]
    found = faults(changed("h20", **{key: replace(fact, value=fact.value * 1.01)}))
    assert any(f"facts.{key}: does not recompute: value" in fault for fault in found)


def test_a_range_that_does_not_follow() -> None:
    found = faults(changed("rtx-4090", tpp=replace(chip("rtx-4090").facts["tpp"], low=None, high=None)))
    assert any("low is left out, and must be" in fault for fault in found)


def test_a_sparse_peak_is_suspected() -> None:
    """As if the sparse column of the datasheet had been copied."""
    sparse = {"peak_flop_per_s.bf16": Fact(2 * 989.4e12, ("glennklockwood-h100",)), "tpp": None}
    found = faults(changed("h100", performance_density=None, **sparse))
    assert any("peak_flop_per_s.bf16: is more than 132 cores finish" in fault for fault in found)


def test_a_narrow_format_slower_than_a_wide_one_is_suspected() -> None:
    found = faults(changed("h100", **{"peak_flop_per_s.fp8": Fact(900e12, ("glennklockwood-h100",))}))
    assert any("peak_flop_per_s.fp8: is slower than bf16" in fault for fault in found)


def test_two_records_of_one_name() -> None:
    h20, h800 = find("h20"), find("h800")
    thief = of_chip(replace(chip("h800"), aliases=("h20",)))
    assert faults(h20, h800) == []
    [fault] = faults(h20, thief)
    assert fault == "chips/h800-sxm.toml: aliases: 'h20' is taken by chips/h20-96gb.toml"


def test_an_id_that_is_not_the_name_of_its_file() -> None:
    [fault] = faults(of_chip(replace(chip("h20"), id="h21")))
    assert "the file is named 'h20-96gb'" in fault


def test_a_chip_that_the_catalogue_does_not_hold() -> None:
    record = node("hgx-h20")
    [fault] = faults(node_entry(replace(record, chips=("h21",))))
    assert "names the chip 'h21'" in fault


def test_two_usual_nodes_of_a_chip() -> None:
    record = node("hgx-h20")
    found = faults(node_entry(record), node_entry(replace(record, id="other")))
    assert any("has the usual node 'hgx-h20' already" in fault for fault in found)


@pytest.mark.parametrize(("factor", "fits"), [(1.0, True), (0.8, True), (2.0, False), (0.3, False)])
def test_a_node_uses_the_links_of_its_chips(factor: float, fits: bool) -> None:
    record = node("hgx-h20")
    assert record.link_bytes_per_s is not None
    entry = node_entry(replace(record, link_bytes_per_s=record.link_bytes_per_s * factor))
    found = faults(find("h20"), entry)
    assert (found == []) == fits


def test_a_conflict_and_an_unverified_text_name_keys_that_exist() -> None:
    record: Chip = chip("h20")
    conflict = replace(record.conflicts[0], key="tpd_w")
    found = faults(of_chip(replace(record, conflicts=(conflict,), unverified=("fondry",))))
    assert [fault.split(": ", 1)[1] for fault in found] == [
        "conflict.key: 'tpd_w' is no key of a chip",
        "unverified: 'fondry' is no text of a chip",
    ]


def edited(tmp_path: Path, **replacements: str) -> Path:
    text = (CHIPS / "h20-96gb.toml").read_text(encoding="utf-8").replace("h20-96gb", "mine")
    for old, new in replacements.items():
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    report = check_files([edited(tmp_path)])
    assert (report.records, report.faults) == (1, ())
    assert report.facts == len(chip("h20").facts)


def test_own_sources_live_in_the_file(tmp_path: Path) -> None:
    path = edited(tmp_path, **{'"zangshuxian-h20"': '"my-sheet"'})
    faults: tuple[Fault, ...] = check_files([path]).faults
    assert faults
    assert all("'my-sheet', which does not exist" in fault.problem for fault in faults)
    path.write_text(
        path.read_text(encoding="utf-8") + '\n[source.my-sheet]\ntitle = "My data sheet"\n', encoding="utf-8"
    )
    assert check_files([path]).faults == ()


def test_all_faults_of_all_files_at_once(tmp_path: Path) -> None:
    wrong: dict[str, Any] = {"value = 2368": "value = 2400"}
    broken = tmp_path / "broken.toml"
    broken.write_text("id = ", encoding="utf-8")
    report = check_files([broken, edited(tmp_path, **wrong)])
    assert {Path(fault.file).name for fault in report.faults} == {"broken.toml", "mine.toml"}
    with pytest.raises(BadData):
        report.raise_faults()


def test_the_example_of_the_docs_has_no_fault(tmp_path: Path) -> None:
    page = Path(__file__).parents[2] / "docs" / "add-a-chip.md"
    block = page.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    path = tmp_path / "zephyr-9.toml"
    path.write_text(textwrap.dedent(block), encoding="utf-8")
    assert check_files([path]).faults == ()
    assert chip(str(path)).performance_density == pytest.approx(800 * 16 / 700)
