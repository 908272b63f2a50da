"""A tree of reasons: a term, its value, its unit, where it comes from, and the terms it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Branch:
    """One term of an explanation. The children of a sum add up to its value; other relations stand in `note`."""

    name: str
    value: float | None = None
    unit: str = ""
    low: float | None = None
    high: float | None = None
    note: str = ""
    sources: tuple[str, ...] = ()
    children: tuple[Branch, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the tree as JSON carries it; what is not known is left out."""
        entries: dict[str, Any] = {"name": self.name}
        for key in ("value", "unit", "low", "high", "note"):
            if getattr(self, key) not in (None, ""):
                entries[key] = getattr(self, key)
        if self.sources:
            entries["sources"] = list(self.sources)
        if self.children:
            entries["children"] = [child.as_dict() for child in self.children]
        return entries
