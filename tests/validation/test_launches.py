"""The launch flags of the measured rows: the file is sound, and a row finds the values it was measured with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.catalogue.door import read_toml
from assay.core.errors import BadData
from assay.validation.launches import DATA, Launch, Launches, launch_of, launches
from assay.validation.measured import Measured
from assay.validation.silicon_sample import aggregated, sample_path

LAUNCHES = launches().launch
ROW = Measured(
    id="row",
    source="",
    harness="infx",
    chip="b200-sxm",
    model="deepseek-ai/DeepSeek-R1",
    framework="sglang",
    version="0.5.9",
    precision="fp4",
    mode="aggregated",
    input_tokens=8192,
    output_tokens=1024,
    concurrency=64,
    tp=8,
    dp=1,
    ep=8,
    pp=1,
    ttft_s=1.0,
    tpot_s=0.01,
    measured_on="2026-03-25",
)
WITHOUT_SCRIPT = ("Qwen/Qwen3.5-397B-A17B", "b300-sxm", "sglang", "fp8", "2026-04-03")
"""No B300 script of that day was found, and the one of two weeks later differs from that of the B200."""


def row_of(launch: Launch) -> Measured:
    """Return a row that the launch is for."""
    return replace(
        ROW,
        model=launch.model,
        chip=launch.chip,
        framework=launch.framework,
        precision=launch.precision,
        tp=launch.tp or 8,
        measured_on=launch.since,
    )


def named(launch: Launch) -> str:
    return f"{launch.script.rpartition('/')[2]} {launch.tp or ''} {launch.since}"


@pytest.mark.parametrize("launch", LAUNCHES, ids=named)
def test_a_launch_is_found_by_its_rows(launch: Launch) -> None:
    assert launch_of(row_of(launch)) == launch


@pytest.mark.parametrize("launch", LAUNCHES, ids=named)
@given(concurrency=st.integers(1, 4096), input_tokens=st.sampled_from([1024, 8192]))
def test_values_are_sane_at_every_load(launch: Launch, concurrency: int, input_tokens: int) -> None:
    row = replace(row_of(launch), concurrency=float(concurrency), input_tokens=float(input_tokens))
    chunk, seqs, recv, memory = (
        launch.chunk_tokens(row),
        launch.max_num_seqs(row),
        launch.recv_interval(row),
        launch.memory_fraction(row),
    )
    assert chunk is None or 1024 <= chunk <= 131072
    assert seqs is None or seqs == concurrency or 32 <= seqs <= 512
    assert recv is None or (launch.framework == "sglang" and recv in (10, 30))
    assert memory is None or 0.5 < memory < 1
    assert launch.stream_interval is None or launch.stream_interval > 0


@pytest.mark.parametrize("launch", LAUNCHES, ids=named)
def test_a_launch_names_its_source(launch: Launch) -> None:
    precision = {"zai-org/GLM-5": {"fp4": "nvfp4"}}.get(launch.model, {}).get(launch.precision, launch.precision)
    assert launch.script.startswith("benchmarks/")
    assert f"_{precision}_{launch.chip.removesuffix('-sxm')}" in launch.script
    assert ("_trt" in launch.script) == (launch.framework == "trtllm")


def test_an_example() -> None:
    found = launch_of(ROW)
    assert found is not None
    assert found.script == "benchmarks/single_node/dsr1_fp4_b200.sh"
    assert (found.chunk_tokens(ROW), found.stream_interval, found.max_num_seqs(ROW)) == (16384, 10, 256)
    assert (found.kv, found.memory_fraction(ROW)) == ("fp8", 0.85)


@pytest.mark.parametrize(("concurrency", "interval"), [(1, 10), (8, 10), (15, 10), (16, 30), (128, 30)])
def test_an_interval_by_steps(concurrency: float, interval: int) -> None:
    row = replace(ROW, concurrency=concurrency)
    found = launch_of(row)
    assert found is not None
    assert found.recv_interval(row) == interval


def test_the_layout_decides_where_scripts_do() -> None:
    chunks = {}
    for tp in (4, 8):
        row = replace(ROW, precision="fp8", tp=tp, concurrency=32.0)
        found = launch_of(row)
        assert found is not None
        chunks[tp] = (found.chunk_tokens(row), found.max_num_seqs(row), found.memory_fraction(row))
    assert chunks == {4: (8192, 32, 0.95), 8: (32768, 128, 0.82)}


@pytest.mark.parametrize(
    ("measured_on", "input_tokens", "concurrency", "chunk"),
    [
        ("2025-11-02", 1024, 64, 1152),
        ("2025-11-02", 1024, 4, 1152),  # 1,092 rounded up
        ("2025-11-02", 8192, 64, 8320),
        ("2026-02-03", 1024, 64, 8192),
        ("2026-02-06", 8192, 256, 8512),
    ],
)
def test_a_chunk_that_covers_input_and_batch(
    measured_on: str, input_tokens: float, concurrency: float, chunk: int
) -> None:
    """(CONC + ISL + 64 + 63) / 64 * 64 in whole numbers; at least 8,192 in later scripts."""
    row = replace(ROW, framework="trtllm", measured_on=measured_on, input_tokens=input_tokens, concurrency=concurrency)
    found = launch_of(row)
    assert found is not None
    assert found.chunk_tokens(row) == chunk


def test_a_chunk_of_two_inputs() -> None:
    row = replace(ROW, model="MiniMaxAI/MiniMax-M2.5", framework="vllm", measured_on="2026-04-22")
    found = launch_of(row)
    assert found is not None
    assert (found.chunk_tokens(row), found.max_num_seqs(row)) == (16384, None)


def test_a_flag_that_follows_the_load() -> None:
    row = replace(ROW, model="zai-org/GLM-5", concurrency=16.0)
    found = launch_of(row)
    assert found is not None
    assert (found.max_num_seqs(row), found.recv_interval(row), found.kv) == (16, None, None)


@pytest.mark.parametrize("change", [{"harness": "gap"}, {"chip": "gb200"}, {"model": "Qwen/Qwen3-32B"}])
def test_a_row_of_no_script(change: dict[str, str]) -> None:
    assert launch_of(replace(ROW, **change)) is None  # type: ignore[arg-type]


def test_the_client() -> None:
    client = launches().client
    assert client.num_prompts(ROW) == 640
    assert client.num_warmups(ROW) == 128
    assert client.num_warmups(replace(ROW, measured_on="2025-11-02")) == 1


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[[1, 10], [16, 30]]", "[[16, 10], [1, 30]]", "must start at 1 and rise"),
        ("[[1, 10], [16, 30]]", "[[4, 10], [16, 30]]", "must start at 1 and rise"),
        ('since = "2026-02-03"\n', "", "given more than once"),
        ('since = "2026-02-03"', 'since = "3 February"', "since"),
        ("recv_interval = 10", "recv_intervall = 10", "recv_intervall"),
    ],
)
def test_faults_are_told(old: str, new: str, said: str, tmp_path: Path) -> None:
    text = DATA.read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "launches.toml"
    file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(BadData, match=said):
        read_toml(file, Launches)


def test_launches_and_rows_cover_each_other() -> None:
    pytest.importorskip("aiconfigurator_core", reason="the measured deployments are not installed (extra validation)")
    rows = [row for row in aggregated(sample_path()).rows if row.harness == "infx"]
    found = {row: launch_of(row) for row in rows}
    unknown = {
        (row.model, row.chip, row.framework, row.precision, row.measured_on)
        for row, launch in found.items()
        if launch is None
    }
    assert unknown == {WITHOUT_SCRIPT}
    assert {launch.key for launch in found.values() if launch} == {launch.key for launch in LAUNCHES}
