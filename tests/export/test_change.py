"""What changed, and which instrument did it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import UsageError
from assay.export import ExportRequest, check
from assay.export.change import difference, history
from assay.export.chip_item import item
from assay.export.law import sources
from assay.export.matrix import DESTINATIONS, matrix
from assay.export.timeline import events, events_of, timeline


def ask(chip: str, to: str, hq: str | None = None) -> ExportRequest:
    return ExportRequest(item(chip), date(2025, 1, 1), destination=to, hq=hq or to)


def test_the_letter_of_april_2025_did_it() -> None:
    found = difference(ask("h20", "CN"), (date(2025, 4, 8), date(2025, 4, 9)))
    assert ("licence_required", False, True) in found.fields
    assert "is-informed letter to NVIDIA 2025-04-09" in {version.instrument for version in found.causes}


def test_the_rule_of_january_2026_did_it() -> None:
    found = difference(ask("h200-sxm", "CN"), (date(2026, 1, 14), date(2026, 1, 15)))
    assert [field for field, _, _ in found.fields] == ["review_policy"]
    assert {version.instrument for version in found.causes} == {"91 FR 1684"}


def test_nothing_changes_for_a_small_chip() -> None:
    found = difference(ask("l2", "DE"), (date(2024, 1, 1), date(2026, 8, 1)))
    assert found.as_dict()["changes"] == []


@pytest.mark.parametrize("dates", [(), (date(2025, 1, 1),), (date(2025, 1, 2), date(2025, 1, 1))])
def test_two_dates_in_order_are_needed(dates: tuple[date, ...]) -> None:
    with pytest.raises(UsageError, match="two dates"):
        difference(ask("h20", "CN"), dates)


@given(
    chip=st.sampled_from(["h20", "h200", "l40s", "rtx-5090"]),
    to=st.sampled_from(DESTINATIONS),
    on=st.dates(date(2022, 9, 1), date(2027, 5, 1)),
)
def test_between_two_turns_the_answer_stands(chip: str, to: str, on: date) -> None:
    request = ask(chip, to)
    turns = [turn for turn in history(request) if turn.on <= on]
    before = difference(request, (turns[-1].on - timedelta(days=1), on)) if len(turns) > 1 else None
    assert before is None or before.fields
    if turns[-1].on < on:
        assert difference(request, (turns[-1].on, on)).fields == ()


def test_a_timeline_is_in_order_and_sourced() -> None:
    assert [event.date for event in events()] == sorted(event.date for event in events())
    assert {event.source for event in events()} <= sources().keys()


def test_a_timeline_of_a_chip_and_country_leaves_out_others() -> None:
    named = {event.instrument for event in events_of("H20", "CN")}
    assert "CAC summons of NVIDIA" in named
    assert "90 FR 4544" in named
    assert "GeForce RTX 4090 D" not in named
    assert "STA 2010 s. 12, directive 1/2025" not in named


def test_turns_need_a_chip_and_a_country() -> None:
    assert timeline("h20", "CN").turns
    assert not timeline("h20", None).turns
    assert not timeline(None, None).turns
    assert timeline(None, None).events == events()


def test_a_matrix_holds_what_check_says() -> None:
    on = date(2026, 8, 1)
    found = matrix(["h20", "h200"], ["CN", "Germany"], on)
    for row in found.rows():
        request = ExportRequest(item(row["chip"]), on, destination=row["destination"], hq=row["destination"])
        assert row["licence_required"] is check(request).licence_required
    assert found.as_dict()["chips"][0]["licence_required"] == {"CN": True, "DE": False}
