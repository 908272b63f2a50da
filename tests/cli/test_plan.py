"""`assay plan` as a user runs it."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from assay.cli.main import main

QUESTION = ("--model", "Qwen/Qwen3-32B", "--chip", "h20", "--framework", "vllm")
AT_HAND = (*QUESTION, "--chips", "4")
TRACE = "arrival_s,input_tokens,output_tokens\n0,1000,100\n1,3000,300\n2,2000,200\n"


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "assay", "plan", *words], capture_output=True, text=True, timeout=120, check=False
    )


def test_a_table_for_people() -> None:
    answer = run(*AT_HAND, "--explain")
    assert answer.returncode == 0
    assert answer.stderr == ""
    assert all(len(line) <= 100 for line in answer.stdout.splitlines())
    for text in ("chips, ", "*: the choice. A simulation of", "TTFT", "points that lost", "miss the TPOT", "USD per"):
        assert text in answer.stdout


def test_one_json_object() -> None:
    answer = run(*AT_HAND, "--input-tokens", "4K", "--json", "--explain")
    content = json.loads(answer.stdout)
    assert content["schema"] == "assay.plan/1"
    assert {"evaluated", "pairs", "choice", "pareto", "losers", "explanation", "provenance"} <= content.keys()
    choice = content["choice"]
    assert choice in content["pareto"]
    for key in ("ttft_s", "tpot_s", "output_tok_per_s_per_chip", "usd_per_million_output_tokens"):
        assert choice[key].keys() == {"value", "low", "high"}
    assert choice["simulated"]["confirmed"] is True
    assert choice["pools"][0].keys() >= {"role", "chip", "framework", "instances", "tp", "pp", "ep", "dp_attention"}
    assert content["losers"].keys() == {"does_not_fit", "ttft_missed", "tpot_missed", "dominated"}


def test_a_line_a_point_of_the_frontier() -> None:
    rows = list(csv.DictReader(io.StringIO(run(*AT_HAND, "--csv").stdout)))
    assert [row["chosen"] for row in rows].count("True") == 1
    assert [float(row["tpot_s_value"]) for row in rows] == sorted(float(row["tpot_s_value"]) for row in rows)


def test_a_trace_gives_lengths_and_rate(tmp_path: Path) -> None:
    trace = tmp_path / "trace.csv"
    trace.write_text(TRACE, encoding="utf-8")
    content = json.loads(run(*QUESTION, "--trace", str(trace), "--json").stdout)
    assert content["workload"]["input_tokens"] == 2000
    assert content["workload"]["output_tokens"] == 200
    assert content["rate_per_s"] == 1.0
    assert content["objective"] == "chips"


def test_a_script_instead_of_a_table() -> None:
    answer = run("--model", "Qwen/Qwen3-32B", "--chip", "h200", "--chips", "4", "--emit", "sglang")
    assert answer.returncode == 0
    assert answer.stdout.startswith("#!/usr/bin/env bash")
    assert "sglang.launch_server" in answer.stdout


def test_a_named_service_level() -> None:
    content = json.loads(run(*AT_HAND, "--slo", "mlperf:gpt-oss-120b:server", "--json").stdout)
    assert content["slo"] == pytest.approx({"ttft_s": 3.0, "tpot_s": 0.08})


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ((*QUESTION,), 2, "neither chips nor a load"),
        ((*AT_HAND, "--chip", "h21"), 3, "Nearest: h20"),
        ((*AT_HAND, "--slo", "mlperf:deepseek:interactive"), 3, "mlperf:deepseek-r1:interactive"),
        ((*AT_HAND, "--slo", "mlperf:deepseek-r1:interactive", "--ttft", "1s"), 2, "not both"),
        ((*AT_HAND, "--trace", "there-is-none.csv"), 2, "cannot be read"),
        ((*AT_HAND, "--tpot", "1us"), 4, "over 1 µs"),
        ((*AT_HAND, "--objective", "chips"), 2, "fewest chips for what"),
        (("--model", "Qwen/Qwen3-32B", "--chip", "missing.toml", "--chips", "4"), 5, "missing.toml"),
    ],
)
def test_mistakes_are_told_on_stderr(
    words: tuple[str, ...], code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", *words]) == code
    told = capsys.readouterr().err
    assert says in told
    assert "Traceback" not in told
