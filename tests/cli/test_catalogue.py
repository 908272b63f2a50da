"""`assay catalogue` as a user runs it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from assay.catalogue.chip import CHIPS, chip_ids
from assay.cli.main import main


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["catalogue", *words])
    out, err = capsys.readouterr()
    return code, out, err


def test_list_shows_every_chip(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "list")
    assert (code, err) == (0, "")
    assert all(id in out for id in chip_ids())


@pytest.mark.parametrize("noun", ["chips", "nodes", "models", "prices", "engines"])
def test_list_as_json_and_csv_say_the_same(noun: str, capsys: pytest.CaptureFixture[str]) -> None:
    listed = json.loads(run(capsys, "list", noun, "--json")[1])
    assert listed["schema"] == "assay.catalogue/1"
    lines = list(csv.DictReader(io.StringIO(run(capsys, "list", noun, "--csv")[1])))
    assert len(lines) == len(listed[noun])
    for line, row in zip(lines, listed[noun], strict=True):
        assert line == {key: "" if value is None else str(value) for key, value in row.items()}


def test_show_tells_value_kind_range_sources_and_conflicts(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "show", "h20")
    assert code == 0
    for text in ("96 GiB", "4 TB/s", "estimate", "400 W .. 550 W", "zangshuxian-h20", "conflict tdp: 500 W, 550 W"):
        assert text in out
    record = json.loads(run(capsys, "show", "h20", "--json")[1])
    assert record["schema"] == "assay.catalogue/1"
    assert record["facts"]["tdp_w"]["high"] == 550


@pytest.mark.parametrize("name", ["hgx-h20", "sglang", "ascend-910d"])
def test_show_any_record(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "show", name)
    assert code == 0
    assert name in out


def test_source_tells_what_rests_on_it(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "source", "cctv-sanjiangyuan")
    assert code == 0
    for text in ("https://hxjkbz.com/n/959285", "metax-c500", "240 Tflop/s"):
        assert text in out
    assert json.loads(run(capsys, "source", "cctv-sanjiangyuan", "--json")[1])["source"]["url"]


def test_check_is_content_with_the_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "check")
    assert (code, err) == (0, "")
    assert "no fault" in out


def test_check_of_a_bad_file_names_file_and_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.toml"
    text = (CHIPS / "h20-96gb.toml").read_text(encoding="utf-8")
    path.write_text(text.replace("value = 2368", "value = 2400").replace("h20-96gb", "mine"), encoding="utf-8")
    code, out, err = run(capsys, "check", str(path))
    assert (code, out) == (5, "")
    assert f"{path}: facts.tpp: does not recompute" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("words", [("show", "h21"), ("source", "nobody")])
def test_what_is_not_in_the_catalogue_ends_with_3(words: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, *words)
    assert (code, out) == (3, "")
    assert "no " in err


def test_a_noun_that_is_none_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "list", "cars")[0] == 2
