"""The engine: facts in, every rule of the date decided in order, a verdict with its trail out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.export.classification import classify
from assay.export.condition import Facts, Truth
from assay.export.law import law
from assay.export.request import ExportRequest
from assay.export.rule import Version
from assay.export.rulebook import Rulebook, rulebook
from assay.export.verdict import Opening, Side, Verdict

NOT_REQUIRED = Side(False, (), (), (), None)
ASSUMED = (
    "no party is on a list: screen them (assay export screen)",
    "no military, military-intelligence or WMD end use or end user (parts 744 and 746)",
)


def check(request: ExportRequest) -> Verdict:
    """Return the verdict on one request: a pure function of the request and of the data.

    Every rule of the date is decided from the facts, in the order definition, classification, prohibition,
    requirement, exception, review. A licence is required where any requirement that is enforced is met; it is not
    where all of them fail; otherwise the answer is None and `unknown` names the facts that would decide.

    Parameters
    ----------
    request
        Item, date, route, parties. A None is a fact that is not known.

    Returns
    -------
    Verdict
        What is enforced, and what the text says where that differs.

    Raises
    ------
    NotInCatalogue
        A proposal of that name does not exist.

    Notes
    -----
    Validity: rules of `law().known_from` to `law().verified_until`; a date outside is answered with a warning.
    Export Administration Regulations, 15 CFR 730-774; each rule names its paragraph.
    """
    book = rulebook(request.date, request.proposals)
    facts = {**_facts(request), **book.absent}
    for rule, test in book.tests:
        facts[rule] = test(facts)
    naming = classify(facts, request)
    known = request.date >= law().known_from
    enforced = _side(book.enforced, facts, known)
    return Verdict(
        request=request,
        facts=facts,
        eccn=naming.eccn,
        eccn_by_form=naming.by_form,
        paragraph=naming.paragraph,
        enforced=enforced,
        text=_side(book.text, facts, known),
        prohibitions=tuple(v for v in book.enforced["prohibition"] if facts[v.rule]),
        duties=tuple(v for v in book.enforced["duty"] if facts[v.rule]),
        practice=tuple(v for v in book.enforced["practice"] if facts[v.rule]),
        destination_side=tuple(v for v in book.enforced["local"] if facts[v.rule]),
        anomalies=naming.anomalies,
        unknown=_unknown(book, facts, enforced, known),
        warnings=_warnings(request),
        assumptions=_assumptions(request),
        rules=book.versions,
        verified_until=law().verified_until,
    )


def _facts(request: ExportRequest) -> dict[str, Any]:
    """Return the facts of a request, in the units of the law: GB/s, mm2."""
    item = request.item
    dram, interconnect = _giga(item.dram_bytes_per_s), _giga(item.interconnect_bytes_per_s)
    return {
        "kind": item.kind,
        "tpp": item.tpp,
        "die_area_mm2": item.die_area_mm2,
        "performance_density": item.density,
        "dram_gb_per_s": dram,
        "interconnect_gb_per_s": interconnect,
        "dram_and_interconnect_gb_per_s": None if dram is None or interconnect is None else dram + interconnect,
        "hbm_gb_per_s_per_mm2": _giga(item.hbm_density_bytes_per_s_per_mm2),
        "datacentre": item.datacentre,
        "vendor": item.vendor,
        "designed_in": item.designed_in,
        "family": item.family or item.name,
        "vendor_says_a": item.vendor_says_a,
        "vendor_says_b": item.vendor_says_b,
        "date": request.date,
        "movement": request.movement,
        "origin": request.origin,
        "destination": request.destination,
        "quantity": request.quantity,
        "total_tpp": None if item.tpp is None or request.quantity is None else item.tpp * request.quantity,
        "hq": request.hq,
        "parent_hq": request.parent_hq or request.hq,
        "end_user": request.end_user,
        "exporter_hq": request.exporter_hq,
        "listed": request.listed,
        "listed_owner_share": request.listed_owner_share,
        "subject_to_ear": request.subject_to_ear,
        "named_in_letter": request.named_in_letter,
        "bona_fide_operator": request.bona_fide_operator,
        "certified": request.certified,
        "us_tpp_ratio": request.us_tpp_ratio,
        "designer_buys_hbm": request.designer_buys_hbm,
        "exempt_us_use": request.exempt_us_use,
    }


def _giga(value: float | None) -> float | None:
    return None if value is None else value / 1e9


def _side(rules: Mapping[str, tuple[Version, ...]], facts: Facts, known: bool) -> Side:
    """Return one reading of the law, from the rules by stage that count in it."""
    required = _any(rules["requirement"], facts)
    if required is False and not (known and _any(rules["prohibition"], facts) is False):
        required = None
    if required is False:
        return NOT_REQUIRED
    return Side(
        licence_required=required,
        keys=tuple(dict.fromkeys(version.label for version in rules["requirement"] if facts[version.rule])),
        exceptions=tuple(Opening(v, facts[v.rule]) for v in rules["exception"] if facts[v.rule] is not False),
        closed=tuple(version.label for version in rules["exception"] if facts[version.rule] is False),
        review_policy=_policy(rules["review"], facts) if required else None,
    )


def _policy(reviews: tuple[Version, ...], facts: Facts) -> str | None:
    """Return the first policy that applies; None where it cannot be said whether an earlier one does."""
    for version in reviews:
        truth = facts[version.rule]
        if truth is not False:
            return version.label if truth else None
    return None


def _any(versions: tuple[Version, ...], facts: Facts) -> Truth:
    outcome: Truth = False
    for version in versions:
        truth = facts[version.rule]
        if truth:
            return True
        if truth is None:
            outcome = None
    return outcome


def _unknown(book: Rulebook, facts: Facts, enforced: Side, known: bool) -> tuple[str, ...]:
    """Return the missing facts that would decide: the licence; where one is required, exceptions and review."""
    stages = ["duty"]
    if enforced.licence_required is None:
        stages += ["prohibition", "requirement"]
    elif enforced.licence_required:
        stages += ["exception", "review"] if enforced.review_policy is None else ["exception"]
    found: dict[str, None] = {} if known else {"rules before the first in the data": None}
    waiting = [v.rule for stage in stages for v in book.enforced[stage] if facts[v.rule] is None]
    while waiting:
        for name in book.traces[waiting.pop()](facts):
            if name in book.traces:
                waiting.append(name)
            else:
                found[name] = None
    return tuple(found)


def _warnings(request: ExportRequest) -> tuple[str, ...]:
    data = law()
    found = []
    if request.date < data.known_from:
        found.append(f"no rule on AI chips before {data.known_from} is in the data: not answered")
    if request.date > data.verified_until:
        found.append(f"the rules were verified until {data.verified_until}; what came after is not known")
    return tuple(found)


def _assumptions(request: ExportRequest) -> tuple[str, ...]:
    listed = ASSUMED if not request.listed and not request.listed_owner_share else ASSUMED[1:]
    return listed + request.item.notes
