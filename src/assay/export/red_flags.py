"""The red flags of May 2025 as a questionnaire: which are raised, which are open, and why they matter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import Field

from assay.catalogue.door import Record, read_toml
from assay.core.errors import UsageError, nearest
from assay.export.condition import Truth, leaves, parse
from assay.export.country import DATA, Basis, groups

SCHEMA = "assay.export-red-flags/1"


class FlagRecord(Record):
    """`[[flag]]`: a question, what raises it, and why."""

    id: str
    question: str
    fact: str
    raised_by: Mapping[str, Any]
    why: str
    basis: Basis


class FlagsFile(Record):
    """data/red_flags.toml."""

    source: tuple[str, ...] = Field(min_length=1)
    flag: tuple[FlagRecord, ...]


@dataclass(frozen=True, slots=True)
class Flag:
    """One question and its outcome: raised, not raised, or not answered (None)."""

    id: str
    question: str
    fact: str
    why: str
    basis: Basis
    raised: Truth

    def as_dict(self) -> dict[str, Any]:
        """Return the flag as JSON carries it."""
        return {name: getattr(self, name) for name in ("id", "question", "fact", "raised", "why", "basis")}


def red_flags(answers: Mapping[str, Any], on: date) -> tuple[Flag, ...]:
    """Return every question with its outcome.

    Parameters
    ----------
    answers
        Fact -> answer, as the questions name them; what is missing stays open.
    on
        Date of the country groups.

    Raises
    ------
    UsageError
        An answer belongs to no question, or is of the wrong kind.
    """
    flags = _file().flag
    known = {leaf.fact for record in flags for leaf in leaves(parse(record.raised_by))}
    for name in answers:
        if name not in known:
            raise UsageError(f"no question asks '{name}'", f"Nearest: {', '.join(nearest(name, known))}.")
    given = {name: answers.get(name) for name in known}
    of_date = groups(on)
    found = []
    for record in flags:
        try:
            raised = parse(record.raised_by).compiled(of_date)(given)
        except TypeError as error:
            raise UsageError(f"the answer '{given[record.fact]}' to {record.fact} is of the wrong kind") from error
        found.append(Flag(record.id, record.question, record.fact, record.why, record.basis, raised))
    return tuple(found)


def read_answers(path: Path) -> Mapping[str, Any]:
    """Return the answers in a TOML file: a flat table. Raises BadData."""
    return read_toml(path, Answers).model_dump(exclude_none=True)


class Answers(Record):
    """A file of answers."""

    first_order_date: date | None = None
    address_type: str | None = None
    online_presence: bool | None = None
    business_reason: bool | None = None
    dc_verified: bool | None = None
    hq_country: str | None = None
    ultimate_parent_country: str | None = None
    consignee_role: str | None = None
    similar_to_listed: bool | None = None
    iaas_tenants_hq: str | None = None
    shared_address: bool | None = None
    refuses_end_user: bool | None = None


@cache
def _file() -> FlagsFile:
    return read_toml(DATA / "red_flags.toml", FlagsFile)
