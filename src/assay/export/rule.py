"""A rule: what it tests and what follows, by date. `at(date)` is the only way to ask it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, Self, get_args

from pydantic import Field, field_validator, model_validator

from assay.catalogue.door import Record
from assay.export.condition import Condition, Groups, Test, Trace, leaves, parse, references
from assay.export.country import Basis
from assay.export.facts import FACTS

Stage = Literal[
    "definition",
    "classification",
    "prohibition",
    "requirement",
    "exception",
    "review",
    "duty",
    "practice",
    "local",
]
"""What it means that a rule is met; stages are decided in this order."""
STAGES: tuple[str, ...] = get_args(Stage)

Status = Literal["in_force", "stayed", "not_enforced", "proposed"]
"""What a version of a rule is worth. `not_enforced` is in the text, but its agency does not apply it."""


@dataclass(frozen=True, slots=True)
class Version:
    """A rule as it reads in one period."""

    rule: str
    title: str
    stage: Stage
    order: int
    since: date
    until: date
    status: Status
    basis: Basis
    cite: str
    instrument: str
    source: tuple[str, ...]
    when: Condition
    otherwise: Condition | None  # asked where `when` cannot be decided
    label: str  # the key, exception, policy, duty or measure that follows
    terms: tuple[str, ...]  # what the label is subject to
    place: str  # ISO code of the country whose measure it is
    rate: float | None
    force: str  # legal force, of a measure that is not a rule
    note: str

    @property
    def binds(self) -> bool:
        """Return whether the version is applied; a proposal is where it is laid over the rules."""
        return self.status in ("in_force", "proposed")

    @property
    def in_text(self) -> bool:
        """Return whether the text in force says it, applied or not."""
        return self.status in ("in_force", "not_enforced", "proposed")

    def decided(self, groups: Groups) -> Test:
        """Return the rule's test as a function: `when`, and `otherwise` where that leaves it open."""
        when = self.when.compiled(groups)
        if self.otherwise is None:
            return when
        otherwise = self.otherwise.compiled(groups)
        return lambda facts: otherwise(facts) if (truth := when(facts)) is None else truth

    def undecided(self, groups: Groups) -> Trace:
        """Return a function from facts to the facts and rules that leave the rule open.

        A fact of which `otherwise` asks only whether it is stated leaves nothing open.
        """
        trace = self.when.undecided(groups)
        spared = {leaf.fact for leaf in leaves(self.otherwise) if leaf.op == "stated"} if self.otherwise else set()
        return lambda facts: tuple(name for name in trace(facts) if name not in spared)

    def named(self, fact: str) -> tuple[str, ...]:
        """Return the values of a fact that the version names one by one."""
        return tuple(name for leaf in leaves(self.when) if (leaf.fact, leaf.op) == (fact, "in") for name in leaf.value)

    def asks(self) -> tuple[str, ...]:
        """Return the rules that this version refers to."""
        return tuple(references(self.when)) + (tuple(references(self.otherwise)) if self.otherwise else ())


@dataclass(frozen=True, slots=True)
class Case:
    """A worked example beside a rule: what is given, on which date, and whether the rule is met."""

    name: str
    on: date
    given: Mapping[str, Any]
    met: bool | None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule and its versions, in order, without overlap."""

    id: str
    title: str
    stage: Stage
    versions: tuple[Version, ...]
    cases: tuple[Case, ...]

    def at(self, on: date) -> Version | None:
        """Return the version of a date, or None where the rule does not exist on it."""
        return next((version for version in self.versions if version.since <= on <= version.until), None)


class VersionRecord(Record):
    """`[[version]]` of a rule file."""

    since: date = Field(default=date.min, alias="from")
    until: date = Field(default=date.max, alias="to")
    status: Status = "in_force"
    basis: Basis
    cite: str = Field(min_length=1)
    instrument: str = ""
    source: tuple[str, ...] = Field(min_length=1)
    when: Mapping[str, Any]
    otherwise: Mapping[str, Any] | None = None
    label: str = ""
    terms: tuple[str, ...] = ()
    place: str = ""
    rate: float | None = None
    force: str = ""
    note: str = ""

    @field_validator("when", "otherwise")
    @classmethod
    def _readable(cls, table: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        if table is not None:
            unknown = sorted({leaf.fact for leaf in leaves(parse(table))} - FACTS.keys())
            if unknown:
                raise ValueError(f"no such fact: {', '.join(unknown)}")
        return table


class CaseRecord(Record):
    """`[[case]]` of a rule file: `met` is true, false or "unknown"."""

    name: str
    on: date
    given: Mapping[str, Any] = Field(default_factory=dict)
    met: bool | Literal["unknown"]


class RuleRecord(Record):
    """A rule file."""

    id: str
    title: str
    stage: Stage
    order: int = 100
    version: tuple[VersionRecord, ...] = Field(min_length=1)
    case: tuple[CaseRecord, ...] = ()

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for former, latter in zip(self.version, self.version[1:], strict=False):
            if not former.since <= former.until < latter.since:
                raise ValueError(f"versions of {former.since} and {latter.since} overlap or are out of order")
        return self

    def rule(self) -> Rule:
        """Return the rule that the file states."""
        return Rule(
            self.id,
            self.title,
            self.stage,
            tuple(self._version(record) for record in self.version),
            tuple(Case(c.name, c.on, c.given, None if c.met == "unknown" else c.met) for c in self.case),
        )

    def _version(self, record: VersionRecord) -> Version:
        fields = record.model_dump(exclude={"when", "otherwise"})
        otherwise = None if record.otherwise is None else parse(record.otherwise)
        return Version(
            rule=self.id,
            title=self.title,
            stage=self.stage,
            order=self.order,
            when=parse(record.when),
            otherwise=otherwise,
            **fields,
        )
