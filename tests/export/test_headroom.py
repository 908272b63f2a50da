"""Distance to the lines."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from assay.export import ExportRequest, check
from assay.export.chip_item import item
from assay.export.headroom import headroom
from assay.export.item import Item

ON = date(2026, 8, 1)


@pytest.mark.parametrize("chip", ["h20", "l2", "l20", "h200", "rtx-4090d", "mi210"])
def test_the_class_turns_at_the_next_tpp_and_not_below(chip: str) -> None:
    found = item(chip)
    distance = headroom(found, ON)
    if distance.next_tpp is None:
        return

    def said(tpp: float) -> tuple[str | None, str | None]:
        raised = replace(found, tpp=tpp, vendor_eccn=None)
        verdict = check(ExportRequest(raised, ON, destination="CN", hq="CN"))
        return verdict.paragraph, verdict.review_policy

    assert found.tpp is not None
    assert said(distance.next_tpp) != said(found.tpp)
    assert said(distance.next_tpp * (1 - 1e-9)) == said(found.tpp)


def test_every_line_of_the_rules_is_measured() -> None:
    lines = {(line.measure, line.line) for line in headroom(item("h20"), ON).lines}
    assert {("tpp", line) for line in (1600, 2400, 4800, 21000)} <= lines
    assert {("performance_density", line) for line in (1.6, 3.2, 5.92)} <= lines
    assert {("dram_gb_per_s", 6500), ("dram_gb_per_s", 1400), ("interconnect_gb_per_s", 1100)} <= lines
    assert ("dram_and_interconnect_gb_per_s", 1700) in lines


def test_h20_may_be_one_percent_faster() -> None:
    found = headroom(item("h20"), ON).as_dict()
    assert found["next_tpp"] == 2400
    assert found["next_tpp_factor"] == pytest.approx(1.0135, abs=1e-4)


def test_an_unknown_tpp_leaves_the_factors_open() -> None:
    found = headroom(Item("x", datacentre=True), ON)
    assert found.next_tpp is None
    assert {line.past for line in found.lines} == {None}


def test_lines_follow_the_date() -> None:
    early = {line.line for line in headroom(item("h20"), date(2023, 1, 1)).lines if line.measure == "tpp"}
    assert 4800 in early
    assert 2400 not in early
