"""`assay simulate` as people type it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from assay.cli.main import main

BASE = ("simulate", "--model", "Qwen/Qwen3-32B", "--chip", "h200", "--framework", "vllm", "--requests", "60")


def test_a_table_of_percentiles(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*BASE, "--rate", "2", "--ttft", "1s", "--tpot", "50ms"]) == 0
    out = capsys.readouterr().out
    for word in ("TTFT", "TPOT", "ITL", "E2EL", "p99", "tok/s", "good:", "$/Mtok", "80 % interval"):
        assert word in out


def test_json_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*BASE, "--concurrency", "8", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == "assay.simulate/1"
    assert found["requests"] == 60
    assert set(found["ttft_s"]) >= {"mean", "p50", "p90", "p95", "p99"}
    assert found["over_time"]["time_s"]


def test_csv_has_a_line_a_request(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*BASE, "--rate", "2", "--csv"]) == 0
    lines = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert len(lines) == 60
    assert float(lines[3]["ttft_s"]) > 0


def test_files_of_other_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = (
        "--records",
        "r.jsonl",
        "--vllm-bench",
        "v.json",
        "--aiperf",
        "a",
        "--timeline",
        "t.json",
        "--chart",
        "c.json",
    )
    words = [word if word.startswith("--") else str(tmp_path / word) for word in files]
    assert main([*BASE, "--rate", "2", *words]) == 0
    assert capsys.readouterr().err == ""
    assert len((tmp_path / "r.jsonl").read_text().splitlines()) == 60
    assert json.loads((tmp_path / "v.json").read_text())["completed"] == 60
    assert json.loads((tmp_path / "a" / "profile_export_aiperf.json").read_text())["request_count"]["avg"] == 60
    assert len((tmp_path / "a" / "profile_export.jsonl").read_text().splitlines()) == 60
    assert json.loads((tmp_path / "t.json").read_text())["traceEvents"]
    assert "vega-lite" in json.loads((tmp_path / "c.json").read_text())["$schema"]


def test_rates_make_a_curve(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "curve.svg"
    assert main([*BASE, "--rate", "1", "--rate", "4", "--chart", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [run["rate_per_s"] for run in found["runs"]] == [1, 4]
    assert path.read_text().startswith("<svg")


def test_a_trace_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "trace.csv"
    path.write_text(
        "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.68,374,44\n2023-11-16 18:15:50.9,396,9\n"
    )
    assert main([*BASE[:-2], "--trace", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["output_tokens"] == 53


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--trace", "nowhere.csv"), 2, "nowhere.csv"),
        (("--rate", "1", "--rate", "2", "--timeline", "t.json"), 2, "several runs"),
        (("--chart", "chart.gif"), 2, "chart.gif"),
        (("--records", "r.txt"), 2, "r.txt"),
        (("--fail", "soon"), 2, "soon"),
        (("--fail", "5s:3:1s"), 2, "no replica 3"),
        (("--input-tokens", "100K"), 4, "context"),
        (("--tp", "3"), 4, "heads"),
    ],
)
def test_mistakes_are_told(words: tuple[str, ...], code: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*BASE, *words]) == code
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


def test_a_broken_trace_names_its_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "trace.csv"
    path.write_text("arrival_s,input_tokens,output_tokens\n0,5,5\n1,-3,5\n2,x,5\n")
    assert main([*BASE, "--trace", str(path)]) == 5
    error = capsys.readouterr().err
    assert "line 3" in error
    assert "line 4" in error


def test_a_framework_that_does_not_run_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--model", "Qwen/Qwen3-32B", "--chip", "h200", "--framework", "mindie"]) == 6
    assert "MindIE" in capsys.readouterr().err
