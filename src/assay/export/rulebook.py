"""All rules, and the rules of one date: resolved, ordered and compiled once, then kept."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache, lru_cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from pydantic import Field

from assay.catalogue.door import Record, read_toml
from assay.core.errors import BadData, Fault, NotInCatalogue
from assay.export.condition import Groups, Test, Trace
from assay.export.country import DATA, country_rows, groups
from assay.export.rule import STAGES, Rule, RuleRecord, Status, Version

RULES = DATA / "rules"
PROPOSALS = DATA / "proposals"


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules of one date, in the order in which they are decided."""

    versions: tuple[Version, ...]
    tests: tuple[tuple[str, Test], ...]  # rule id and its test, in the order of `versions`
    traces: Mapping[str, Trace]  # rule id -> which facts and rules leave it undecided
    absent: Mapping[str, bool]  # rules that do not exist on the date: not met
    groups: Groups
    enforced: Mapping[str, tuple[Version, ...]]  # by stage, in order
    text: Mapping[str, tuple[Version, ...]]


class Change(Record):
    """`[[change]]` of a proposal: another status, or another end, for versions of a rule from a date on."""

    rule: str
    since: date = Field(default=date.min, alias="from")
    until: date = Field(default=date.max, alias="to")
    status: Status


class ProposalRecord(Record):
    """A proposal: rules that it would add, and what it would change in existing ones."""

    id: str
    title: str
    state: str
    source: tuple[str, ...] = Field(min_length=1)
    note: str = ""
    change: tuple[Change, ...] = ()
    rule: tuple[RuleRecord, ...] = ()


def rulebook(on: date, proposals: tuple[str, ...] = ()) -> Rulebook:
    """Return the rules of a date, with proposals laid over them. Raises NotInCatalogue for an unknown proposal."""
    return _compiled(bisect_right(breakpoints(proposals), on), proposals)


@cache
def rules() -> Mapping[str, Rule]:
    """Return every rule by id. Raises BadData with all faults of all files."""
    return read_rules(RULES)


def read_rules(folder: Path) -> Mapping[str, Rule]:
    """Return the rules in a folder of TOML files."""
    found: dict[str, Rule] = {}
    faults: list[Fault] = []
    for path in sorted(folder.rglob("*.toml")):
        try:
            rule = read_toml(path, RuleRecord).rule()
        except BadData as error:
            faults.extend(error.faults)
            continue
        if rule.id in found:
            faults.append(Fault(str(path), "id", f"'{rule.id}' is the id of another file too"))
        found[rule.id] = rule
    faults.extend(
        Fault(str(folder), rule.id, f"asks the rule '{asked}', which does not exist")
        for rule in found.values()
        for version in rule.versions
        for asked in version.asks()
        if asked not in found
    )
    if faults:
        raise BadData(faults)
    return found


@cache
def proposals() -> Mapping[str, ProposalRecord]:
    """Return every proposal by id."""
    return {
        record.id: record for path in sorted(PROPOSALS.glob("*.toml")) if (record := read_toml(path, ProposalRecord))
    }


@lru_cache(maxsize=64)
def overlaid(names: tuple[str, ...]) -> Mapping[str, Rule]:
    """Return the rules with proposals laid over them."""
    found = dict(rules())
    for name in names:
        if name not in proposals():
            raise NotInCatalogue("proposal", name, proposals())
        record = proposals()[name]
        found.update({added.id: added.rule() for added in record.rule})
        for change in record.change:
            found[change.rule] = _changed(found[change.rule], change)
    return found


@lru_cache(maxsize=64)
def breakpoints(names: tuple[str, ...] = ()) -> tuple[date, ...]:
    """Return the dates on which anything in the rules or the country groups begins or has just ended, sorted."""
    periods: Iterable[Any] = [
        *(version for rule in overlaid(names).values() for version in rule.versions),
        *country_rows(),
    ]
    found = set()
    for period in periods:
        found.add(period.since)
        if period.until < date.max:
            found.add(period.until + timedelta(days=1))
    return tuple(sorted(found - {date.min}))


@lru_cache(maxsize=512)
def _compiled(epoch: int, names: tuple[str, ...]) -> Rulebook:
    dates = breakpoints(names)
    on = dates[epoch - 1] if epoch else dates[0] - timedelta(days=1)
    book = overlaid(names)
    present = {id: version for id, rule in book.items() if (version := rule.at(on)) is not None}
    of_date = groups(on)
    order = _order(present)
    return Rulebook(
        versions=order,
        tests=tuple((version.rule, version.decided(of_date)) for version in order),
        absent={id: False for id in book if id not in present},
        groups=of_date,
        traces={version.rule: version.undecided(of_date) for version in order},
        enforced={stage: tuple(v for v in order if v.stage == stage and v.binds) for stage in STAGES},
        text={stage: tuple(v for v in order if v.stage == stage and v.in_text) for stage in STAGES},
    )


def _order(present: Mapping[str, Version]) -> tuple[Version, ...]:
    graph = {id: {asked for asked in version.asks() if asked in present} for id, version in present.items()}
    sorter = TopologicalSorter(graph)
    try:
        sorter.prepare()
    except CycleError as error:
        raise BadData([Fault(str(RULES), " -> ".join(error.args[1]), "rules ask each other in a circle")]) from error
    ordered: list[Version] = []
    waiting: list[str] = []
    while sorter.is_active():
        waiting.extend(sorter.get_ready())
        waiting.sort(key=lambda id: (STAGES.index(present[id].stage), present[id].order, id))
        id = waiting.pop(0)
        ordered.append(present[id])
        sorter.done(id)
    return tuple(ordered)


def _changed(rule: Rule, change: Change) -> Rule:
    versions: list[Version] = []
    for version in rule.versions:
        since, until = max(version.since, change.since), min(version.until, change.until)
        if since > until:
            versions.append(version)
            continue
        if version.since < since:
            versions.append(replace(version, until=since - timedelta(days=1)))
        versions.append(replace(version, since=since, until=until, status=change.status))
        if until < version.until:
            versions.append(replace(version, since=until + timedelta(days=1)))
    return replace(rule, versions=tuple(versions))
