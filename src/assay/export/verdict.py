"""What `assay export check` answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from assay.export.condition import Truth
from assay.export.request import ExportRequest
from assay.export.rule import Version

SCHEMA = "assay.export/1"


@dataclass(frozen=True, slots=True)
class Step:
    """One paragraph of the trail: the rule as it read on the date, and whether it is met."""

    rule: Version
    met: Truth


@dataclass(frozen=True, slots=True)
class Opening:
    """A licence exception: open (True), or open if what is unknown turns out so (None)."""

    rule: Version
    open: Truth

    @property
    def name(self) -> str:
        """Return the name of the exception, such as NAC."""
        return self.rule.label


@dataclass(frozen=True, slots=True)
class Side:
    """One reading of the law: what its text says, or what is enforced."""

    licence_required: Truth
    keys: tuple[str, ...]
    """The independent reasons for a requirement; each alone suffices."""
    exceptions: tuple[Opening, ...]
    closed: tuple[str, ...]
    """Names of the exceptions that were considered and are not open."""
    review_policy: str | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer: what is enforced, what the text says, and the steps that led there."""

    request: ExportRequest
    facts: Mapping[str, Any]
    eccn: str | None
    eccn_by_form: Mapping[str, str]
    """The same classification as a chip, a board or a server."""
    paragraph: str | None
    enforced: Side
    text: Side
    prohibitions: tuple[Version, ...]
    duties: tuple[Version, ...]
    practice: tuple[Version, ...]
    destination_side: tuple[Version, ...]
    anomalies: tuple[str, ...]
    unknown: tuple[str, ...]
    """Facts that are missing and would decide something."""
    warnings: tuple[str, ...]
    assumptions: tuple[str, ...]
    verified_until: date
    rules: tuple[Version, ...]
    """All rules of the date, in the order in which they were decided."""

    @property
    def trail(self) -> tuple[Step, ...]:
        """Return every rule of the date and whether it is met."""
        return tuple(Step(version, self.facts[version.rule]) for version in self.rules)

    @property
    def licence_required(self) -> Truth:
        """Return whether a licence is required, as enforced; None where it cannot be said."""
        return self.enforced.licence_required

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the independent reasons for the requirement, as enforced."""
        return self.enforced.keys

    @property
    def exceptions(self) -> tuple[Opening, ...]:
        """Return the licence exceptions that are open, as enforced."""
        return self.enforced.exceptions

    @property
    def review_policy(self) -> str | None:
        """Return how an application is reviewed, as enforced."""
        return self.enforced.review_policy

    def met(self, rule: str) -> Truth:
        """Return whether a rule is met; a rule that does not exist on the date is not."""
        truth: Truth = self.facts[rule]
        return truth

    def as_dict(self) -> dict[str, Any]:
        """Return the verdict as JSON carries it."""
        return {
            "schema": SCHEMA,
            "item": self.request.item.name,
            "date": self.request.date.isoformat(),
            "eccn": self.eccn,
            "eccn_by_form": dict(self.eccn_by_form),
            "paragraph": self.paragraph,
            "tpp": self.facts["tpp"],
            "performance_density": self.facts["performance_density"],
            **_side(self.enforced),
            "text_says": _side(self.text),
            "prohibitions": [_version(version) for version in self.prohibitions],
            "duties": [_version(version) for version in self.duties],
            "practice": [_version(version) for version in self.practice],
            "destination_side": [_version(version) for version in self.destination_side],
            "anomalies": list(self.anomalies),
            "unknown": list(self.unknown),
            "warnings": list(self.warnings),
            "assumptions": list(self.assumptions),
            "trail": [_step(step, self.facts) for step in self.trail],
            "verified_until": self.verified_until.isoformat(),
        }


def _side(side: Side) -> dict[str, Any]:
    return {
        "licence_required": side.licence_required,
        "keys": list(side.keys),
        "exceptions": [
            {
                "name": opening.name,
                "open": opening.open,
                "cite": opening.rule.cite,
                "conditions": list(opening.rule.terms),
            }
            for opening in side.exceptions
        ],
        "review_policy": side.review_policy,
    }


def _version(version: Version) -> dict[str, Any]:
    entry: dict[str, Any] = {"rule": version.rule, "says": version.label, "cite": version.cite}
    optional = {
        "country": version.place,
        "rate": version.rate,
        "force": version.force,
        "terms": list(version.terms),
        "note": version.note,
    }
    entry |= {key: value for key, value in optional.items() if value not in ("", None, [])}
    return entry | {"from": _iso(version.since), "basis": version.basis}


def _step(step: Step, facts: Mapping[str, Any]) -> dict[str, Any]:
    rule = step.rule
    return {
        "rule": rule.rule,
        "title": rule.title,
        "stage": rule.stage,
        "test": rule.when.words(facts),
        "met": step.met,
        "status": rule.status,
        "cite": rule.cite,
        "basis": rule.basis,
        "instrument": rule.instrument,
        "sources": list(rule.source),
    }


def _iso(day: date) -> str | None:
    return None if day == date.min else day.isoformat()
