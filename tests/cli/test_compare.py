"""`assay compare` as a user runs it."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys

import pytest

QUESTION = ("--model", "Qwen/Qwen3-32B")


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "assay", "compare", *words], capture_output=True, text=True, timeout=120, check=False
    )


def test_a_table_for_people() -> None:
    answer = run(*QUESTION, "--chip", "h20", "--chip", "h200", "--chip", "ascend-910d")
    assert answer.returncode == 0
    assert answer.stderr == ""
    lines = answer.stdout.splitlines()
    assert all(len(line) <= 100 for line in lines)
    assert any(line.startswith("h200-sxm") for line in lines)
    assert "ascend-910d: " in answer.stdout
    assert "not published" in answer.stdout


def test_one_json_object() -> None:
    answer = run(*QUESTION, "--input-tokens", "4K", "--chip", "h20", "--json", "--explain")
    assert answer.returncode == 0
    content = json.loads(answer.stdout)
    assert content["schema"] == "assay.compare/1"
    assert content["rows"][0]["explanation"]["name"] == "h20-96gb"


def test_a_line_a_chip() -> None:
    answer = run(*QUESTION, "--chip", "h20", "--chip", "l4", "--csv")
    rows = list(csv.DictReader(io.StringIO(answer.stdout)))
    assert [row["chip"] for row in rows] == ["h20-96gb", "l4"]
    assert float(rows[0]["tpot_s_value"]) <= 0.05


def test_the_tree_of_reasons() -> None:
    answer = run(*QUESTION, "--chip", "h20", "--explain")
    for term in ("TTFT", "TPOT", "decode step", "attention", "memory of the fullest chip", "USD per chip-hour"):
        assert term in answer.stdout


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--chip", "h21"), 3, "Nearest: h20"),
        (("--chip", "h20", "--framework", "vlm"), 3, "vllm"),
        (("--chip", "h20", "--ttft", "soon"), 2, "is not a time"),
        (("--chip", "h20", "--tp", "7"), 4, "tp=7 does not divide 64 heads"),
        (("--chip", "h20", "--input-tokens", "900000"), 4, "exceed the context"),
        (("--chip", "h20", "--tpot", "1us"), 4, "over 1 µs"),
        (("--chip", "missing.toml"), 5, "missing.toml"),
        ((), 2, "chip"),
    ],
)
def test_mistakes_are_told_on_stderr(words: tuple[str, ...], code: int, says: str) -> None:
    answer = run(*QUESTION, *words)
    assert answer.returncode == code
    assert says in answer.stderr
    assert "Traceback" not in answer.stderr
