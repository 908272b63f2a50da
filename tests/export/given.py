"""A request from facts as the cases beside the rules state them: in the units of the law."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from assay.export.item import Item
from assay.export.request import ExportRequest

BYTES = {
    "dram_gb_per_s": "dram_bytes_per_s",
    "interconnect_gb_per_s": "interconnect_bytes_per_s",
    "hbm_gb_per_s_per_mm2": "hbm_density_bytes_per_s_per_mm2",
}
OF_ITEM = (
    "kind",
    "tpp",
    "die_area_mm2",
    "performance_density",
    "datacentre",
    "vendor",
    "designed_in",
    "family",
    "vendor_says_a",
    "vendor_says_b",
)


def request_of(given: Mapping[str, Any], on: date, proposals: tuple[str, ...] = ()) -> ExportRequest:
    item = {key: given[key] for key in OF_ITEM if key in given}
    item |= {field: given[key] * 1e9 for key, field in BYTES.items() if key in given}
    route = {key: value for key, value in given.items() if key not in OF_ITEM and key not in BYTES}
    return ExportRequest(
        Item("the item of the case", **item),
        on,
        destination=route.pop("destination", None),
        proposals=proposals,
        **route,
    )
