"""Known outcomes as a table: a row of a vectors file becomes a request.

The columns state most facts; some stand in words in the columns chip, quantity and end_user_hq.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import Field

from assay.catalogue.door import Record, read_csv
from assay.core.errors import BadData, Fault, NotInCatalogue, UsageError
from assay.export.country import country
from assay.export.item import Item
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
    "deemed export": "deemed_export",
    "import": "import",
    "import to us": "import",
}


class VectorRow(Record):
    """One line of a vectors file; cells are text as written."""

    id: str
    chip: str
    tpp: float | None = None
    tpp_basis: str = ""
    die_area_mm2: float | None = None
    perf_density: float | None = None
    marketed_datacentre: str = ""
    dram_bw_GBps: float | None = None
    io_bw_GBps: float | None = None
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


def read_vectors(path: Path) -> tuple[Vector, ...]:
    """Return the vectors of a CSV file. Raises BadData with every fault, each with its line's id."""
    found, faults = [], []
    for row in read_csv(path, VectorRow):
        try:
            found.append(vector(row))
        except (UsageError, NotInCatalogue) as error:
            faults.append(Fault(str(path), row.id, error.message))
    if faults:
        raise BadData(faults)
    return tuple(found)


def vector(row: VectorRow) -> Vector:
    """Return the request that a row states. Raises UsageError or NotInCatalogue for a cell that cannot be read."""
    hq, end_user, parent = _parties(row.end_user_hq)
    request = ExportRequest(
        _item(row),
        _date(row.date),
        destination=_country(row.destination),
        hq=hq,
        parent_hq=parent,
        end_user=end_user,
        origin=_country(row.origin),
        movement=_movement(row.movement),
        quantity=int(row.quantity.replace(",", "")) if re.fullmatch(r"[\d,]+", row.quantity) else None,
    )
    said = f"{row.chip}; {row.quantity}" if request.quantity is None else row.chip
    for pattern, change in PHRASES:
        if match := re.search(pattern, said, re.IGNORECASE):
            request = change(request, match)
    return Vector(row, request, "counterfactual" in row.date)


def _item(row: VectorRow) -> Item:
    listed = product(row.chip)
    dram, interconnect = row.dram_bw_GBps, row.io_bw_GBps
    item = Item(
        row.chip,
        tpp=row.tpp,
        die_area_mm2=row.die_area_mm2,
        performance_density=row.perf_density,
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


def _movement(cell: str) -> Movement:
    movement = MOVEMENTS.get(" ".join(cell.casefold().split()))
    if movement is None:
        raise UsageError(f"'{cell}' is no movement", f"Use one of {', '.join(MOVEMENTS)}.")
    return movement


def _country(cell: str) -> str | None:
    return country(cell).iso2 if cell.strip() else None


def _parties(cell: str) -> tuple[str | None, str | None, str | None]:
    """Return headquarters, end user and parent's headquarters of a cell such as "AE (G42)" or "SG (CN parent)"."""
    bare, _, rest = cell.partition("(")
    qualifier = rest.rstrip(") ")
    hq = _country(bare)
    if not qualifier:
        return hq, None, None
    if "parent" in qualifier.casefold():
        codes = [word for word in re.findall(r"[A-Za-z]+", qualifier) if word.isupper() and len(word) == 2]
        return hq, None, _country(codes[0]) if codes else None
    for name in _named_end_users():
        if re.search(rf"\b{re.escape(name.split()[-1])}\b", qualifier, re.IGNORECASE):
            return hq, name, None
    return hq, "unlisted", None


def _named_end_users() -> tuple[str, ...]:
    """Return the end users that supplement 8 names in any version."""
    versions = rules()["supplement-8"].versions
    return tuple(dict.fromkeys(name for version in versions for name in version.named("end_user")))


def _with_item(**changes: object) -> Callable[[ExportRequest, re.Match[str]], ExportRequest]:
    return lambda request, _: replace(request, item=replace(request.item, **changes))


def _with(**changes: Any) -> Callable[[ExportRequest, re.Match[str]], ExportRequest]:  # noqa: ANN401
    return lambda request, _: replace(request, **changes)


def _hbm(request: ExportRequest, match: re.Match[str]) -> ExportRequest:
    item = replace(request.item, kind="hbm", hbm_density_bytes_per_s_per_mm2=float(match["density"]) * 1e9)
    return replace(request, item=item)


def _owned(request: ExportRequest, match: re.Match[str]) -> ExportRequest:
    return replace(request, listed_owner_share=float(match["percent"]) / 100)


def _ratio(request: ExportRequest, match: re.Match[str]) -> ExportRequest:
    more = re.match(r"over|more|above|>(?!=)", match["how"], re.IGNORECASE)
    return replace(request, us_tpp_ratio=float(match["percent"]) / 100 + (0.01 if more else 0.0))


PHRASES: tuple[tuple[str, Callable[[ExportRequest, re.Match[str]], ExportRequest]], ...] = (
    (r"^\s*(edge|hypothetical)\b", _with_item(vendor="none", designed_in="US")),
    (r"planar die|\b0 mm2", _with_item(die_area_mm2=0.0)),
    (r"^\s*any item", _with_item(kind=None)),
    (r"\bHBM\S*.*?density\s*(?P<density>\d+(\.\d+)?)", _hbm),
    (r"\b(no|without)\b.{0,12}(\(dd\)|certification)", _with(certified=False)),
    (r"\bwith\b.{0,12}(\(dd\)|certification)", _with(certified=True)),
    (r"(?P<how>over|more than|above|within|at most|under|up to|[<>]=?)\s*(?P<percent>\d+(\.\d+)?)\s*%", _ratio),
    (r"(?P<percent>\d+(\.\d+)?)\s*%-?\s*owned", _owned),
    (r"\bto (an? )?(Entity List(ed)?|MEU|SDN|listed) party", _with(listed=True)),
    (r"\bnot bona fide", _with(bona_fide_operator=False)),
    (r"(?<!not )bona fide", _with(bona_fide_operator=True)),
    (r"\b(evaluation|analysis)\b", _with(movement="evaluation")),
    (r"\bdirect(ly)?\b.*\bpackag", _with(designer_buys_hbm=True)),
)
"""What is said in words, and what it changes in the request."""
