"""`assay export` as a user runs it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.cli.errors import exit_code_of
from assay.cli.export import app
from assay.export.conformance import VECTORS

CHECK = ("check", "--chip", "nvidia-h20-96gb", "--to", "CN", "--hq", "CN", "--from", "US", "--date", "2025-05-01")


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    try:
        code = exit_code_of(
            lambda: app(list(words), result_action="return_value", exit_on_error=False, print_error=False)
        )
    except SystemExit as ended:
        code = int(str(ended.code))
    out, err = capsys.readouterr()
    return code, out, err


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    code, out, err = run(capsys, *words, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def test_check_says_the_verdict_in_one_line_then_the_trail(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, *CHECK)
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert lines[0] == "H20 SXM5 96GB, US to CN, 2025-05-01: 4A994.l, licence required: is-informed; 744.23(d)"
    assert out.count("Not legal advice") == 1
    assert "Verified until 2026-09-24" in out
    assert "ECCN 3A090.a.1" in out
    assert "enforced: licence required: yes, by letter" in out
    assert "the text says" in out


def test_check_as_json_holds_every_field(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, *CHECK, "--quantity", "1000", "--datacentre", "yes", "--form", "chip")
    assert found["schema"] == "assay.export/1"
    assert found["licence_required"] is True
    assert found["keys"] == ["letter"]
    assert {"eccn", "exceptions", "review_policy", "destination_side", "trail", "unknown", "verified_until"} <= set(
        found
    )


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--chip", "h20", "--to", "CN", "--hq", "CN"), 10),
        (("--chip", "h20", "--to", "DE", "--hq", "DE"), 0),
        (("--chip", "h20", "--to", "DE"), 11),
        (("--tpp", "3000", "--to", "CN", "--hq", "CN", "--datacentre", "yes"), 11),
    ],
)
def test_the_exit_code_tells_the_answer_where_it_is_asked_to(
    words: tuple[str, ...], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("check", *words, "--date", "2025-06-01")
    assert run(capsys, *asked, "--exit-code")[0] == code
    assert run(capsys, *asked)[0] == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--chip", "h2o", "--to", "CN"), 3, "h20"),
        (("--chip", "h20", "--to", "Chna"), 3, "China"),
        (("--chip", "h20", "--to", "CN", "--date", "2025-13-01"), 2, "date"),
        (("--chip", "h20", "--to", "CN", "--movement", "smuggle"), 2, "movement"),
        (("--chip", "h20", "--to", "CN", "--with", "stay-extend"), 3, "stay-extended"),
        (("--to", "CN"), 2, "--chip"),
        (("--chip", "h20", "--to", "CN", "--quantity", "-1"), 2, "quantity"),
        (("--tpp", "nan", "--to", "CN"), 2, "tpp"),
    ],
)
def test_what_is_unknown_or_wrong_is_said_with_the_nearest(
    words: tuple[str, ...], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found, out, err = run(capsys, "check", *words)
    assert (found, out) == (code, "")
    assert said in err
    assert "Traceback" not in err


def test_a_proposal_is_laid_over_the_rules(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("check", "--chip", "h100", "--to", "DE", "--hq", "DE", "--date", "2026-06-15")
    assert answer(capsys, *asked)["licence_required"] is False
    assert answer(capsys, *asked, "--with", "ai-diffusion-enforced")["licence_required"] is True


def test_facts_that_are_given_win_over_the_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, *CHECK, "--tpp", "5000", "--interconnect-gb-per-s", "500")
    assert (found["eccn"], found["paragraph"]) == ("4A090.a", "3A090.a.1")


def test_headroom_in_three_forms(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("headroom", "h20", "--date", "2026-08-01")
    found = answer(capsys, *words)
    lines = list(csv.DictReader(io.StringIO(run(capsys, *words, "--csv")[1])))
    assert len(lines) == len(found["lines"])
    assert "From a TPP of 2,400 (1.014 times its own)" in run(capsys, *words)[1]


def test_diff_names_the_instrument(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("diff", "h200-sxm", "--to", "CN", "--date", "2026-01-14", "--date", "2026-01-15")
    assert {cause["instrument"] for cause in answer(capsys, *words)["causes"]} == {"91 FR 1684"}
    assert "by 91 FR 1684" in run(capsys, *words)[1]
    assert run(capsys, *words[:-2])[0] == 2


def test_timeline_and_turns(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "timeline", "--chip", "h20", "--to", "CN")
    assert [turn["date"] for turn in found["turns"]][:2] == ["2022-08-26", "2025-04-09"]
    assert "is-informed letter to NVIDIA" in run(capsys, "timeline")[1]
    lines = list(csv.DictReader(io.StringIO(run(capsys, "timeline", "--csv")[1])))
    assert len(lines) > 60


def test_matrix(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("matrix", "--chip", "h20", "--chip", "h200", "--to", "CN", "--to", "DE", "--date", "2026-08-01")
    assert [row["licence_required"] for row in answer(capsys, *words)["chips"]] == [{"CN": True, "DE": False}] * 2
    assert len(run(capsys, *words, "--csv")[1].splitlines()) == 5
    assert "h200" in run(capsys, *words)[1]


def test_known_outcomes_run_from_any_file(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "test", "--vectors", str(VECTORS))
    assert found["schema"] == "assay.export-test/1"
    assert found["disagreements"] == []
    assert all(field["stated"] == field["agree"] for field in found["fields"].values())
    code, out, _ = run(capsys, "test")
    assert code == 0
    assert "licence_required: 96 of 96 agree" in out
    assert run(capsys, "test", "--vectors", "nowhere.csv")[0] == 5


def test_screening_against_a_list_of_the_user(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    parties, owners = tmp_path / "list.csv", tmp_path / "owners.csv"
    parties.write_text("name,country,source\nBlue Lantern Microsystems,CN,EL\n", encoding="utf-8")
    owners.write_text("owner,owned,share\nBlue Lantern Microsystems,Quiet Stream,0.5\n", encoding="utf-8")
    words = ("screen", "--list", str(parties), "--name")
    assert answer(capsys, *words, "Blue Lantern Microsystem Ltd")["hits"][0]["list"] == "EL"
    owned = answer(capsys, *words, "Quiet Stream", "--owners", str(owners))
    assert owned["ownership"]["affiliate"] is True
    assert "the 50 % rule reaches it" in run(capsys, *words, "Quiet Stream", "--owners", str(owners))[1]
    assert "clears nobody" in run(capsys, *words, "Green Meadow")[1]


def test_red_flags(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    answers = tmp_path / "answers.toml"
    answers.write_text("dc_verified = false\n", encoding="utf-8")
    found = answer(capsys, "red-flags", "--answers", str(answers))
    assert [flag["id"] for flag in found["flags"] if flag["raised"]] == ["capacity"]
    assert "RAISED" in run(capsys, "red-flags", "--answers", str(answers))[1]


def test_chart(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ("chart", "--chip", "h20", "--date", "2026-08-01")
    assert json.loads(run(capsys, *words)[1])["$schema"].endswith("vega-lite/v5.json")
    path = tmp_path / "rules.svg"
    assert run(capsys, *words, "--out", str(path))[0] == 0
    assert path.read_text(encoding="utf-8").startswith("<svg")
    assert run(capsys, *words, "--out", str(tmp_path / "nowhere" / "rules.svg"))[0] == 2


WORDS = st.lists(
    st.sampled_from(["--chip", "h20", "--to", "CN", "--hq", "--tpp", "-1", "--date", "2025-05-01", "--json", "--with"])
    | st.text(max_size=8),
    max_size=8,
)


@given(words=WORDS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_typed_ends_with_an_answer_or_a_message(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capsys, "check", *words)
    assert code in (0, 2, 3, 5)
    assert "Traceback" not in err
