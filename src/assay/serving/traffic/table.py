"""Traces that are CSV files: which column holds what, and how lines become requests."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from assay.serving.traffic.clock import INSTANTS, SECONDS, Clock
from assay.serving.traffic.part import MOST_TOKENS, NO_SESSION, Part, Row
from assay.serving.traffic.requests import IntArray

ZeroOutput = Literal["fault", "one", "failed"]
"""What an answer of 0 tokens is: a fault of the file, an answer of 1 token, or a request that failed."""

_NO_SESSION_CELLS = frozenset({"", "nan", "NaN", "None", "-1"})


@dataclass(frozen=True, slots=True)
class Columns:
    """Names in the header line of a format. Other columns are not looked at."""

    ticks: str
    input_tokens: str
    output_tokens: str
    session: str = ""
    """Optional in the file; empty: the format has none."""
    clock: Clock = SECONDS
    zero_output: ZeroOutput = "fault"

    @property
    def required(self) -> tuple[str, str, str]:
        """Columns without which the file is not of this format."""
        return self.ticks, self.input_tokens, self.output_tokens


AZURE: Final = Columns("TIMESTAMP", "ContextTokens", "GeneratedTokens", clock=INSTANTS, zero_output="one")
BURSTGPT: Final = Columns("Timestamp", "Request tokens", "Response tokens", "Session ID", zero_output="failed")
VIDUR: Final = Columns("arrived_at", "num_prefill_tokens", "num_decode_tokens")
OWN: Final = Columns("arrival_s", "input_tokens", "output_tokens", "session")


@dataclass(frozen=True, slots=True)
class Table:
    """The lines of one CSV file. Numbers its sessions in the order in which they appear."""

    columns: Columns
    header: tuple[str, ...]
    _sessions: dict[str, int] = field(default_factory=dict)

    def part(self, lines: Sequence[bytes]) -> Part | None:
        """Return what lines say, a column at a time; None where all are blank. Raises ValueError if any is at fault."""
        rows = list(csv.reader(map(bytes.decode, lines)))
        if len(rows) != len(lines):
            raise ValueError  # a quote is open over the end of a line
        rows = [row for row in rows if row]
        if not rows:
            return None
        cells = list(zip(*rows, strict=True))
        if len(cells) != len(self.header):
            raise ValueError
        ticks, input_tokens, output_tokens = (cells[self.header.index(name)] for name in self.columns.required)
        output = _whole_numbers(output_tokens)
        least = self._least_input(output)
        inputs = _whole_numbers(input_tokens)
        if np.any(output < self._least_output) or np.any(inputs < least):
            raise ValueError
        times = self.columns.clock.column(ticks)  # before the sessions: a part at fault must not number any
        return Part(times, inputs, output, self._numbered(cells, len(rows)), ())

    def row(self, line: bytes) -> Row | None:
        """Return what one line says; None where it is blank. Raises ValueError with what is wrong."""
        text = line.decode()
        if not text.strip():
            return None
        cells = next(csv.reader([text]))
        if len(cells) != len(self.header):
            raise ValueError(f"has {len(cells)} cells where the header has {len(self.header)}")
        by_name = dict(zip(self.header, cells, strict=True))
        ticks, input_tokens, output_tokens = self.columns.required
        output = _whole_number(by_name[output_tokens], output_tokens, self._least_output)
        inputs = _whole_number(by_name[input_tokens], input_tokens, int(self._least_input(output)))
        time = self.columns.clock.cell(by_name[ticks])
        return Row(time, inputs, output, self._number(by_name.get(self.columns.session, "")))

    @property
    def _least_output(self) -> int:
        return 1 if self.columns.zero_output == "fault" else 0

    def _least_input(self, output_tokens: IntArray | int) -> Any:  # noqa: ANN401  # a number, or one a request
        # a request that failed may lack its prompt, too
        return np.minimum(output_tokens, 1) if self.columns.zero_output == "failed" else 1

    def _numbered(self, cells: Sequence[Sequence[str]], count: int) -> IntArray:
        if self.columns.session not in self.header:
            return np.full(count, NO_SESSION, np.int64)
        column = cells[self.header.index(self.columns.session)]
        return np.fromiter(map(self._number, column), np.int64, count)

    def _number(self, cell: str) -> int:
        label = cell.strip()
        return NO_SESSION if label in _NO_SESSION_CELLS else self._sessions.setdefault(label, len(self._sessions))


def names_of(line: str) -> tuple[str, ...]:
    """Return the cells of a header line."""
    try:
        return tuple(cell.strip() for cell in chain.from_iterable(csv.reader([line])))
    except csv.Error:
        return ()


def _whole_numbers(column: Sequence[str]) -> IntArray:
    values: npt.NDArray[np.float64] = np.fromiter(map(float, column), np.float64, len(column))
    if not np.all((np.abs(values) <= MOST_TOKENS) & (np.floor(values) == values)):
        raise ValueError
    return values.astype(np.int64)


def _whole_number(text: str, column: str, least: int) -> int:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{column} {text[:40]!r} is not a number") from None
    if not (least <= value <= MOST_TOKENS and value == int(value)):
        raise ValueError(f"{column} {text[:40]!r} is not a whole number from {least} to {MOST_TOKENS:,}")
    return int(value)
