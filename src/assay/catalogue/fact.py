"""A sourced number as it stands in a file, and tables of them."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from assay.catalogue.door import Record
from assay.core.source import Fact, Kind


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


class FactRecord(Record):
    """`{ value = 4e12, source = "id", kind = "vendor" }`; an estimate needs `low` and `high`, its 90 % range."""

    value: float
    source: Annotated[list[str], BeforeValidator(_as_list), Field(min_length=1)]
    kind: Kind = "vendor"
    low: float | None = None
    high: float | None = None
    note: str = ""

    @model_validator(mode="after")
    def _range(self) -> Self:
        if (self.low is None) != (self.high is None):
            raise ValueError("low and high come together")
        if self.kind == "estimate" and self.low is None:
            raise ValueError("an estimate needs low and high, its 90 % range")
        if self.low is not None and self.high is not None and not self.low <= self.value <= self.high:
            raise ValueError(f"must lie between low and high: {self.low} <= {self.value} <= {self.high} is false")
        return self

    def fact(self) -> Fact:
        """Return the fact that the file states."""
        return Fact(self.value, tuple(self.source), self.kind, self.low, self.high, self.note)


class PositiveFact(FactRecord):
    """A sourced number that is a size or a rate: more than zero, and its range too."""

    value: float = Field(gt=0)
    low: float | None = Field(default=None, gt=0)


class FactTable(Record):
    """A table whose fields are facts, or tables of facts."""

    def facts(self) -> dict[str, Fact]:
        """Return the facts that are stated, in the order of the fields; a nested table's keys read `table.key`."""
        found: dict[str, Fact] = {}
        for key in type(self).model_fields:
            member = getattr(self, key)
            if isinstance(member, FactRecord):
                found[key] = member.fact()
            elif isinstance(member, FactTable):
                found.update({f"{key}.{inner}": fact for inner, fact in member.facts().items()})
        return found
