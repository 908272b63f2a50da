"""A store in a file: SQLite, with the write-ahead log so that readers and a writer do not wait for each other."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

from assay.sweep.store import TABLE, Store, refused

PATIENCE_S = 60.0
"""How long to wait for another writer."""

NOW_S = "((julianday('now') - 2440587.5) * 86400.0)"
"""Seconds since 1970; 2440587.5 is the Julian day of 1970-01-01."""


def open_sqlite(path: Path) -> Store:
    """Return the store in a file, which is made where it is not there.

    A result survives the kill of any process; after a power cut the last few may have to be computed again.

    Raises
    ------
    BadData
        Where the file is no database, or cannot be written.
    """
    try:
        connection = sqlite3.connect(path, timeout=PATIENCE_S, isolation_level=None)
    except sqlite3.Error as error:
        raise refused(str(path), error) from error
    try:
        connection.execute(TABLE)
        with suppress(sqlite3.OperationalError):  # locked: another coordinator opens the file and says the same
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
    except sqlite3.Error as error:
        connection.close()
        raise refused(str(path), error) from error
    return Store(str(path), connection, sqlite3.Error, NOW_S, "?")
