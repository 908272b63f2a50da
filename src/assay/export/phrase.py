"""Facts that a vectors file states in words: what a phrase changes in the request of its row."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from assay.export.request import ExportRequest

Change: TypeAlias = Callable[[ExportRequest, re.Match[str]], ExportRequest]


def apply_phrases(said: str, request: ExportRequest) -> ExportRequest:
    """Return the request with every phrase applied that occurs in `said`."""
    for pattern, change in PHRASES:
        if match := re.search(pattern, said, re.IGNORECASE):
            request = change(request, match)
    return request


def _hypothetical(request: ExportRequest, _: re.Match[str]) -> ExportRequest:
    return replace(request, item=replace(request.item, vendor="none", designed_in="US"))


def _planar(request: ExportRequest, _: re.Match[str]) -> ExportRequest:
    return replace(request, item=replace(request.item, die_area_mm2=0.0))


def _any_item(request: ExportRequest, _: re.Match[str]) -> ExportRequest:
    return replace(request, item=replace(request.item, kind=None))


def _hbm(request: ExportRequest, match: re.Match[str]) -> ExportRequest:
    item = replace(
        request.item,
        kind="hbm",
        hbm_density_bytes_per_s_per_mm2=float(match["density"]) * 1e9,
        designed_in=request.item.designed_in or request.origin,  # a stack leaves the country of its maker
    )
    return replace(request, item=item)


def _certified(request: ExportRequest, match: re.Match[str]) -> ExportRequest:
    return replace(request, certified=match["how"].casefold() == "with")


def _ratio(request: ExportRequest, match: re.Match[str]) -> ExportRequest:
    more = re.match(r"over|more than|above|>(?!=)", match["how"], re.IGNORECASE)
    return replace(request, us_tpp_ratio=float(match["percent"]) / 100 + (0.01 if more else 0.0))


def _owned(request: ExportRequest, match: re.Match[str]) -> ExportRequest:
    return replace(request, listed_owner_share=float(match["percent"]) / 100)


def _listed(request: ExportRequest, _: re.Match[str]) -> ExportRequest:
    return replace(request, listed=True)


def _bona_fide(request: ExportRequest, match: re.Match[str]) -> ExportRequest:
    return replace(request, bona_fide_operator=match["no"] is None)


def _evaluation(request: ExportRequest, _: re.Match[str]) -> ExportRequest:
    return replace(request, movement="evaluation")


def _direct(request: ExportRequest, _: re.Match[str]) -> ExportRequest:
    return replace(request, designer_buys_hbm=True)


def _quantity(request: ExportRequest, match: re.Match[str]) -> ExportRequest:
    return request if request.quantity else replace(request, quantity=int(match["quantity"].replace(",", "")))


PHRASES: tuple[tuple[str, Change], ...] = (
    (r"^\s*(edge|hypothetical)\b", _hypothetical),
    (r"planar die|\b0 mm2", _planar),
    (r"^\s*any item", _any_item),
    (r"\bHBM\S*.*?density\D{0,4}(?P<density>\d+(\.\d+)?)", _hbm),
    (r"\b(?P<how>no|without|with)\b.{0,12}(\(dd\)|certification)", _certified),
    (r"(?P<how>over|more than|above|within|at most|under|up to|[<>]=?)\s*(?P<percent>\d+(\.\d+)?)\s*%", _ratio),
    (r"(?P<percent>\d+(\.\d+)?)\s*%-?\s*owned", _owned),
    (r"\bto (an? )?(Entity List(ed)?|MEU|SDN|listed) party", _listed),
    (r"(?P<no>not )?\bbona fide", _bona_fide),
    (r"\b(evaluation|analysis)\b", _evaluation),
    (r"\bdirect(ly)?\b.*\bpackag", _direct),
    (r"\sx\s(?P<quantity>\d[\d,]*)\b", _quantity),
)
"""Pattern and change; later ones see what earlier ones changed."""
