"""Known outcomes as a table: a row of a vectors file becomes a request.

The columns state most facts; some stand in words in the columns chip, quantity and end_user_hq.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pydantic import Field

from assay.catalogue.door import Record, read_csv
from assay.core.errors import BadData, Fault, NotInCatalogue, UsageError
from assay.export.country import country
from assay.export.item import Item
from assay.export.phrase import apply_phrases
from assay.export.product import product
from assay.export.request import ExportRequest, Movement
from assay.export.rulebook import rules

MOVEMENTS: Mapping[str, Movement] = {
    "export": "export",
    "reexport": "reexport",
    "re-export": "reexport",
    "transfer": "transfer",
    "transfer in-country": "transfer",
    "in-country transfer": "transfer",
    "continued use": "continued_use",
    "use": "use",
    "evaluation": "evaluation",
    "analysis": "evaluation",
    "remote access": "remote_access",
    "iaas": "remote_access",
    "cloud": "remote_access",
    "deemed export": "deemed_export",
    "deemed reexport": "deemed_export",
    "import": "import",
    "import to us": "import",
}


NOT_KNOWN = ("", "unknown", "n/a", "na", "-", "not published")
"""Cells that state nothing, so that nothing of them is unread."""


class VectorRow(Record):
    """One line of a vectors file; cells are text as written."""

    id: str
    chip: str
    tpp: str = ""
    tpp_basis: str = ""
    die_area_mm2: str = ""
    perf_density: str = ""
    marketed_datacentre: str = ""
    dram: str = Field(default="", alias="dram_bw_GBps")
    interconnect: str = Field(default="", alias="io_bw_GBps")
    date: str
    movement: str = "export"
    origin: str = Field(default="", alias="from")
    destination: str = ""
    end_user_hq: str = ""
    quantity: str = ""
    expected_eccn: str = ""
    licence_required: str = ""
    review_policy: str = ""
    exception: str = ""
    destination_side: str = ""
    cite: str = ""
    source: str = ""
    basis: str = ""
    confidence: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Vector:
    """A request, and the row that states its outcome."""

    row: VectorRow
    request: ExportRequest
    counterfactual: bool
    """Whether the row asks what the text says, as if it were enforced."""
    unread: tuple[str, ...]
    """Cells of facts that could not be read: the fact is taken as not known."""


def read_vectors(path: Path) -> tuple[Vector, ...]:
    """Return the vectors of a CSV file. Raises BadData with every fault, each with its line's id."""
    found, faults = [], []
    for row in read_csv(path, VectorRow):
        try:
            found.append(vector(row))
        except UsageError as error:
            faults.append(Fault(str(path), row.id, error.message))
    if faults:
        raise BadData(faults)
    return tuple(found)


def vector(row: VectorRow) -> Vector:
    """Return the request that a row states. Raises UsageError where the date or a number cannot be."""
    cells = Cells()
    hq, end_user, parent = cells.parties(row.end_user_hq)
    quantity = re.fullmatch(r"[\d,]+", row.quantity.strip())
    request = ExportRequest(
        _item(row, cells),
        _date(row.date),
        destination=cells.country(row.destination),
        hq=hq,
        parent_hq=parent,
        end_user=end_user,
        origin=cells.country(row.origin),
        movement=cells.movement(row.movement),
        quantity=int(quantity[0].replace(",", "")) if quantity else None,
    )
    said = row.chip if quantity else f"{row.chip}; {row.quantity}"
    request = apply_phrases(said, request)
    return Vector(row, request, "counterfactual" in row.date, tuple(cells.unread))


class Cells:
    """Reads cells, and collects those that it cannot read."""

    def __init__(self) -> None:
        self.unread: list[str] = []

    def number(self, cell: str) -> float | None:
        """Return the number of a cell; None where it holds none."""
        try:
            return float(cell.replace(",", ""))
        except ValueError:
            self._not_read(cell)
            return None

    def country(self, cell: str) -> str | None:
        """Return the code of a country."""
        try:
            return country(cell.partition("(")[0]).iso2
        except NotInCatalogue:
            self._not_read(cell)
            return None

    def movement(self, cell: str) -> Movement | None:
        """Return the movement that a cell begins with."""
        said = " ".join(re.sub(r"[()]", " ", cell.casefold()).split())
        found = max((name for name in MOVEMENTS if said.startswith(name)), key=len, default=None)
        if found is None:
            self._not_read(cell)
            return None
        return MOVEMENTS[found]

    def parties(self, cell: str) -> tuple[str | None, str | None, str | None]:
        """Return headquarters, end user and parent's headquarters of a cell such as "AE (G42)" or "SG (CN parent)"."""
        bare, _, qualifier = cell.replace(",", " (", 1).partition("(")
        hq, qualifier = self.country(bare), qualifier.rstrip(") ")
        if not qualifier:
            return hq, None, None
        if "parent" in qualifier.casefold():
            code = re.search(r"\b[A-Z]{2}\b", qualifier)
            return hq, None, self.country(code[0] if code else qualifier)
        for name in _named_end_users():
            if re.search(rf"\b{re.escape(name.split()[-1])}\b", qualifier, re.IGNORECASE):
                return hq, name, None
        return hq, "unlisted", None

    def _not_read(self, cell: str) -> None:
        if cell.strip().casefold() not in NOT_KNOWN:
            self.unread.append(cell)


def _item(row: VectorRow, cells: Cells) -> Item:
    listed = product(row.chip)
    dram, interconnect = cells.number(row.dram), cells.number(row.interconnect)
    item = Item(
        row.chip,
        tpp=cells.number(row.tpp),
        die_area_mm2=cells.number(row.die_area_mm2),
        performance_density=cells.number(row.perf_density),
        dram_bytes_per_s=None if dram is None else dram * 1e9,
        interconnect_bytes_per_s=None if interconnect is None else interconnect * 1e9,
        datacentre={"yes": True, "no": False}.get(row.marketed_datacentre.strip().casefold()),
    )
    return item if listed is None else item.with_product(listed)


def _date(cell: str) -> date:
    match = re.match(r"\d{4}-\d{2}-\d{2}", cell.strip())
    if match is None:
        raise UsageError(f"'{cell}' does not begin with a date", "Write it as 2025-05-01.")
    try:
        return date.fromisoformat(match[0])
    except ValueError as error:
        raise UsageError(f"'{match[0]}' is no date: {error}") from error


def _named_end_users() -> tuple[str, ...]:
    """Return the end users that supplement 8 names in any version."""
    versions = rules()["supplement-8"].versions
    return tuple(dict.fromkeys(name for version in versions for name in version.named("end_user")))
