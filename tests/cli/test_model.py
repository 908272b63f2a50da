"""`assay model`, as a user runs it."""

import csv
import io
import json
from pathlib import Path

import pytest

from assay.cli.main import main


def test_show_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["model", "show", "deepseek-ai/DeepSeek-R1", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema"] == "assay.model/1"
    assert answer["kv_bytes_per_token"] == 70_272


def test_show_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["model", "show", "qwen3-32b"]) == 0
    shown = capsys.readouterr().out
    assert "262,144 B a token" in shown
    assert "attention.qkv" in shown
    assert "64 x GroupedQueryAttention" in shown


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["model", "list"]) == 0
    assert "deepseek-ai/DeepSeek-R1" in capsys.readouterr().out
    assert main(["model", "list", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["models"]) == 103
    assert main(["model", "list", "--csv"]) == 0
    assert len(list(csv.DictReader(io.StringIO(capsys.readouterr().out)))) == 103


def test_errors_have_their_exit_codes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    broken = tmp_path / "config.json"
    broken.write_text('{"model_type": "llama", "hidden_size": "wide"}', encoding="utf-8")
    assert main(["model", "show", "no-such-model"]) == 3
    assert main(["model", "show", str(broken)]) == 5
    assert main(["model", "show", "pangu-ultra-moe-718b"]) == 6
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "hidden_size" in captured.err
    assert "num_attention_heads" in captured.err
