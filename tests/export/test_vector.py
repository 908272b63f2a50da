"""Known outcomes: every shipped row comes out as stated, and a row that states otherwise is caught."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import AssayError, BadData
from assay.export.agreement import FIELDS, stated
from assay.export.conformance import VECTORS, conformance
from assay.export.law import sources
from assay.export.vector import Vector, VectorRow, read_vectors, vector

SHIPPED = read_vectors(VECTORS)
ROWS = {shipped.row.id: shipped for shipped in SHIPPED}
COLUMNS = [field.alias or name for name, field in VectorRow.model_fields.items()]
OTHER: Mapping[str, Mapping[str, str]] = {
    "licence_required": {"yes": "no", "no": "yes"},
    "review_policy": {
        "presumption of denial": "presumption of approval",
        "presumption of approval": "presumption of denial",
        "case-by-case": "presumption of denial",
        "is-informed": "presumption of denial",
    },
    "exception": {"none": "NAC", "NAC": "ACA", "ACA": "NAC"},
    "expected_eccn": {"3A090.a": "3A090.b", "3A090.b": "3A090.a", "not 3A090": "3A090.a", "4A994.l": "4A090.b"},
}


def test_every_row_agrees_in_every_field_that_it_states() -> None:
    found = conformance(SHIPPED)
    assert found.disagreements == ()
    assert found.unread == ()
    assert found.stated == found.agree
    assert found.rows == len(SHIPPED)


def test_a_vendor_anomaly_comes_out_as_the_text_says_and_is_named() -> None:
    found = conformance(SHIPPED)
    assert {finding.id for finding in found.anomalies} == {"TV040"}
    assert found.anomalies[0].answer == "4A090.b"
    assert "vendor's list gives 4A090.a" in found.anomalies[0].anomaly


def test_every_source_of_a_row_exists() -> None:
    assert {id for shipped in SHIPPED for id in shipped.row.source.split()} <= sources().keys()


def _changed(shipped: Vector, field: str) -> str | None:
    cell = getattr(shipped.row, field)
    if " from 2" in cell or " or " in cell or " / " in cell or ";" in cell or shipped.row.id == "TV040":
        return None
    return next((other for begun, other in OTHER[field].items() if cell.startswith(begun)), None)


@pytest.mark.parametrize("field", OTHER)
def test_a_row_that_states_the_opposite_disagrees(field: str) -> None:
    changed = [
        replace(shipped, row=shipped.row.model_copy(update={field: other}))
        for shipped in SHIPPED
        if (other := _changed(shipped, field)) is not None
    ]
    assert len(changed) > 10
    found = conformance(changed)
    caught = {finding.id for finding in found.disagreements if finding.field == field}
    assert caught == {shipped.row.id for shipped in changed}


def test_what_cannot_be_read_disagrees() -> None:
    row = ROWS["TV036"].row
    for field in FIELDS:
        if field != "cite":
            found = conformance([replace(ROWS["TV036"], row=row.model_copy(update={field: "gibberish"}))])
            assert [finding.field for finding in found.disagreements] == [field]


@pytest.mark.parametrize(
    ("id", "fact", "value"),
    [
        ("TV076", "certified", False),
        ("TV077", "us_tpp_ratio", 0.51),
        ("TV103", "bona_fide_operator", True),
        ("TV106", "end_user", "G42"),
        ("TV109", "end_user", "unlisted"),
        ("TV116", "quantity", 1698),
        ("TV127", "listed_owner_share", 0.6),
    ],
)
def test_what_is_said_in_words_becomes_a_fact(id: str, fact: str, value: object) -> None:
    assert getattr(ROWS[id].request, fact) == value


def test_a_cell_that_cannot_be_read_is_an_unknown_fact() -> None:
    found = vector(VectorRow(id="r", chip="H100 SXM", date="2026-02-15", destination="Atlantis", **{"from": "US"}))
    assert found.request.destination is None
    assert found.unread == ("Atlantis",)


def test_a_file_without_dates_says_which_rows(tmp_path: Path) -> None:
    with VECTORS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[:2]
    rows[1]["date"] = "soon"
    path = tmp_path / "v.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    with pytest.raises(BadData, match="TV002"):
        read_vectors(path)


@given(cells=st.fixed_dictionaries({column: st.text(max_size=20) for column in COLUMNS}))
def test_any_text_in_the_cells_is_read_or_refused(cells: dict[str, str]) -> None:
    try:
        found = vector(VectorRow(**{**cells, "date": f"2026-02-15 {cells['date']}"}))
    except AssayError:
        return
    conformance([found])


@pytest.mark.parametrize("field", FIELDS)
def test_an_empty_cell_states_nothing(field: str) -> None:
    assert not stated(field, "")
