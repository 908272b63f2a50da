"""What changed between two dates, and which instrument did it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from assay.core.errors import UsageError
from assay.export.decision import check
from assay.export.label import label
from assay.export.law import law
from assay.export.request import ExportRequest
from assay.export.rule import Version
from assay.export.rulebook import breakpoints
from assay.export.verdict import Verdict

SCHEMA = "assay.export-diff/1"


@dataclass(frozen=True, slots=True)
class Difference:
    """Two verdicts on one request on two dates, and the rules that read otherwise."""

    before: Verdict
    after: Verdict
    fields: tuple[tuple[str, Any, Any], ...]
    """Field, before, after."""
    causes: tuple[Version, ...]
    """Rules whose outcome or label is another on the second date."""

    def as_dict(self) -> dict[str, Any]:
        """Return the difference as JSON carries it."""
        return {
            "schema": SCHEMA,
            "item": self.before.request.item.name,
            "dates": [self.before.request.date.isoformat(), self.after.request.date.isoformat()],
            "changes": [{"field": field, "before": before, "after": after} for field, before, after in self.fields],
            "causes": [
                {
                    "rule": version.rule,
                    "instrument": version.instrument or version.cite,
                    "from": version.since.isoformat(),
                    "met_before": _met(self.before, version.rule),
                    "met_after": _met(self.after, version.rule),
                    "status": version.status,
                }
                for version in self.causes
            ],
            "warnings": sorted({*self.before.warnings, *self.after.warnings}),
        }


def difference(request: ExportRequest, dates: Sequence[date]) -> Difference:
    """Return what changed in the answer between two dates. Raises UsageError where they are not two, in order."""
    if len(dates) != 2 or not dates[0] < dates[1]:
        said = ", ".join(day.isoformat() for day in dates) or "none"
        raise UsageError(f"two dates are compared, the earlier first; given: {said}", "Give --date twice.")
    first, second = dates
    before, after = check(replace(request, date=first)), check(replace(request, date=second))
    old, new = _fields(before), _fields(after)
    return Difference(
        before,
        after,
        tuple((field, old[field], new[field]) for field in old if old[field] != new[field]),
        tuple(_causes(before, after)),
    )


@dataclass(frozen=True, slots=True)
class Turn:
    """A date on which the answer becomes another: what it is now, in which fields it differs, which rules did it."""

    on: date
    status: str
    changed: tuple[str, ...]
    causes: tuple[Version, ...]


def history(request: ExportRequest) -> Iterator[Turn]:
    """Yield each date on which the answer to a request becomes another, from the first that the data answer."""
    former: Verdict | None = None
    for on in breakpoints(request.proposals):
        if on < law().known_from:
            continue
        verdict = check(replace(request, date=on))
        new = _fields(verdict)
        old = _fields(former) if former else dict.fromkeys(new)
        changed = tuple(field for field, value in new.items() if old[field] != value)
        if former is None or changed:
            yield Turn(on, label(verdict), changed, tuple(_causes(former, verdict)) if former else ())
        former = verdict


def _fields(verdict: Verdict) -> dict[str, Any]:
    return {
        "eccn": verdict.eccn,
        "paragraph": verdict.paragraph,
        "licence_required": verdict.licence_required,
        "keys": list(verdict.keys),
        "exceptions": [opening.name for opening in verdict.exceptions],
        "review_policy": verdict.review_policy,
        "text_says_licence_required": verdict.text.licence_required,
        "prohibitions": [version.label for version in verdict.prohibitions],
        "duties": [version.label for version in verdict.duties],
        "practice": [version.label for version in verdict.practice],
        "destination_side": [version.label for version in verdict.destination_side],
    }


def _causes(before: Verdict, after: Verdict) -> Iterator[Version]:
    old = {version.rule: version for version in before.rules}
    for version in after.rules:
        former = old.pop(version.rule, None)
        said = None if former is None else (former.status, former.label, _met(before, version.rule))
        now = (version.status, version.label, _met(after, version.rule))
        if said != now and (now[2] is not False or (said is not None and said[2] is not False)):
            yield version
    yield from (gone for gone in old.values() if _met(before, gone.rule) is not False)


def _met(verdict: Verdict, rule: str) -> bool | None:
    met: bool | None = verdict.facts.get(rule, False)
    return met
