"""The lines of a trace, many at a time, and one by one where something is wrong."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from assay.core.errors import BadData, Fault
from assay.serving.traffic.part import Part, Row, part_of

_SHOWN = 5
_EARLIER = "is earlier than the line before"


class Reader(Protocol):
    """What makes requests of lines."""

    def part(self, lines: Sequence[bytes]) -> Part | None:
        """Return what lines say; None where all are blank. Raises ValueError if any is at fault."""

    def row(self, line: bytes) -> Row | None:
        """Return what one line says; None where it is blank. Raises ValueError with what is wrong."""


@dataclass(slots=True)
class Faults:
    """The first faulty lines of a file, and how many there are."""

    file: str
    first: list[Fault] = field(default_factory=list)
    lines: int = 0

    def add(self, line: int, problem: str) -> None:
        """Count a line; keep what is wrong with it if it is one of the first."""
        self.lines += 1
        if len(self.first) < _SHOWN:
            self.first.append(Fault(self.file, f"line {line}", problem))

    def error(self) -> BadData:
        """Return the one error that tells them."""
        total = f"{self.lines:,} lines are at fault, the first {_SHOWN} are shown. " if self.lines > _SHOWN else ""
        unsorted = any(fault.problem == _EARLIER for fault in self.first)
        return BadData(self.first, total + ("Sort the file by time." if unsorted else "Correct or remove these lines."))


def read_parts(chunks: Iterator[list[bytes]], reader: Reader, file: str, first_line: int) -> list[Part]:
    """Return the requests of lines, in parts that are not empty.

    Raises
    ------
    BadData
        Lines that cannot be read or are earlier than the line before: the first 5, and how many in all.
    """
    faults = Faults(file)
    parts: list[Part] = []
    line, previous = first_line, -math.inf
    for lines in chunks:
        try:
            part = reader.part(lines)
            if part and (part.ticks[0] < previous or np.any(part.ticks[1:] < part.ticks[:-1])):
                raise ValueError(_EARLIER)
        except (ValueError, csv.Error):
            part = _line_by_line(lines, reader.row, previous, line, faults)
        line += len(lines)
        if part:
            previous = part.ticks[-1]
            parts.append(part)
    if faults.lines:
        raise faults.error()
    return parts


def _line_by_line(
    lines: Sequence[bytes], read: Callable[[bytes], Row | None], previous: float, first_line: int, faults: Faults
) -> Part | None:
    rows: list[Row] = []
    for number, line in enumerate(lines, first_line):
        try:
            row = read(line)
        except UnicodeDecodeError:
            faults.add(number, "is not UTF-8 text")
        except (ValueError, csv.Error) as error:
            faults.add(number, str(error))
        else:
            if row is None:
                continue
            if row.ticks < previous:
                faults.add(number, _EARLIER)
            previous = row.ticks
            rows.append(row)
    return part_of(rows) if rows else None
