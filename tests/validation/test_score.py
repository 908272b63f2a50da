"""Errors of predictions, by group."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.validation.score import Group, Score, Scored, group_by, write_rows


def scored(measured: float, value: float, half: float = 1.25, metric: str = "seconds", **by: str) -> Scored:
    return Scored("row", metric, by, measured, value, value / half, value * half)


def test_errors_are_fractions_of_the_measured() -> None:
    group = Group.of([scored(2.0, 2.2), scored(2.0, 1.0), scored(4.0, 4.0)], {}, "seconds")
    assert group.n == 3
    assert group.median_ape == pytest.approx(0.1)
    assert group.mape == pytest.approx(0.2)
    assert group.p90_ape == pytest.approx(0.42)
    assert group.bias == pytest.approx(0.0)
    assert group.interval80_coverage == pytest.approx(2 / 3)
    assert group.interval80_width == pytest.approx(0.25)


def test_groups_are_sorted_and_rows_without_the_key_left_out() -> None:
    rows = [
        scored(1, 1, chip="h20"),
        scored(1, 2, chip="a100"),
        scored(1, 3),
        scored(1, 1, chip="h20", metric="ttft_s"),
    ]
    groups = group_by(rows, "chip")
    assert [(group.metric, group.by["chip"], group.n) for group in groups] == [
        ("seconds", "a100", 1),
        ("seconds", "h20", 1),
        ("ttft_s", "h20", 1),
    ]
    assert [group.n for group in group_by(rows)] == [3, 1]


@given(st.lists(st.tuples(st.floats(1e-6, 1e3), st.floats(0.1, 10)), min_size=1, max_size=20))
def test_a_common_factor_changes_no_error(pairs: list[tuple[float, float]]) -> None:
    def score(unit: float) -> Group:
        return Group.of([scored(unit * measured, unit * measured * ratio) for measured, ratio in pairs], {}, "seconds")

    one, other = score(1.0), score(1e3)
    for key in ("median_ape", "mape", "p90_ape", "bias", "interval80_width"):
        assert getattr(one, key) == pytest.approx(getattr(other, key), abs=1e-9)


def test_the_json_states_what_was_left_out_and_how_many_rows_were_predicted() -> None:
    rows = (scored(1, 1, chip="h20"),)
    content = Score("here", 3, rows, group_by(rows, "chip"), "chip").as_dict()
    assert content["schema"] == "assay.validation/1"
    assert (content["left_out"], content["rows"], content["predicted"]) == ("chip", 3, 1)
    assert content["groups"][0]["by"] == {"chip": "h20"}


def test_rows_are_written_one_a_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    write_rows([scored(1, 2, half=2, chip="h20"), scored(3, 4, family="moe")], path)
    with path.open(encoding="utf-8", newline="") as file:
        first, second = csv.DictReader(file)
    assert (first["measured"], first["value"], first["low"], first["high"]) == ("1", "2", "1", "4")
    assert (first["chip"], second["chip"], second["family"]) == ("h20", "", "moe")
