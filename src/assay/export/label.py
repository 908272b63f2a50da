"""A verdict in a few words, and the column that a table of chips shows."""

from __future__ import annotations

from datetime import date

from assay.catalogue.chip import Chip
from assay.export.chip_item import TppChoices, item_of
from assay.export.country import country
from assay.export.decision import check
from assay.export.request import ExportRequest
from assay.export.verdict import Verdict


def status(chip: Chip, to: str, on: date) -> str:
    """Return a short label of the verdict for an end user who sits, and is headquartered, in country `to`.

    "not required", "required: <review policy>[, <exception> open]", "unknown", or "prohibited: GP10"; see `label`.

    Raises
    ------
    NotInCatalogue
        The country does not exist; the error names the nearest.
    """
    code = country(to).iso2
    return label(check(ExportRequest(item_of(chip, TppChoices()), on, destination=code, hq=code)))


def label(verdict: Verdict) -> str:
    """Return whether a licence is required in a few words: by which policy it is reviewed, what exception is open."""
    if verdict.prohibitions:
        return "prohibited: " + verdict.prohibitions[0].label
    if verdict.licence_required is None:
        return "unknown"
    if not verdict.licence_required:
        return "not required"
    openings = "".join(f", {opening.name} open" for opening in verdict.exceptions if opening.open)
    return "required" + (f": {verdict.review_policy}" if verdict.review_policy else "") + openings
