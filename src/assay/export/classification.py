"""From the paragraphs that are met to the ECCN of the item in its form; the vendor's own list beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from assay.export.condition import Facts
from assay.export.law import Level, law
from assay.export.product import level_of
from assay.export.request import ExportRequest

LIMBS = ("3A090.a.1", "3A090.a.2", "3A090.b.1", "3A090.b.2")
FIRST_TPP_RULE = date(2023, 11, 17)
"""Vendors' lists as captured speak of the paragraphs that exist since."""


@dataclass(frozen=True, slots=True)
class Naming:
    """The name of a classification."""

    eccn: str | None
    by_form: Mapping[str, str]
    paragraph: str | None
    anomalies: tuple[str, ...]


def classify(facts: Facts, request: ExportRequest) -> Naming:
    """Return the ECCN: of the paragraph met, as chip, board or server; else the vendor's, else the usual one below.

    An ECCN below 3A090, and the `.z` paragraphs for items with encryption, cannot be computed: they are the vendor's.
    Where the vendor's list contradicts the text, the text stands and the anomaly is named.
    """
    item = request.item
    if item.kind == "hbm":
        met = facts["3A090.c"]
        return Naming({True: "3A090.c", False: "not 3A090.c", None: None}[met], {}, "3A090.c" if met else None, ())
    level = _level(facts)
    if level is None or item.kind != "processor":
        return Naming(None, {}, None, ())
    names = law().names(request.date, level)
    paragraph = next((limb for limb in LIMBS if level == limb[6] and facts[limb]), f"3A090.{level}")
    eccn: str | None = names.get(item.form or "chip")
    anomalies: tuple[str, ...] = ()
    if item.vendor_eccn is not None:
        agrees = level_of(item.vendor_eccn) == level
        if agrees:
            eccn = item.vendor_eccn
        elif request.date >= FIRST_TPP_RULE:
            said = "below 3A090" if level == "below" else paragraph
            anomalies = (f"the vendor's list gives {item.vendor_eccn}; by the text the item is {said}",)
    return Naming(eccn, names, None if level == "below" else paragraph, anomalies)


def _level(facts: Facts) -> Level | None:
    if facts["3A090.a"]:
        return "a"
    if facts["3A090.b"]:
        return "b"
    return "below" if facts["3A090.a"] is False and facts["3A090.b"] is False else None
