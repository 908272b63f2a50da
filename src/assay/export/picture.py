"""The picture as a document: Vega-Lite JSON, or SVG."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from assay.catalogue.chip import chip_ids
from assay.core.errors import UsageError
from assay.export.chart import vega_lite
from assay.export.chip_item import item
from assay.export.svg import svg


def picture(chips: Sequence[str], on: date, *, as_svg: bool = False) -> str:
    """Return the picture of chips on a date, of the whole catalogue where none is named. Raises NotInCatalogue."""
    items = [item(name) for name in chips or chip_ids()]
    if as_svg:
        return svg(items, on) + "\n"
    return json.dumps(vega_lite(items, on), indent=2, ensure_ascii=False) + "\n"


def write_picture(drawn: str, path: Path) -> None:
    """Write a document. Raises UsageError where the file cannot be written."""
    try:
        path.write_text(drawn, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
