"""A Postgres database of the log: one connection, which threads share and no fork carries along.

What Postgres refuses is a `LogError` here that names the address. A password is never part of that:
an address that holds one is refused, and it is read from the environment.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from chopmark import LogError

try:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict, make_conninfo
except ImportError as error:
    raise LogError("a log in Postgres needs psycopg: pip install 'chopmark[postgres]'") from error

PASSWORD = "CHOPMARK_LOG_STORE_PASSWORD"
"""The environment variable with the password, where libpq's own ways (PGPASSWORD, ~/.pgpass, a
certificate, the user of the system) are not wanted."""
_IDLE = 10.0  # seconds after which a connection is tried before it is used: it may be gone
_LIFE = {
    # So that what a machine that vanished holds is free again after half a minute, not two hours.
    "connect_timeout": "10", "keepalives_idle": "10", "keepalives_interval": "5",
    "keepalives_count": "4", "tcp_user_timeout": "30000",
    "application_name": "chopmark-log",
}  # fmt: skip
_ROW = "SELECT 1 FROM meta WHERE name = 'format' FOR UPDATE"  # whose lock is that of the tables
_SERVER = (
    "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=4 "
    "-c lock_timeout=30s -c idle_in_transaction_session_timeout=60s"
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a database is, without a password: `text` is a connection URI of libpq."""

    text: str

    @classmethod
    def of(cls, text: str) -> Address:
        """Return the address that `text` is.

        Raises:
            LogError: it is none, or has a password in it. The message does not show it.
        """
        if not text.startswith(("postgresql://", "postgres://")):
            raise LogError("an address of a store begins with postgresql://")
        try:
            found = conninfo_to_dict(text)
        except psycopg.Error:
            # Its words may hold a piece of a password.
            raise LogError(
                "the address of the store is no connection URI of Postgres; write it as "
                "postgresql://user@host/database"
            ) from None
        if found.get("password"):
            raise LogError(
                "the address of the store has a password in it; take it out, and put it into the "
                f"environment, in {PASSWORD}"
            )
        return cls(text)

    def connect(self, schema: str, *, lazily: bool = False) -> psycopg.Connection[Any]:
        """Return a connection whose names are those of `schema`.

        Args:
            schema: its tables.
            lazily: whether a commit returns before the server's disk holds it.

        Raises:
            psycopg.Error: there is none.
        """
        given = conninfo_to_dict(self.text)
        own = f"-c search_path={schema} -c synchronous_commit={'off' if lazily else 'on'}"
        options = f"{given.pop('options', '') or ''} {_SERVER} {own}"
        secret = {"password": os.environ[PASSWORD]} if PASSWORD in os.environ else {}
        whole = make_conninfo("", **{**_LIFE, **given, **secret, "options": options.strip()})
        return psycopg.connect(whole, autocommit=True)


class PostgresFile:
    """The tables of one schema, connected to when they are first used. Threads take turns.

    Args:
        address: where they are.
        schema: their schema.
        lazily: whether a commit returns before the server's disk holds it.
    """

    def __init__(self, address: Address, schema: str, *, lazily: bool = False) -> None:
        self.address, self.schema, self._lazily = address, schema, lazily
        self._mutex = threading.RLock()
        self._open: psycopg.Connection[Any] | None = None
        self._used = 0.0
        _FILES[id(self)] = weakref.ref(self)
        weakref.finalize(self, _FILES.pop, id(self), None)

    def rows(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        """Run a statement, whose values stand at `?`, and return what it finds.

        Raises:
            LogError: Postgres refuses, or cannot be reached.
        """
        with self._mutex:
            try:
                done = self._base.execute(query.replace("?", "%s").encode(), values)
                return done.fetchall() if done.description else []
            except psycopg.Error as error:
                raise self._refused(error) from error

    def many(self, query: str, values: Sequence[Sequence[object]]) -> None:
        """Run a statement for each of `values`.

        Raises:
            LogError: Postgres refuses, or cannot be reached.
        """
        with self._mutex:
            try:
                with self._base.cursor() as cursor:
                    cursor.executemany(query.replace("?", "%s").encode(), values)
            except psycopg.Error as error:
                raise self._refused(error) from error

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all of the block, or nothing of it; within another one, with all of that.

        One at a time changes the tables of a schema, from whichever machine.
        """
        with self._mutex:
            if self._open is not None and _in_transaction(self._open):
                yield
                return
            with self._changing(_ROW) as found:
                if not found:
                    raise LogError(f"store {self.address.text!r}: {self.schema} is damaged")
                yield

    @contextlib.contextmanager
    def attempt(self) -> Iterator[bool]:
        """Do the same where nobody else does, or yield False and do nothing."""
        with self._mutex, self._changing(f"{_ROW} SKIP LOCKED") as found:
            yield found

    @contextlib.contextmanager
    def _changing(self, lock: str) -> Iterator[bool]:
        self.rows("BEGIN")
        try:
            yield bool(self.rows(lock))
            self._commit()
        except BaseException:
            self._undo()
            raise

    def close(self) -> None:
        """Close the connection; it is opened again where it is needed."""
        with self._mutex:
            base, self._open = self._open, None
            if base is not None:
                base.close()

    @property
    def _base(self) -> psycopg.Connection[Any]:
        base, now = self._open, time.monotonic()
        if base is not None and now - self._used > _IDLE and not _in_transaction(base):
            with contextlib.suppress(psycopg.Error):
                base.execute(b"SELECT 1")
        if base is None or base.closed:
            base = self._open = self.address.connect(self.schema, lazily=self._lazily)
            weakref.finalize(self, base.close).atexit = False  # threads may be using it then
        self._used = now
        return base

    def _commit(self) -> None:
        base = self._open
        # A statement that failed, and whose error was passed over, has undone all of it.
        if base is None or base.info.transaction_status != psycopg.pq.TransactionStatus.INTRANS:
            raise LogError(f"store {self.address.text!r}: the change was taken back")
        self.rows("COMMIT")

    def _undo(self) -> None:
        base = self._open
        try:
            if base is not None and not base.closed:
                base.rollback()
        except psycopg.Error:
            self.close()  # which takes it back

    def _refused(self, error: psycopg.Error) -> LogError:
        return LogError(f"store {self.address.text!r}: {told(error)}")

    def _leave(self) -> None:
        """Let go, in the child of a fork, of the parent's connection, and say nothing on it."""
        self._mutex = threading.RLock()
        base, self._open = self._open, None
        if base is not None:
            cut(base)


def told(error: psycopg.Error) -> str:
    """Return what the matter is, in a line: not the details, which may show values."""
    text = error.diag.message_primary or str(error) or type(error).__name__
    return text.strip().split("\n")[0]


def cut(base: psycopg.Connection[Any]) -> None:
    """Take a connection from this process without a word to the server, whose other end lives on.

    Closed as usual, it would say good-bye in its parent's name.
    """
    with contextlib.suppress(psycopg.Error, OSError):
        nowhere = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        try:
            os.dup2(nowhere, base.fileno(), inheritable=False)
        finally:
            os.close(nowhere)
        base.close()


def _in_transaction(base: psycopg.Connection[Any]) -> bool:
    return base.info.transaction_status != psycopg.pq.TransactionStatus.IDLE


_FILES: dict[int, weakref.ref[PostgresFile]] = {}


def _after_fork() -> None:
    for file in [found for one in list(_FILES.values()) if (found := one()) is not None]:
        file._leave()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
