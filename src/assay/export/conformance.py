"""A vectors file run through the engine: agreement by field, every disagreement, every anomaly of a vendor's list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from assay.export.agreement import FIELDS, answer, stated
from assay.export.country import DATA
from assay.export.decision import check
from assay.export.vector import Vector

SCHEMA = "assay.export-test/1"
VECTORS = DATA / "vectors.csv"
"""The known outcomes that ship with the project."""
ANOMALOUS = ("expected_eccn", "review_policy", "exception", "licence_required")
"""Fields in which a row that follows an anomaly of the vendor's list differs from the text."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One cell that differs: what the row states and what the engine answers."""

    id: str
    chip: str
    field: str
    stated: str
    answer: str
    anomaly: str = ""


@dataclass(frozen=True, slots=True)
class Conformance:
    """Agreement of the engine with a vectors file."""

    rows: int
    stated: dict[str, int]
    agree: dict[str, int]
    disagreements: tuple[Finding, ...]
    anomalies: tuple[Finding, ...]
    """Cells that follow a vendor's list against the text; they are not counted as stated."""
    unread: tuple[tuple[str, str], ...]
    """Id and cell, of facts that could not be read and are taken as not known."""

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON carries it."""
        return {
            "schema": SCHEMA,
            "rows": self.rows,
            "fields": {field: {"stated": self.stated[field], "agree": self.agree[field]} for field in self.stated},
            "disagreements": [_finding(finding) for finding in self.disagreements],
            "anomalies": [_finding(finding) for finding in self.anomalies],
            "unread": [{"id": id, "cell": cell} for id, cell in self.unread],
        }


def conformance(vectors: Iterable[Vector]) -> Conformance:
    """Return how far the engine agrees with known outcomes, in every field that each row states."""
    rows = tuple(vectors)
    counts, agreed = dict.fromkeys(FIELDS, 0), dict.fromkeys(FIELDS, 0)
    disagreements: list[Finding] = []
    anomalies: list[Finding] = []
    for vector in rows:
        verdict = check(vector.request)
        for field, agrees in FIELDS.items():
            cell = getattr(vector.row, field)
            if not stated(field, cell):
                continue
            agreement = agrees(cell, verdict, vector)
            anomaly = verdict.anomalies[0] if verdict.anomalies and field in ANOMALOUS and not agreement else ""
            if not anomaly:
                counts[field] += 1
                agreed[field] += agreement
            if not agreement:
                found = Finding(vector.row.id, vector.row.chip, field, cell, answer(field, verdict, vector), anomaly)
                (anomalies if anomaly else disagreements).append(found)
    unread = tuple((vector.row.id, cell) for vector in rows for cell in vector.unread)
    return Conformance(len(rows), counts, agreed, tuple(disagreements), tuple(anomalies), unread)


def _finding(finding: Finding) -> dict[str, str]:
    entry = {field: getattr(finding, field) for field in ("id", "chip", "field", "stated", "answer")}
    return entry | ({"anomaly": finding.anomaly} if finding.anomaly else {})
