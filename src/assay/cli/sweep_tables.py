"""How a sweep looks: as JSON, as lines of CSV, and in a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from assay.cli.sweep_verbs import VERBS, Column, Line, flat
from assay.sweep.store import Stored
from assay.sweep.study import Point, Study, canonical

SCHEMA = "assay.sweep/1"


@dataclass(frozen=True, slots=True)
class Answer:
    """A study, its points in the order of the grid, and what became of each."""

    study: Study
    points: Sequence[Point]
    stored: Mapping[str, Stored]

    @property
    def failures(self) -> list[Mapping[str, Any]]:
        """The errors of the points that failed: message, hint, exit code."""
        found = (self.stored[point.key] for point in self.points)
        return [json.loads(each.content) for each in found if each.state == "failed"]

    def as_dict(self) -> dict[str, Any]:
        """Return the answer as JSON carries it."""
        return {
            "schema": SCHEMA,
            "points": len(self.points),
            "done": len(self.points) - len(self.failures),
            "failed": len(self.failures),
            "results": [self._result(point) for point in self.points],
        }

    def lines(self) -> list[Line]:
        """Return flat lines: what varies, then the scalars of one part of a result; or the error of a failed point."""
        return [self._varied(point) | part for point in self.points for part in self._parts(point)]

    @property
    def varied(self) -> list[str]:
        """Fields that vary: the axes, and what further points set."""
        return list(dict.fromkeys([*self.study.axes, *(name for point in self.study.further for name in point)]))

    def _result(self, point: Point) -> dict[str, Any]:
        stored = self.stored[point.key]
        content = {"result" if stored.state == "done" else "error": json.loads(stored.content)}
        return {"key": point.key, "request": json.loads(canonical(point.request))} | content

    def _varied(self, point: Point) -> Line:
        return {name: dict(flat("", {name: point.request.get(name)})).get(name) for name in self.varied}

    def _parts(self, point: Point) -> list[Line]:
        stored = self.stored[point.key]
        content = json.loads(stored.content)
        if stored.state == "failed":
            return [{"error": content["message"], "exit_code": content["exit_code"]}]
        return VERBS[self.study.verb].lines(content)


def print_answer(answer: Answer, out: Console) -> None:
    """Print what varies and the main columns of the verb, one line for each part of a result."""
    columns = VERBS[answer.study.verb].columns
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in answer.varied:
        table.add_column(name, overflow="fold")
    for column in columns:
        table.add_column(column.heading, justify="right" if column.form else "left", no_wrap=bool(column.form))
    for line in answer.lines():
        varied = [_shown(line[name]) for name in answer.varied]
        table.add_row(*varied, *_cells(line, columns))
    out.print(table, markup=False)


def _cells(line: Line, columns: Sequence[Column]) -> list[str]:
    reason = line.get("error") or line.get("reason")
    cells = [_shown(line.get(column.key), column.form) for column in columns]
    return [*cells[:-1], reason] if reason else cells  # the last column is the widest one, of text


def _shown(value: object, form: str = "") -> str:
    return "-" if value is None else format(value, form) if form else str(value)
