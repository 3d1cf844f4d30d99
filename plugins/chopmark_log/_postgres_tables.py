"""What the log has in a Postgres database: three schemas, and what it takes to empty them.

`chopmark_log` has the log and its spool, and nothing in it is ever to be erased. `chopmark_keys`
and `chopmark_side` have what can be: the keys of subjects and the sealed contents, in the same
database, so that any machine can erase.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence

import psycopg

from chopmark import LogError

from ._postgres import LONG, Address, PostgresFile

WAIT, TRIES = 500, 5
"""Milliseconds for which calls may have to wait for an erasure, and how often it asks them to."""
SMALL = 1 << 28
"""Bytes up to which a table is written anew, to free the disk of what was deleted from it."""
_LOG = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE entries (at BIGINT PRIMARY KEY, leaf BYTEA NOT NULL);
CREATE TABLE bundles (number BIGINT PRIMARY KEY, leaves BYTEA STORAGE EXTERNAL NOT NULL);
CREATE TABLE ids (start BIGINT, at BIGINT, PRIMARY KEY (start, at));
CREATE TABLE tiles (
    level BIGINT, number BIGINT, hashes BYTEA STORAGE EXTERNAL NOT NULL, PRIMARY KEY (level, number)
);
CREATE TABLE spool (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    writer TEXT NOT NULL, number BIGINT NOT NULL, leaf BYTEA NOT NULL,
    at TIMESTAMPTZ NOT NULL DEFAULT now()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);
CREATE TABLE spools (
    name TEXT PRIMARY KEY, read BIGINT NOT NULL, at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE TABLE checkpoints (size BIGINT PRIMARY KEY, time BIGINT NOT NULL, note TEXT NOT NULL);
"""


_UNSAMPLED = """
DO $$ DECLARE found record; BEGIN
    FOR found IN SELECT attrelid::regclass AS t, attname AS c FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
        AND attname IN ('tag', 'wrapped', 'what', 'value', 'data')
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER %I SET STATISTICS 0', found.t, found.c);
    END LOOP;
END $$;
"""
"""Else `ANALYZE`, which the server runs by itself, keeps a hundred values of each column among its
statistics, also of rows that were deleted since: of keys and of short texts all there is."""


def create(address: Address, origin: str, meta: dict[str, str]) -> bool:
    """Make an empty log named `origin` in the database, unless it has one; return whether it did.

    Raises:
        LogError: it cannot be made.
    """
    rows = {"origin": origin, "format": "1", "size": "0", **meta}
    return _make(address, "chopmark_log", _LOG, list(rows.items()))


def of_sqlite(tables: str) -> str:
    """Return the definitions of `tables`, written for SQLite, as Postgres wants them."""
    words = {" WITHOUT ROWID": "", "BLOB": "BYTEA", "INTEGER": "BIGINT"}
    for there, here in words.items():
        tables = tables.replace(there, here)
    return tables


class ErasableSchema(PostgresFile):
    """The tables of a schema from which what was deleted can be taken out of the server's files."""

    def __init__(self, address: Address, schema: str) -> None:
        super().__init__(address, schema)

    def make(self, tables: str, meta: Sequence[tuple[str, object]] = ()) -> None:
        """Make `tables`, written for SQLite, unless they are there.

        Raises:
            LogError: they cannot be made.
        """
        _make(self.address, self.schema, of_sqlite(tables) + _UNSAMPLED, meta)

    def exists(self) -> bool:
        """Return whether the tables are there."""
        return bool(self.rows("SELECT 1 FROM pg_namespace WHERE nspname = ?", (self.schema,)))

    def scrub(self) -> None:
        """Return when the tables' files hold nothing of what was deleted from those not too large.

        A table up to `SMALL` is written anew; of a larger one the room is freed, and what was in it
        stays until it is written over. What the write-ahead log, an archive of it, a replica or a
        backup holds is not in reach.

        Raises:
            LogError: somebody has read one of them for longer; what was deleted is unreachable,
                and is in its file still.
        """
        named = (
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = ?::regnamespace"
        )
        for (name,) in self.rows(named, (self.schema,)):
            table = f"{self.schema}.{name}"
            ((size,),) = self.rows("SELECT pg_total_relation_size(?::regclass)", (table,))
            self._vacuum(table, "(FULL)" if size <= SMALL else "")
        with contextlib.suppress(LogError), self.patient(LONG):
            self.rows("CHECKPOINT")  # for roles that may; else it comes in some minutes

    def _vacuum(self, table: str, how: str) -> None:
        # It waits for who reads the table, and who writes waits for it: so it waits not for long.
        self.rows(f"SET lock_timeout = {WAIT}")
        try:
            for left in reversed(range(TRIES)):
                try:
                    with self.patient(LONG):
                        self.rows(f"VACUUM {how} {table}")
                    return
                except LogError as error:
                    if not left:
                        raise LogError(
                            f"{table} is being read ({error}); what was deleted is still in its "
                            "file: run `chopmark log prune` to take it out"
                        ) from error
                time.sleep(WAIT / 1000)
        finally:
            self.rows("RESET lock_timeout")


def _make(address: Address, schema: str, tables: str, meta: Sequence[tuple[str, object]]) -> bool:
    try:
        with address.connect(schema) as base, base.transaction():
            # One at a time: of two that make a schema at once, Postgres lets one fail.
            base.execute(b"SELECT pg_advisory_xact_lock(hashtext('chopmark_log'))")
            found = base.execute(b"SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,))
            if found.fetchone():
                return False
            base.execute(f"CREATE SCHEMA {schema}".encode())
            base.execute(tables.encode())
            with base.cursor() as cursor:
                cursor.executemany(b"INSERT INTO meta VALUES (%s, %s)", meta)
        return True
    except psycopg.Error as error:
        raise address.refused(error, "can have no log made in it") from error
