"""The picture as a document: Vega-Lite JSON, or SVG."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date

from assay.catalogue.chip import chip_ids
from assay.export.chart import vega_lite
from assay.export.chip_item import item
from assay.export.svg import svg


def picture(chips: Sequence[str], on: date, *, as_svg: bool = False) -> str:
    """Return the picture of chips on a date, of the whole catalogue where none is named. Raises NotInCatalogue."""
    items = [item(name) for name in chips or chip_ids()]
    if as_svg:
        return svg(items, on) + "\n"
    return json.dumps(vega_lite(items, on), indent=2, ensure_ascii=False) + "\n"
