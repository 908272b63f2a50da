"""The requests of a simulation one by one, as JSON lines or CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from math import isnan
from typing import Final, TextIO

import numpy as np

from assay.serving.simulation.served import Served

COLUMNS: Final = (
    "index",
    "sent_s",
    "ttft_s",
    "tpot_s",
    "e2el_s",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "preemptions",
    "replica",
)
ROWS: Final = 65_536
"""Turned into Python numbers at a time."""

Cell = int | float | None


def rows(served: Served) -> Iterator[tuple[Cell, ...]]:
    """Yield a row a request, in the order of COLUMNS; the TPOT of an answer of one token is None."""
    requests = served.requests
    columns = (
        np.arange(len(requests)),
        served.sent_s,
        served.ttft_s,
        served.tpot_s,
        served.e2el_s,
        requests.input_tokens,
        requests.output_tokens,
        served.cached_tokens,
        served.preemptions,
        served.replica,
    )
    tpot = COLUMNS.index("tpot_s")
    for begin in range(0, len(requests), ROWS):
        for row in zip(*(column[begin : begin + ROWS].tolist() for column in columns), strict=True):
            yield (*row[:tpot], None, *row[tpot + 1 :]) if isnan(row[tpot]) else row


def write_jsonl(served: Served, stream: TextIO) -> None:
    """Write one JSON object a line."""
    for row in rows(served):
        stream.write(json.dumps(dict(zip(COLUMNS, row, strict=True))))
        stream.write("\n")


def write_csv(served: Served, stream: TextIO) -> None:
    """Write a table with a heading; a TPOT that is not there is empty."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows(served))
