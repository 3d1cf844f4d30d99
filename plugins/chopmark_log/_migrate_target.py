"""The database that a log is moved to, as long as not all of it is there."""

from __future__ import annotations

import psycopg

from chopmark import LogError

from ._postgres import Address
from ._postgres_store import PostgresStore
from ._sql_store import ARRIVING, FORMAT


class Arriving(PostgresStore):
    """A log of which not all is there, so that nobody else opens it."""

    format = ARRIVING


def said_of(address: Address) -> dict[str, str]:
    """Return what the log in the database says of itself; nothing where there is none.

    Raises:
        LogError: it cannot be reached, or has only a part of a log.
    """
    try:
        with address.connect("chopmark_log") as base:
            if not _exists(base, "chopmark_log"):
                if _exists(base, "chopmark_keys") or _exists(base, "chopmark_side"):
                    raise LogError(f"{address.text!r} has texts of a log, and not the log")
                return {}
            return dict(base.execute(b"SELECT name, value FROM meta").fetchall())
    except psycopg.Error as error:
        raise address.refused(error) from error


def _exists(base: psycopg.Connection[tuple[object, ...]], schema: str) -> bool:
    found = base.execute(b"SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,))
    return found.fetchone() is not None


def declare(address: Address) -> None:
    """Have the database say that its log is whole.

    Raises:
        LogError: it cannot be reached.
    """
    try:
        with address.connect("chopmark_log") as base:
            base.execute(
                b"UPDATE meta SET value = %s WHERE name = 'format' AND value = %s",
                (str(FORMAT), str(ARRIVING)),
            )
    except psycopg.Error as error:
        raise address.refused(error) from error


def wipe(address: Address) -> None:
    """Take out of the database what was copied of a log that did not arrive.

    Raises:
        LogError: its log is whole, or it cannot be reached.
    """
    if said_of(address).get("format", str(ARRIVING)) != str(ARRIVING):
        raise LogError(f"{address.text!r} has a log that is whole; nothing was changed")
    try:
        with address.connect("chopmark_log") as base, base.transaction():
            for name in ("chopmark_keys", "chopmark_side", "chopmark_log"):
                base.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE".encode())
    except psycopg.Error as error:
        raise address.refused(error) from error
