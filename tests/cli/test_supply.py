"""`assay supply` as a user runs it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from assay.cli.errors import exit_code_of
from assay.cli.supply import app

FEW = ("--samples", "100", "--as-of", "2026-11-23")


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = exit_code_of(lambda: app(list(words), result_action="return_value", exit_on_error=False, print_error=False))
    out, err = capsys.readouterr()
    return code, out, err


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    code, out, err = run(capsys, *words, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def test_run_prints_a_table_with_its_labels_and_what_it_rests_on(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "run", *FEW)
    assert (code, err) == (0, "")
    for text in ("owned.h100e_fp8", "owned.h100e_bandwidth", "seed 1", "as of 2026-11-23", "inputs ", "stand-in"):
        assert text in out


def test_run_twice_is_the_same_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "run", *FEW, "--json") == run(capsys, "run", *FEW, "--json")


def test_a_share_string_runs_as_its_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    named = answer(capsys, "run", "hbm-tight", *FEW)
    shared = answer(capsys, "run", named["share"], *FEW)
    assert named["series"] == shared["series"]
    assert named["input_hash"] == shared["input_hash"]


def test_run_as_csv_has_a_row_a_month_and_series(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "run", *FEW, "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert {"month", "series", "unit", "p5", "p50", "p95"} <= set(rows[0])
    assert len({row["month"] for row in rows}) == 120


def test_thresholds_are_answered(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "run", *FEW, "--threshold", "owned.h100e_fp8=1e6")["crossings"]
    assert found[0]["series"] == "owned.h100e_fp8"
    assert "2024" < found[0]["p50"] < "2027"


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("run", "no-such-scenario"), 3, "no-such-scenario"),
        (("run", "--threshold", "owned.h100e_fp8"), 2, "series=value"),
        (("run", "--threshold", "owned.h100e_fp8=nan"), 2, "series=value"),
        (("sensitivity", "--month", "2027-13"), 2, "2027-13"),
        (("run", "--as-of", "2019-01-01"), 2, "2019-01-01"),
        (("run", "--samples", "0"), 2, "samples"),
        (("run", "--samples", "100", "--chart", "fan.png"), 2, ".svg"),
        (("score", "--jobs", "0"), 2, "jobs"),
        (("diversion", "score", "nowhere.csv"), 5, "nowhere.csv"),
        (("diff", "status-quo"), 2, ""),
    ],
)
def test_mistakes_are_told_on_stderr(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, text: str
) -> None:
    ended, out, err = run(capsys, *words)
    assert (ended, out) == (code, "")
    assert text in err
    assert "Traceback" not in err


def test_a_bad_scenario_names_file_and_key(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text('title = "x"\n[[lever]]\nname = "nothing"\ndate = "2027"\nvalue = 1\n[input.die_bank]\nlow = 1\n')
    code, out, err = run(capsys, "run", str(path))
    assert (code, out) == (5, "")
    assert "bad.toml: input.die_bank" in err


def test_diff_and_its_drawings(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    found = answer(capsys, "diff", "status-quo", "enforcement-x3", *FEW, "--chart", str(tmp_path / "d.json"))
    assert found["schema"] == "assay.supply-diff/1"
    assert found["a"]["seed"] == found["b"]["seed"]
    assert "vega-lite" in json.loads((tmp_path / "d.json").read_text())["$schema"]
    assert run(capsys, "diff", "status-quo", "hbm-tight", *FEW, "--chart", str(tmp_path / "d.svg"))[0] == 0
    assert (tmp_path / "d.svg").read_text().startswith("<svg")


def test_sensitivity_ranks_inputs(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "sensitivity", *FEW, "--month", "2026-12")
    assert found["influences"][0]["name"] == "diverted_2024"
    assert run(capsys, "sensitivity", *FEW)[0] == 0


def test_score_says_what_was_missed_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "score", "--samples", "400")
    assert code == 0
    assert "calibration, not proof" in out
    assert "B28" in out


def test_register_is_one_hashed_object(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "register", *FEW)
    assert code == 0
    assert len(json.loads(out)["sha256"]) == 64


@pytest.mark.parametrize("noun", ["scenarios", "levers", "inputs"])
def test_lists(capsys: pytest.CaptureFixture[str], noun: str) -> None:
    assert answer(capsys, noun)[noun]
    assert run(capsys, noun)[0] == 0


def test_leads_are_never_findings(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    _, orders, _ = run(capsys, "diversion", "generate", "--orders", "50", "--diverted-share", "0.2")
    path = tmp_path / "orders.csv"
    path.write_text(orders)
    found = answer(capsys, "diversion", "score", str(path))
    assert found["notice"] == "A lead for review, never a finding."
    assert all(lead["finding"] is False for lead in found["leads"])
    assert "never a finding" in run(capsys, "diversion", "score", str(path))[1]
    assert "never a finding" in run(capsys, "diversion", "evaluate", "--orders", "1000")[1]
    assert answer(capsys, "diversion", "cases")["cases"]
