"""Whether a verdict agrees with what a row of a vectors file states, field by field.

The cells are written by people: "4A994.l (HGX) / 5A992.c (NVL16)", "case-by-case from 2024-04-04", "NAC if .b".
This module reads them strictly: a clause that it cannot read counts as a disagreement.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

from assay.export.decision import check
from assay.export.vector import Vector
from assay.export.verdict import Side, Verdict

ECCN = re.compile(r"\b\d[A-E]\d{3}(?:\.[a-z0-9]+)*|\bEAR99\b")
EXCEPTION = re.compile(r"\b(NAC|ACA|HBM|AIA|ACM|LPP)\b")
PROVISION = re.compile(r"\d+ FR \d+|\b\d{3}\.\d+(?:\([a-zA-Z0-9]+\))*|\b3A090\.[abc](?:\.\d)?|\bNote 2\b")
NOT_STATED = ("", "any", "n/a")
TRUTHS = {"yes": True, "no": False, "unknown": None}
POLICIES = (
    "presumption of denial",
    "presumption of approval",
    "policy of denial",
    "case-by-case (dd)",
    "case-by-case",
    "is-informed",
    "per owner entry",
    "per entry",
)
"""What a cell on the review policy begins with; the longer of two that begin alike stands first."""


def eccn(cell: str, verdict: Verdict, vector: Vector) -> bool:  # noqa: ARG001 - one signature for all fields
    """Return whether the classification agrees. The row does not state the form: any of chip, board, server will do."""
    bare = re.sub(r"\([^)]*\)", " ", cell)
    if "parameters met" in bare:
        return bool(verdict.met("3A090.a") or verdict.met("3A090.b"))
    clauses = [clause.strip() for clause in bare.split(";")]
    return all(_eccn_clause(clause, verdict) for clause in clauses)


def _eccn_clause(clause: str, verdict: Verdict) -> bool:
    if match := re.match(r"(not|below)\s+3A090(?:\.([abc]))?", clause):
        met = [verdict.met(f"3A090.{letter}") for letter in (match[2] or "abc")]
        return all(truth is False for truth in met)
    if match := re.match(r"\.([ab]) depends on PD", clause):
        return verdict.met(f"3A090.{match[1]}") is None and "performance_density" in verdict.unknown
    names = {verdict.eccn, *verdict.eccn_by_form.values()} - {None}
    for stated in ECCN.findall(clause):
        candidates = {verdict.eccn} if ".z" in stated else names
        if any(name == stated or str(name).startswith(stated + ".") for name in candidates):
            return True
    return False


def licence(cell: str, verdict: Verdict, vector: Vector) -> bool:
    """Return whether the requirement agrees."""
    stated = cell.strip().casefold()
    if "s.232" in stated:
        due = {version.rate for version in verdict.duties if version.rule == "section-232"}
        percent = re.search(r"(\d+)\s*%", stated)
        return not due if stated.startswith("no") else percent is not None and due == {int(percent[1]) / 100}
    if stated.startswith("gp10"):
        return any(version.label == "GP10" for version in verdict.prohibitions)
    if stated == "no/.b":
        return verdict.licence_required is None and verdict.met("3A090.b") is None
    said = [TRUTHS[word] for word in re.findall(r"\b(?:yes|no|unknown)\b", stated)]
    if not said:
        return False
    if "by this rule" in stated:
        return ("affiliates" in verdict.keys) is said[0]
    if "text" in stated and len(said) > 1:
        return (verdict.enforced.licence_required, verdict.text.licence_required) == (said[0], said[1])
    side = verdict.text if "by the text" in stated or vector.counterfactual else verdict.enforced
    return side.licence_required is said[0]


def review(cell: str, verdict: Verdict, vector: Vector) -> bool:
    """Return whether the review policy agrees: every clause, in any of its alternatives."""
    clauses = [clause.strip() for clause in cell.casefold().split(";")]
    return all(
        any(_review_clause(alternative.strip(), verdict, vector) for alternative in re.split(r"\s/\s|\sor\s", clause))
        for clause in clauses
    )


def _review_clause(clause: str, verdict: Verdict, vector: Vector) -> bool:
    if match := re.search(r"\s*from (\d{4}-\d{2}-\d{2})$", clause):
        later = check(replace(verdict.request, date=date.fromisoformat(match[1])))
        return _review_clause(clause[: match.start()], later, vector)
    if any(provision not in _cites(verdict) for provision in PROVISION.findall(clause)):
        return False
    if PROVISION.fullmatch(clause):
        return True
    if re.search(r"licen[cs]es? .*(granted|issued)", clause):
        return bool(verdict.practice)
    if match := re.search(r"(\d+)\s*% (revenue )?share", clause):
        return any(version.rate == int(match[1]) / 100 for version in verdict.duties)
    policy = _side(verdict, vector).review_policy or ""
    if re.match(r"presumption of denial unless .*(dd|certif)", clause):
        return policy.startswith("case-by-case (dd) else")
    bare = _bare(clause)
    known = next((known for known in POLICIES if bare.startswith(known)), None)
    return known is not None and policy.startswith(known)


def exception(cell: str, verdict: Verdict, vector: Vector) -> bool:
    """Return whether the open exceptions agree: those named are open, no other certainly is."""
    side = verdict.text if "text" in cell else _side(verdict, vector)
    opened = {opening.name for opening in side.exceptions if opening.open}
    possible = {opening.name for opening in side.exceptions}
    bare = re.sub(r"\([^)]*\)", " ", cell)
    if match := re.match(r"\s*(\w+) exceeded", bare):
        return match[1] in side.closed and not opened
    named = set(EXCEPTION.findall(bare))
    if not named:
        return re.match(r"\s*no(ne)?\b", bare, re.IGNORECASE) is not None and not opened
    if " if " in bare:
        return named <= possible and not opened
    return named <= possible and opened <= named


def destination_side(cell: str, verdict: Verdict, vector: Vector) -> bool:  # noqa: ARG001
    """Return whether each step that is stated is among those found: half of its words must be said of one."""
    said = [_words(f"{v.place} {v.title} {v.label} {v.since} {v.force}") for v in verdict.destination_side]
    clauses = [_words(clause) for clause in cell.split(";")]
    return all(any(len(clause & words) * 2 >= len(clause) for words in said) for clause in clauses if clause)


def cite(cell: str, verdict: Verdict, vector: Vector) -> bool:  # noqa: ARG001
    """Return whether the trail holds every provision that is cited."""
    cites = _cites(verdict)
    return all(provision.casefold() in cites for provision in PROVISION.findall(cell))


def stated(field: str, cell: str) -> bool:
    """Return whether a cell states anything of its field."""
    if field == "cite":
        return PROVISION.search(cell) is not None
    return cell.strip().casefold() not in NOT_STATED


FIELDS: Mapping[str, Callable[[str, Verdict, Vector], bool]] = {
    "expected_eccn": eccn,
    "licence_required": licence,
    "review_policy": review,
    "exception": exception,
    "destination_side": destination_side,
    "cite": cite,
}


def answer(field: str, verdict: Verdict, vector: Vector) -> str:
    """Return what the verdict says in a field, in the words of a row."""
    side = _side(verdict, vector)
    match field:
        case "expected_eccn":
            return verdict.eccn or "unknown"
        case "licence_required":
            truth = {True: "yes", False: "no", None: "unknown"}[side.licence_required]
            extra = [version.label for version in (*verdict.prohibitions, *verdict.duties)]
            return "; ".join([truth, *extra])
        case "review_policy":
            return "; ".join([side.review_policy or "none", *(version.label for version in verdict.practice)])
        case "exception":
            return ", ".join(f"{o.name}{'' if o.open else ' perhaps'}" for o in side.exceptions) or "none"
        case "destination_side":
            return "; ".join(version.label for version in verdict.destination_side) or "none"
    return "not in the trail"


def _side(verdict: Verdict, vector: Vector) -> Side:
    return verdict.text if vector.counterfactual else verdict.enforced


def _bare(clause: str) -> str:
    """Return a clause without what stands in brackets, but for (dd)."""
    while (shorter := re.sub(r"\((?!dd\))[^()]*\)", " ", clause)) != clause:
        clause = shorter
    return " ".join(clause.replace("case by case", "case-by-case").split())


def _cites(verdict: Verdict) -> str:
    return " | ".join(f"{rule.cite} {rule.instrument} {rule.title}" for rule in verdict.rules).casefold()


def _words(text: str) -> set[str]:
    return set(re.findall(r"[\w.]+(?:-[\w.]+)*", text.casefold())) - {"a", "an", "the", "for", "to", "of", "and", "or"}
