"""The cleaning of the measured deployments, rule by rule."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from assay.validation.measured import Measured
from assay.validation.silicon_sample import aggregated, disaggregated, raw

PLAIN = {
    "id": "x_c16_cfg1",
    "silicon_data_source": "db-dump; silicon_concurrency=16; measured=2026-04-01T00:00:00Z",
    "backend": "vllm",
    "backend_version": "0.19.0",
    "model_path": "Qwen/Qwen3-32B",
    "system": "h100_sxm",
    "precision": "fp8",
    "mode": "agg",
    "isl": "1024",
    "osl": "1024",
    "batch_size": "16",
    "tp_size": "4",
    "pp_size": "1",
    "attention_dp_size": "1",
    "moe_ep_size": "1",
    "decode_batch_size": "",
    "decode_num_workers": "",
    "decode_tp_size": "",
    "decode_attention_dp_size": "",
    "decode_moe_ep_size": "",
    "silicon_ttft_ms": "100",
    "silicon_tpot_ms": "10",
}


def write(path: Path, *changes: dict[str, str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(PLAIN))
        writer.writeheader()
        writer.writerows({**PLAIN, **change} for change in changes)
    return path


def one(path: Path, **change: str) -> Measured:
    (row,) = aggregated(write(path / "sample.csv", change)).rows
    return row


def test_a_plain_row(tmp_path: Path) -> None:
    row = one(tmp_path)
    assert (row.chip, row.framework, row.harness) == ("h100-sxm", "vllm", "infx")
    assert (row.tp, row.dp, row.ep, row.concurrency) == (4, 1, 1, 16)
    assert (row.ttft_s, row.tpot_s) == (0.1, 0.01)
    assert not row.repaired
    assert not row.flags


@pytest.mark.parametrize(
    ("change", "layout"),
    [
        ({"id": "r1_c8_tp8_ep8_1", "tp_size": "64", "moe_ep_size": "8"}, (8, 1, 8)),
        ({"tp_size": "16", "moe_ep_size": "4"}, (4, 1, 4)),
        ({"tp_size": "1", "attention_dp_size": "8", "moe_ep_size": "8"}, (1, 8, 8)),
        ({"tp_size": "1", "attention_dp_size": "64", "moe_ep_size": "8"}, (1, 8, 8)),
        (
            {"model_path": "deepseek-ai/DeepSeek-R1", "tp_size": "8", "moe_ep_size": "8", "batch_size": "2"},
            (1, 8, 8),
        ),
    ],
)
def test_labels_are_repaired(tmp_path: Path, change: dict[str, str], layout: tuple[int, int, int]) -> None:
    row = one(tmp_path, **change)
    assert (row.tp, row.dp, row.ep) == layout


@pytest.mark.parametrize(
    "change",
    [
        {"tp_size": "72"},
        {"silicon_ttft_ms": "0"},
        {"silicon_data_source": "gtl run; silicon_concurrency=16", "batch_size": "8"},
        {"silicon_data_source": "gtl_run; silicon_concurrency=16"},
    ],
)
def test_rows_are_dropped_with_a_reason(tmp_path: Path, change: dict[str, str]) -> None:
    cleaned = aggregated(write(tmp_path / "sample.csv", change))
    assert not cleaned.rows
    assert all(reason for name, _rows, reason in cleaned.log if name.startswith("drop"))


def test_repeats_are_merged_by_their_median(tmp_path: Path) -> None:
    path = write(
        tmp_path / "sample.csv", *({"id": f"{i}_c16", "silicon_tpot_ms": str(t)} for i, t in enumerate((9, 10, 30)))
    )
    (row,) = aggregated(path).rows
    assert row.tpot_s == 0.01
    assert row.repeats == 3


def test_the_fast_twin_of_speculation_is_dropped(tmp_path: Path) -> None:
    twins = {"model_path": "deepseek-ai/DeepSeek-R1", "backend": "trtllm"}
    path = write(tmp_path / "sample.csv", twins, {**twins, "id": "y_c16", "silicon_tpot_ms": "5"})
    (row,) = aggregated(path).rows
    assert row.tpot_s == 0.01


def test_raw_rows_are_left_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "sample.csv", {"tp_size": "64", "moe_ep_size": "8"}, {"silicon_ttft_ms": "0"})
    rows = raw(path)
    assert len(rows) == 2
    assert rows[0].tp == 64


def test_decode_workers(tmp_path: Path) -> None:
    worker = {
        "mode": "disagg",
        "id": "dsr1_c512",
        "decode_batch_size": "16",
        "decode_num_workers": "1",
        "decode_tp_size": "1",
        "decode_attention_dp_size": "32",
        "decode_moe_ep_size": "32",
        "silicon_data_source": "x",
    }
    unstated = {
        **worker,
        "id": "dsr1_c64",
        "decode_batch_size": "",
        "decode_tp_size": "8",
        "decode_attention_dp_size": "1",
    }
    odd = {**worker, "id": "dsr1_c4096"}
    stated, inferred, disagrees = disaggregated(write(tmp_path / "sample.csv", worker, unstated, odd))
    assert (stated.mode, stated.dp, stated.ep, stated.concurrency, stated.flags) == ("decode worker", 32, 32, 512, ())
    assert inferred.flags == ("batch inferred from concurrency",)
    assert inferred.dp == 8
    assert disagrees.flags == ("batch and concurrency disagree",)
