"""A store in PostgreSQL, which coordinators on several machines can share."""

from __future__ import annotations

from urllib.parse import urlsplit

from assay.core.errors import Unsupported
from assay.sweep.store import TABLE, Store, refused

SCHEMES = ("postgresql://", "postgres://")


def open_postgres(url: str) -> Store:
    """Return the store in a database; its table is made where it is not there.

    Raises
    ------
    BadData
        Where the database cannot be reached, or refuses. Messages do not hold the password.
    Unsupported
        Where psycopg is not installed.
    """
    try:
        import psycopg
    except ImportError as error:
        raise Unsupported(
            "a store in PostgreSQL needs psycopg", "Install it: pip install 'assay[postgres]'."
        ) from error
    name = _without_password(url)
    try:
        connection = psycopg.connect(url, autocommit=True)
    except psycopg.Error as error:
        raise refused(name, error) from None
    try:
        with connection.transaction():  # PostgreSQL makes no table twice at once, and says so: one after the other
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('assay_sweep'))")
            connection.execute(TABLE)
    except psycopg.Error as error:
        connection.close()
        raise refused(name, error) from error
    return Store(name, connection, psycopg.Error, "extract(epoch FROM clock_timestamp())::float8", "%s")


def _without_password(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "postgresql://"
    host = parts.netloc.rpartition("@")[2]
    return f"postgresql://{host}{parts.path}"
