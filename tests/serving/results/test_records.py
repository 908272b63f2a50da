"""Rows of requests."""

from __future__ import annotations

import csv
import io
import json

import pytest

from assay.serving.results import records
from assay.serving.results.records import COLUMNS, rows, write_csv, write_jsonl
from tests.serving.results.runs import crowd, requests, serve


def test_lines_and_table_hold_the_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "ROWS", 7)
    served = crowd()
    lines, table = io.StringIO(), io.StringIO()
    write_jsonl(served, lines)
    write_csv(served, table)
    shown = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert [row["index"] for row in shown] == list(range(60))
    assert [row["ttft_s"] for row in shown] == served.ttft_s.tolist()
    assert [row["replica"] for row in shown] == served.replica.tolist()
    table.seek(0)
    cells = list(csv.DictReader(table))
    assert list(cells[0]) == list(COLUMNS) == list(shown[0])
    assert [float(row["e2el_s"]) for row in cells] == served.e2el_s.tolist()
    assert [int(row["output_tokens"]) for row in cells] == served.requests.output_tokens.tolist()


def test_an_answer_of_one_token_has_no_tpot() -> None:
    served = serve(requests([0.0, 0.0], [5, 5], [1, 3]))
    tpot = COLUMNS.index("tpot_s")
    assert [row[tpot] for row in rows(served)] == [None, pytest.approx(0.01)]
    table = io.StringIO()
    write_csv(served, table)
    assert table.getvalue().splitlines()[1].split(",")[tpot] == ""
