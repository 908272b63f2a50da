"""Where results are kept: one table under the keys of points, in SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from assay.core.errors import BadData, Fault
from assay.sweep.owner import is_gone
from assay.sweep.study import Point, canonical

State = Literal["done", "failed"]

LEASE_S = 60.0
"""How long a claim holds without being renewed. Claims of processes known to be dead end at once."""

TABLE = """CREATE TABLE IF NOT EXISTS assay_sweep (
    key TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('claimed', 'done', 'failed')),
    owner TEXT NOT NULL,
    expires_s DOUBLE PRECISION NOT NULL,
    request TEXT NOT NULL,
    content TEXT
)"""

_AT_ONCE = 500  # keys of one statement; SQLite before 3.32 takes 999 parameters


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of one point: its result, or its error, as JSON text."""

    key: str
    state: State
    content: str


class Cursor(Protocol):
    """What is used of a cursor of DB-API 2.0."""

    @property
    def rowcount(self) -> int:
        """Rows that the statement changed."""

    def fetchall(self) -> Sequence[Any]:
        """Return the rows of the answer."""


class Connection(Protocol):
    """What is used of a connection, one that commits each statement on its own."""

    def execute(self, statement: Any, parameters: Any = (), /) -> Cursor:  # noqa: ANN401  each library has its own type
        """Run one statement."""

    def close(self) -> None:
        """Close the connection."""


@dataclass(frozen=True, slots=True)
class Store:
    """Results of points, and claims on points by the coordinators that share the store.

    Every method is one statement or several that are each complete, so that a kill between any two of them leaves the
    store whole. Time is the database's: clocks of coordinators need not agree.

    Raises
    ------
    BadData
        Every method, where the database refuses.
    """

    name: str
    """Where it is, as people are told it."""
    connection: Connection
    error: type[Exception]
    """Base of the errors of the library."""
    now_s: str
    """SQL of the seconds since 1970."""
    mark: str
    """How the library writes a parameter in SQL."""

    def claim(self, points: Sequence[Point], owner: str, lease_s: float = LEASE_S) -> set[str]:
        """Claim points that nobody has done or claimed, or whose claim has run out; return the keys of those got."""
        ordered = sorted(points, key=lambda point: point.key)  # one order for all: coordinators cannot deadlock
        if not ordered:
            return set()
        rows = ", ".join(f"(?, 'claimed', ?, {self.now_s} + ?, ?)" for _ in ordered)
        got = self._execute(
            f"INSERT INTO assay_sweep (key, state, owner, expires_s, request) VALUES {rows} "  # noqa: S608  marks only
            "ON CONFLICT (key) DO UPDATE SET owner = excluded.owner, expires_s = excluded.expires_s "
            f"WHERE assay_sweep.state = 'claimed' AND assay_sweep.expires_s < {self.now_s} RETURNING key",
            [value for point in ordered for value in (point.key, owner, lease_s, canonical(point.request))],
        )
        return {key for (key,) in got.fetchall()}

    def renew(self, owner: str, lease_s: float = LEASE_S) -> None:
        """Let the claims of an owner run from now."""
        self._execute(
            f"UPDATE assay_sweep SET expires_s = {self.now_s} + ? WHERE state = 'claimed' AND owner = ?",  # noqa: S608
            (lease_s, owner),
        )

    def record(self, stored: Stored, owner: str) -> bool:
        """Record what became of a point. False, and nothing is changed, where the claim has passed to another owner."""
        changed = self._execute(
            "UPDATE assay_sweep SET state = ?, content = ? WHERE key = ? AND owner = ? AND state = 'claimed'",
            (stored.state, stored.content, stored.key, owner),
        )
        return changed.rowcount == 1

    def release(self, owner: str) -> None:
        """Give back the claims of an owner."""
        self._execute("DELETE FROM assay_sweep WHERE state = 'claimed' AND owner = ?", (owner,))

    def release_dead(self) -> None:
        """Give back the claims of processes of this machine that run no more."""
        for (owner,) in self._execute("SELECT DISTINCT owner FROM assay_sweep WHERE state = 'claimed'").fetchall():
            if is_gone(owner):
                self.release(owner)

    def forget_failures(self, keys: Sequence[str]) -> None:
        """Remove what failed, so that it is tried again."""
        for some in _groups(keys):
            self._execute(
                f"DELETE FROM assay_sweep WHERE state = 'failed' AND key IN ({_marks(some)})",  # noqa: S608  marks only
                some,
            )

    def settled(self, keys: Sequence[str]) -> Mapping[str, State]:
        """Return which of the keys are done or failed."""
        return dict(self._of("key, state", keys))

    def results(self, keys: Sequence[str]) -> Mapping[str, Stored]:
        """Return what became of those of the keys that are done or failed."""
        return {row[0]: Stored(*row) for row in self._of("key, state, content", keys)}

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def _of(self, columns: str, keys: Sequence[str]) -> Iterator[Any]:
        for some in _groups(keys):
            yield from self._execute(
                f"SELECT {columns} FROM assay_sweep WHERE state <> 'claimed' AND key IN ({_marks(some)})",  # noqa: S608
                some,
            ).fetchall()

    def _execute(self, statement: str, parameters: Sequence[object] = ()) -> Cursor:
        try:
            return self.connection.execute(statement.replace("?", self.mark), parameters)
        except self.error as error:
            raise refused(self.name, error) from error


def refused(name: str, error: Exception) -> BadData:
    """Return the error of a store that cannot be used."""
    text = str(error).strip() or type(error).__name__
    return BadData(
        [Fault(name, "", text.splitlines()[0])], "Name another store with --store; this one is left as it is."
    )


def _marks(keys: Sequence[str]) -> str:
    return ", ".join("?" for _ in keys)


def _groups(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(keys), _AT_ONCE):
        yield keys[first : first + _AT_ONCE]
