"""Every error a user can cause.

AssayError            exit code 1
├── UsageError        2   the request contradicts itself or is malformed
├── NotInCatalogue    3   an id that the catalogue does not hold; names the nearest
├── Infeasible        4   no deployment satisfies the request; names the binding constraint and by how much
├── BadData           5   a file is broken; lists every fault with file and key
└── Unsupported       6   valid, but outside what Assay models
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class AssayError(Exception):
    """Base of all errors meant for people: a message that says what is wrong, and a hint that says what to do."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class UsageError(AssayError):
    """The request contradicts itself or cannot be read."""

    exit_code = 2


class NotInCatalogue(AssayError):
    """An id that the catalogue does not hold. The hint names the nearest ids."""

    exit_code = 3

    def __init__(self, noun: str, wanted: str, known: Iterable[str], hint: str = "") -> None:
        self.noun = noun
        self.wanted = wanted
        self.nearest = nearest(wanted, known)
        parts = [f"Nearest: {', '.join(self.nearest)}." if self.nearest else "", hint]
        super().__init__(f"no {noun} '{wanted}' in the catalogue", " ".join(part for part in parts if part))


class Infeasible(AssayError):
    """No deployment satisfies the request. The message names the binding constraint and by how much it is missed."""

    exit_code = 4


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in one file: where (file and key, or line), and what."""

    file: str
    key: str
    problem: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.problem}" if self.key else f"{self.file}: {self.problem}"


class BadData(AssayError):
    """A file that cannot be used; carries all its faults at once."""

    exit_code = 5

    def __init__(self, faults: Sequence[Fault], hint: str = "") -> None:
        self.faults = tuple(faults)
        noun = "fault" if len(self.faults) == 1 else "faults"
        super().__init__(f"{len(self.faults)} {noun}:\n" + "\n".join(f"  {fault}" for fault in self.faults), hint)


class Unsupported(AssayError):
    """Valid, but outside what Assay models; says what is missing."""

    exit_code = 6


def nearest(wanted: str, known: Iterable[str], at_most: int = 4) -> tuple[str, ...]:
    """Return the known names most like `wanted`, best first: those that contain it, then those spelt like it."""
    names = sorted(set(known))
    folded = wanted.casefold()
    containing = [name for name in names if folded and folded in name.casefold()]
    lookup = {name.casefold(): name for name in names}
    alike = [lookup[name] for name in difflib.get_close_matches(folded, lookup, n=at_most, cutoff=0.5)]
    return tuple(dict.fromkeys([*alike, *containing]))[:at_most]
