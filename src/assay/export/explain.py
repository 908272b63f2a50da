"""A verdict in words: one line, then the trail, paragraph by paragraph."""

from __future__ import annotations

from collections.abc import Iterator

from assay.export.condition import SAID, Truth
from assay.export.facts import FACTS
from assay.export.label import label
from assay.export.law import law
from assay.export.rule import Version
from assay.export.verdict import Side, Verdict

SHOWN = ("classification", "prohibition", "requirement", "exception", "review", "duty")


def headline(verdict: Verdict) -> str:
    """Return the verdict in one line."""
    request = verdict.request
    where = f"{request.origin or '?'} to {request.destination or '?'}"
    return f"{request.item.name}, {where}, {request.date}: {verdict.eccn or 'ECCN unknown'}, licence {label(verdict)}"


def explanation(verdict: Verdict) -> Iterator[str]:
    """Yield the lines of an explanation: what is enforced, what the text says, the trail, what is missing."""
    yield headline(verdict)
    yield f"  {law().notice} Verified until {verdict.verified_until}."
    for warning in verdict.warnings:
        yield f"  warning: {warning}"
    for anomaly in verdict.anomalies:
        yield f"  anomaly: {anomaly}"
    yield ""
    yield from _side("enforced", verdict.enforced)
    if _said(verdict.text) == _said(verdict.enforced):
        yield "the text says the same"
    else:
        yield from _side("the text says", verdict.text)
    for name, versions in (
        ("prohibition", verdict.prohibitions),
        ("duty", verdict.duties),
        ("practice", verdict.practice),
        ("the other side", verdict.destination_side),
    ):
        for version in versions:
            force = f"; {version.force}" if version.force else ""
            yield f"{name}: {version.label} ({version.cite}{force})"
    yield ""
    yield "trail:"
    for step in verdict.trail:
        if step.rule.stage in SHOWN and (step.met is not False or _tells(step.rule, verdict)):
            yield f"  {_mark(step.met)} {step.rule.cite}: {step.rule.title} [{_standing(step.rule)}]"
            yield f"      {step.rule.when.words(verdict.facts)}"
    if verdict.unknown:
        yield ""
        yield "unknown, and it would decide:"
        yield from (f"  {name}: {FACTS.get(name, name)}" for name in verdict.unknown)
    yield ""
    yield "assumed:"
    yield from (f"  {assumption}" for assumption in verdict.assumptions)


def _side(name: str, side: Side) -> Iterator[str]:
    keys = f", by {' and '.join(side.keys)}" if side.keys else ""
    yield f"{name}: licence required: {SAID[side.licence_required]}{keys}"
    if side.review_policy:
        yield f"  review: {side.review_policy}"
    for opening in side.exceptions:
        state = "open" if opening.open else "open if the unknown is so"
        terms = f" ({'; '.join(opening.rule.terms)})" if opening.rule.terms else ""
        yield f"  exception {opening.name}, {opening.rule.cite}: {state}{terms}"
    if side.licence_required and not side.exceptions:
        yield "  no licence exception open"


def _said(side: Side) -> tuple[object, ...]:
    return side.licence_required, side.keys, side.review_policy, tuple(opening.name for opening in side.exceptions)


def _tells(version: Version, verdict: Verdict) -> bool:
    """Return whether a rule that is not met is worth telling: a limb, or a destination or headquarters test."""
    if version.stage == "classification":
        return True
    return (
        version.stage == "requirement"
        and version.rule.startswith(("destination", "headquarters"))
        and (verdict.facts["3A090.a" if version.rule.endswith("a") else "3A090.b"] is not False)
    )


def _mark(met: Truth) -> str:
    return {True: "met    ", False: "not met", None: "unknown"}[met]


def _standing(version: Version) -> str:
    status = version.status.replace("_", " ")
    return f"{status}, {version.basis}" + (f", {version.instrument}" if version.instrument else "")
