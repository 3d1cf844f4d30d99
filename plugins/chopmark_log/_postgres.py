"""A Postgres database of the log: one connection, which threads share and no fork carries along.

What Postgres refuses is a `LogError` here that names the address. A password is never part of that:
an address that holds one is refused, and it is read from the environment.
"""

from __future__ import annotations

import contextlib
import math
import os
import time
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from chopmark import LogError

from ._errors import AwayError, ReadOnlyError
from ._folder import PATIENCE

try:
    import psycopg
    from psycopg import errors
    from psycopg.conninfo import conninfo_to_dict, make_conninfo
except ImportError as error:
    raise LogError("a log in Postgres needs psycopg: pip install 'chopmark[postgres]'") from error

from ._postgres_wait import Patient, SilentError
from ._turns import Turns

PASSWORD = "CHOPMARK_LOG_STORE_PASSWORD"
"""The environment variable with the password, where libpq's own ways (PGPASSWORD, ~/.pgpass, a
certificate, the user of the system) are not wanted."""
_IDLE = 10.0  # seconds after which a connection is tried before it is used: it may be gone
_MOST_CONNECTING, _LEAST_CONNECTING = 10, 2  # seconds; psycopg waits no less
_MOST_LOCKED = _MOST_UNHEARD = 30_000  # ms for a lock, and until what is sent is acknowledged
_SOONER = 0.9  # of its patience, after which the server gives up: its word is better than none
_LIFE = {
    # So that what a machine that vanished holds is free again after half a minute, not two hours.
    "keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "4",
    "application_name": "chopmark-log",
}  # fmt: skip
LONG = 3600.0
"""Seconds for which a server may say nothing while it goes through whole tables."""
_ROW = "SELECT 1 FROM meta WHERE name = 'format' FOR UPDATE"  # whose lock is that of the tables
_SERVER = (
    "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=4 "
    "-c idle_in_transaction_session_timeout=60s"
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a database is, without a password: `text` is a connection URI of libpq.

    `patience` is for how many seconds its server may say nothing before it counts as away.
    """

    text: str
    patience: float = PATIENCE

    @classmethod
    def of(cls, text: str, patience: float = PATIENCE) -> Address:
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
        return cls(text, patience)

    def connect(self, schema: str, *, lazily: bool = False, quickly: bool = False) -> Patient:
        """Return a connection whose names are those of `schema`.

        Args:
            schema: its tables.
            lazily: whether a commit returns before the server's disk holds it.
            quickly: whether the server gives a statement up shortly before this side would.

        Raises:
            psycopg.Error: there is none.
        """
        given = conninfo_to_dict(self.text)
        sooner = int(self.patience * _SOONER * 1000)
        own = f"-c search_path={schema} -c synchronous_commit={'off' if lazily else 'on'}"
        own += f" -c lock_timeout={min(sooner, _MOST_LOCKED)}"
        own += f" -c statement_timeout={sooner}" if quickly else ""
        options = f"{given.pop('options', '') or ''} {_SERVER} {own}"
        secret = {"password": os.environ[PASSWORD]} if PASSWORD in os.environ else {}
        connecting = min(max(math.ceil(self.patience), _LEAST_CONNECTING), _MOST_CONNECTING)
        unheard = min(int(self.patience * 1000), _MOST_UNHEARD)
        life = {**_LIFE, "connect_timeout": f"{connecting}", "tcp_user_timeout": f"{unheard}"}
        whole = make_conninfo("", **{**life, **given, **secret, "options": options.strip()})
        base = Patient.connect(whole, autocommit=True)
        base.patience = self.patience
        return base

    def refused(self, error: psycopg.Error, what: str = "") -> LogError:
        """Return what `error` means to who asked for `what`: an `AwayError` where that is it."""
        away = isinstance(error, (SilentError, errors.ConnectionTimeout))
        kind = ReadOnlyError if is_read_only(error) else AwayError if away else LogError
        return kind(f"store {self.text!r}{what and ' '}{what}: {told(error)}")


class PostgresFile:
    """The tables of one schema, connected to when they are first used. Threads take turns.

    Args:
        address: where they are.
        schema: their schema.
        lazily: whether a commit returns before the server's disk holds it.
    """

    def __init__(self, address: Address, schema: str, *, lazily: bool = False) -> None:
        self.address, self.schema, self._lazily = address, schema, lazily
        self._mutex = Turns()
        self._open: Patient | None = None
        self._changes: Patient | None = None  # that on which a change is under way
        self._used, self._patience = 0.0, address.patience
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
            if self._changes is not None:
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
        self._changes = self._open
        try:
            yield bool(self.rows(lock))
            self._commit()
        except BaseException:
            self._undo()
            raise
        finally:
            self._changes = None

    @contextlib.contextmanager
    def patient(self, seconds: float) -> Iterator[None]:
        """Have the server say nothing for so long while the block runs: for what takes its time."""
        with self._mutex:
            self._patience = seconds
            try:
                yield
            finally:
                self._patience = self.address.patience

    def close(self) -> None:
        """Close the connection; it is opened again where it is needed."""
        with self._mutex:
            base, self._open = self._open, None
            if base is not None:
                base.close()

    @property
    def _base(self) -> Patient:
        base, now = self._open, time.monotonic()
        if self._changes is not None:
            if base is not self._changes or base.closed:  # another would do the rest alone
                raise LogError(f"store {self.address.text!r}: the connection broke within a change")
        elif base is not None and now - self._used > _IDLE:
            base.patience = self.address.patience / 4  # the rest is for the next one
            with contextlib.suppress(psycopg.Error):
                base.execute(b"SELECT 1")
        if base is None or base.closed:
            base = self._open = self.address.connect(self.schema, lazily=self._lazily)
            dropped = weakref.finalize(self, drop, base, os.getpid())
            dropped.atexit = False  # threads may be using it then
        self._used, base.patience = now, self._patience
        return base

    def _commit(self) -> None:
        base = self._open
        # A statement that failed, and whose error was passed over, has undone all of it.
        if base is None or base.info.transaction_status != psycopg.pq.TransactionStatus.INTRANS:
            raise LogError(f"store {self.address.text!r}: the change was taken back")
        self.rows("COMMIT")

    def _undo(self) -> None:
        try:
            if (base := self._open) is not None and not base.closed:
                base.rollback()
        except psycopg.Error:
            self.close()  # which takes it back

    def _refused(self, error: psycopg.Error) -> LogError:
        if is_read_only(error):
            self.close()  # anew, the address may lead to another server, that is not
        return self.address.refused(error)

    def _leave(self) -> None:
        """Let go, in the child of a fork, of the parent's connection, and say nothing on it."""
        self._mutex, self._changes = Turns(), None
        base, self._open = self._open, None
        if base is not None:
            cut(base)


def told(error: psycopg.Error) -> str:
    """Return what the matter is, in a line: not the details, which may show values."""
    if is_read_only(error):
        return (
            "it is read-only: a standby, or a server with default_transaction_read_only; let the "
            "address lead to one that takes records"
        )
    if isinstance(error, errors.ConnectionTimeout):
        return "it says nothing to who connects: it hangs, or the network"
    text = error.diag.message_primary or str(error) or type(error).__name__
    return text.strip().split("\n")[0]


def is_read_only(error: psycopg.Error) -> bool:
    """Return whether the server refused because it takes no changes."""
    return isinstance(error, errors.ReadOnlySqlTransaction)


def drop(base: psycopg.Connection[Any], process: int) -> None:
    """Close a connection of `process` that nobody has any more; in a child of that, cut it."""
    if os.getpid() == process:
        base.close()
    else:
        cut(base)


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


_FILES: dict[int, weakref.ref[PostgresFile]] = {}


def _after_fork() -> None:
    for file in [found for one in list(_FILES.values()) if (found := one()) is not None]:
        file._leave()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
