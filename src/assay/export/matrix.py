"""Chips against destinations on a date: who may buy what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from assay.catalogue.chip import chip_ids
from assay.export.chip_item import item
from assay.export.country import country
from assay.export.decision import check
from assay.export.label import label
from assay.export.request import ExportRequest
from assay.export.verdict import Verdict

SCHEMA = "assay.export-matrix/1"
DESTINATIONS = ("CN", "HK", "RU", "VN", "IN", "AE", "SA", "MY", "SG", "TW", "JP", "DE")
"""One of each kind: D:5, D:1, D:4, none, A:6, A:5."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Verdicts by chip and destination; each end user is headquartered where it is."""

    on: date
    chips: tuple[str, ...]
    destinations: tuple[str, ...]
    verdicts: tuple[tuple[Verdict, ...], ...]

    def rows(self) -> list[dict[str, Any]]:
        """Return one row a chip and destination, as CSV carries it."""
        return [
            {
                "chip": chip,
                "destination": to,
                "eccn": verdict.eccn,
                "licence_required": verdict.licence_required,
                "status": label(verdict),
            }
            for chip, row in zip(self.chips, self.verdicts, strict=True)
            for to, verdict in zip(self.destinations, row, strict=True)
        ]

    def as_dict(self) -> dict[str, Any]:
        """Return the matrix as JSON carries it."""
        return {
            "schema": SCHEMA,
            "date": self.on.isoformat(),
            "destinations": list(self.destinations),
            "chips": [
                {
                    "chip": chip,
                    "eccn": row[0].eccn,
                    "licence_required": {
                        to: verdict.licence_required for to, verdict in zip(self.destinations, row, strict=True)
                    },
                    "status": {to: label(verdict) for to, verdict in zip(self.destinations, row, strict=True)},
                }
                for chip, row in zip(self.chips, self.verdicts, strict=True)
            ],
            "warnings": list(self.verdicts[0][0].warnings) if self.verdicts else [],
        }


def matrix(chips: Sequence[str], to: Sequence[str], on: date, proposals: tuple[str, ...] = ()) -> Matrix:
    """Return the verdicts of chips to destinations; of the whole catalogue, and to a choice, where none are named.

    Raises
    ------
    NotInCatalogue
        A chip, a country or a proposal does not exist; the error names the nearest.
    """
    names = tuple(chips) or chip_ids()
    destinations = tuple(country(name).iso2 for name in to) or DESTINATIONS
    rows = []
    for name in names:
        found = item(name)
        rows.append(
            tuple(check(ExportRequest(found, on, destination=to, hq=to, proposals=proposals)) for to in destinations)
        )
    return Matrix(on, names, destinations, tuple(rows))
