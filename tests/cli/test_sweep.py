"""`assay sweep` as a user runs it."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from assay.cli.sweep_study import points_of, read_study

DOCS = Path(__file__).parents[2] / "docs" / "sweep.md"
HEAD = """verb = "compare"
[request]
model = "Qwen/Qwen3-32B"
chips = ["h20"]
input_tokens = 1024
output_tokens = 1024
ttft_s = 2.0
tpot_s = 0.05
"""


def words(*asked: str | Path) -> list[str]:
    return [sys.executable, "-m", "assay", "sweep", *map(str, asked)]


def run(*asked: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words(*asked), capture_output=True, text=True, timeout=120, check=False)


def written(folder: Path, text: str) -> Path:
    study = folder / "study.toml"
    study.write_text(text, encoding="utf-8")
    return study


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study of the page for users, computed once."""
    (text,) = re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    study = written(tmp_path_factory.mktemp("example"), text)
    found = run(study)
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout.splitlines()[1].split()[:3] == ["h20", "1024", "h20-96gb"]
    assert "4 points in" in found.stdout
    return study


def test_one_json_object_in_the_order_of_the_grid(example: Path) -> None:
    found = run(example, "--json")
    assert (found.returncode, found.stderr) == (0, "")
    content = json.loads(found.stdout)
    assert {key: content[key] for key in ("schema", "points", "done", "failed")} == {
        "schema": "assay.sweep/1",
        "points": 4,
        "done": 4,
        "failed": 0,
    }
    asked = [(result["request"]["chips"], result["request"]["input_tokens"]) for result in content["results"]]
    assert asked == [(["h20"], 1024), (["h20"], 4096), (["h200"], 1024), (["h200"], 4096)]
    assert all(result["result"]["schema"] == "assay.compare/1" for result in content["results"])


def test_a_point_is_what_compare_answers(example: Path) -> None:
    swept = json.loads(run(example, "--json").stdout)["results"][2]["result"]
    flags = ("--model", "Qwen/Qwen3-32B", "--chip", "h200", "--input-tokens", "1024", "--as-of", "9999-12-31", "--json")
    asked = subprocess.run(
        [sys.executable, "-m", "assay", "compare", *flags], capture_output=True, text=True, check=True
    )
    assert swept == json.loads(asked.stdout)


def test_a_line_a_chip(example: Path) -> None:
    lines = list(csv.DictReader(io.StringIO(run(example, "--csv").stdout)))
    assert [(line["chips"], line["input_tokens"], line["chip"]) for line in lines[1:3]] == [
        ("h20", "4096", "h20-96gb"),
        ("h200", "1024", "h200-sxm"),
    ]
    assert float(lines[0]["tpot_s_value"]) <= 0.05


def test_a_longer_axis_computes_only_what_is_new(example: Path, tmp_path: Path) -> None:
    store = tmp_path / "copy.sqlite"
    with sqlite3.connect(example.with_suffix(".sqlite")) as source, sqlite3.connect(store) as copy:
        source.backup(copy)
        copy.execute('UPDATE assay_sweep SET content = \'{"rows": [{"chip": "kept"}]}\'')
    source.close()
    copy.close()
    longer = written(tmp_path, example.read_text(encoding="utf-8").replace("[1024, 4096]", "[1024, 2048, 4096]"))
    chips = [line["chip"] for line in csv.DictReader(io.StringIO(run(longer, "--store", store, "--csv").stdout))]
    assert chips == ["kept", "h20-96gb", "kept", "kept", "h200-sxm", "kept"]


def test_failed_points_are_told_and_kept_until_asked_again(tmp_path: Path) -> None:
    study = written(tmp_path, HEAD + "[axes]\ncached_tokens = [0, 6000]\n")
    for asked in ((), ("--retry",)):
        found = run(study, *asked, "--json")
        assert found.returncode == 0
        assert found.stderr == "assay: 1 of 2 points failed, the first: 6000 cached tokens of 1024 input tokens\n"
        content = json.loads(found.stdout)
        assert (content["done"], content["failed"]) == (1, 1)
        assert content["results"][1]["error"]["exit_code"] == 2
    assert "6000 cached tokens" in run(study).stdout


def test_where_all_points_fail_the_command_does_with_the_code_of_the_first(tmp_path: Path) -> None:
    found = run(written(tmp_path, HEAD.replace('"h20"', '"h21"')))
    assert found.returncode == 3
    assert "error: all 1 points failed, the first: no chip 'h21'" in found.stderr
    assert "Nearest: h20" in found.stderr


def test_a_changed_file_of_a_chip_is_another_point(tmp_path: Path) -> None:
    chip = tmp_path / "my-chip.toml"
    study = read_study(written(tmp_path, HEAD + f"[axes]\nchips = [['h20'], ['{chip}']]\n"))
    keys = []
    for text in ("one", "other"):
        chip.write_text(text)
        keys.append([point.key for point in points_of(study)])
    assert keys[0][0] == keys[1][0]
    assert keys[0][1] != keys[1][1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_it_keeps_what_is_done_and_says_how_to_go_on(tmp_path: Path, number: signal.Signals) -> None:
    axis = ", ".join(str(tokens) for tokens in range(512, 512 + 60))
    study = written(tmp_path, HEAD + f"[axes]\ninput_tokens = [{axis}]\n")
    store = study.with_suffix(".sqlite")
    asked = words(study, "--workers", "1")
    process = subprocess.Popen(asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    end_s = time.monotonic() + 60
    while _count(store, "done") < 2:
        assert time.monotonic() < end_s
        time.sleep(0.02)
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)  # as a terminal does
    out, told = process.communicate(timeout=30)
    assert out == ""
    assert process.returncode == 128 + number
    kept = _count(store, "done")
    assert 2 <= kept < 60
    place = f"{kept} of 60 points are kept in {store}"
    assert told == f"assay: stopped: {place}. Run the same command again to go on.\n"
    assert _count(store, "claimed") == 0


def _count(store: Path, state: str) -> int:
    if not store.exists():
        return 0
    connection = sqlite3.connect(store)
    try:
        return int(connection.execute("SELECT count(*) FROM assay_sweep WHERE state = ?", (state,)).fetchone()[0])
    except sqlite3.OperationalError:  # not yet made
        return 0
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("text", "asked", "code", "says"),
    [
        (HEAD + "tokens = 4\n[axes]\nchip = [['h20']]\n", (), 2, "'tokens' (nearest: input_tokens"),
        (HEAD + "[axes]\nchip = [['h20']]\n", (), 2, "no field 'chip' (nearest: chips"),
        (HEAD.replace('"compare"', '"compere"'), (), 2, "Verbs: compare, plan, simulate."),
        (HEAD + "[axis]\nchips = [['h20']]\n", (), 5, "study.toml: axis: Extra inputs"),
        (HEAD + "[axes]\nchips = []\n", (), 5, "study.toml: axes.chips: List should have at least 1 item"),
        (HEAD.replace("0.05", '"soon"').replace("2.0", "[]"), (), 5, "2 faults"),
        (HEAD + "[axes]\nttft_s = [inf]\n", (), 2, "no JSON"),
        (HEAD + "[axes\n", (), 5, "study.toml: is not TOML"),
        (HEAD, ("--address", "127.0.0.1:1"), 2, "--executor ray"),
        (HEAD, ("--workers", "0"), 2, "at least one worker"),
        (HEAD, ("--store", "mysql://here"), 2, "begins with postgresql://"),
        (HEAD, ("--store", DOCS), 5, "sweep.md: file is not a database"),
    ],
)
def test_mistakes_are_told_on_stderr(
    tmp_path: Path, text: str, asked: tuple[str | Path, ...], code: int, says: str
) -> None:
    found = run(written(tmp_path, text), *asked)
    assert (found.returncode, found.stdout) == (code, "")
    assert says in found.stderr


needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed (extra ray)")


@needs_ray
def test_ray_answers_the_same(example: Path, tmp_path: Path) -> None:
    found = run(example, "--executor", "ray", "--workers", "1", "--store", tmp_path / "ray.sqlite", "--json")
    assert found.returncode == 0, found.stderr
    expected = json.loads(run(example, "--json").stdout)["results"]
    assert [each["result"] for each in json.loads(found.stdout)["results"]] == [each["result"] for each in expected]


@needs_ray
def test_a_cluster_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    with socket.socket() as taken:  # bound, and not listening: nobody else can
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        found = run(written(tmp_path, HEAD), "--executor", "ray", "--address", address)
    assert found.returncode == 2
    assert f"no Ray cluster at {address}" in found.stderr


@pytest.mark.parametrize(
    ("verb", "request_", "axis"),
    [
        (
            "plan",
            (
                'model = "Qwen/Qwen3-32B"\nchips = 4\n'
                "input_tokens = 512\noutput_tokens = 64\nttft_s = 2.0\ntpot_s = 0.05\n"
            ),
            'kinds = [["h20"], ["h200"]]',
        ),
        (
            "simulate",
            'model = "Qwen/Qwen3-32B"\n[request.serving]\nchip = "h200"\ntp = 2\n',
            "requests = [{ requests = 20, rate_per_s = 1.0 }, { requests = 20, rate_per_s = 4.0 }]",
        ),
    ],
)
def test_every_verb_has_its_grid(tmp_path: Path, verb: str, request_: str, axis: str) -> None:
    study = written(tmp_path, f'verb = "{verb}"\n[request]\n{request_}[axes]\n{axis}\n')
    found = json.loads(run(study, "--workers", "1", "--json").stdout)
    assert found["done"] == 2
    assert [point["result"]["schema"] for point in found["results"]] == [f"assay.{verb}/1"] * 2
