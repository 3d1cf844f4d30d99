"""What a witness keeps: its key, the logs it knows, and the last head it cosigned of each."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from chopmark import LogError
from chopmark.forking import WHOLE

from ._files import write_whole
from ._signing import SigningKey, read_signing_key, write_signing_key
from ._witness import Refusal, Request, Seen, check_grown, check_signed, check_successor
from .verify import (
    ED25519,
    ED25519_COSIGNATURE,
    LOG_KEYS,
    Handover,
    VerifierKey,
    VerifyError,
)

_logger = logging.getLogger("chopmark")
FORMAT = 1
MOST_CONFLICTS = 100
"""Contradictions that are kept of a log: one proves enough, and none may fill the disk."""
_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE logs (
    origin TEXT PRIMARY KEY, size INTEGER NOT NULL, time INTEGER NOT NULL, note TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE keys (origin TEXT, key TEXT, PRIMARY KEY (origin, key)) WITHOUT ROWID;
CREATE TABLE conflicts (
    origin TEXT, note TEXT, kept TEXT NOT NULL, time INTEGER NOT NULL, PRIMARY KEY (origin, note)
) WITHOUT ROWID;
"""


class Watched(NamedTuple):
    """A log that a witness knows: what it cosigned last, and when (seconds since 1970, or 0)."""

    origin: str
    keys: tuple[str, ...]
    size: int
    time: int
    note: str


class Conflict(NamedTuple):
    """Two heads of one size that a log signed: each alone was fine, and both are its word."""

    origin: str
    note: str
    kept: str
    time: int


@dataclass(frozen=True, slots=True)
class WitnessFolder:
    """Where a witness is. Its owner alone can read it."""

    path: Path

    @property
    def key(self) -> Path:
        """The key that cosigns."""
        return self.path / "witness.key"

    @property
    def public(self) -> Path:
        """The key that checks its cosignatures."""
        return self.path / "witness.pub"

    @property
    def base(self) -> Path:
        """What it knows of logs."""
        return self.path / "witness.db"

    def create(self, name: str, kind: int = ED25519_COSIGNATURE) -> SigningKey:
        """Make a witness with a new key of type `kind`, and return it.

        Raises:
            LogError: there is one already, or the folder cannot be made.
        """
        if self.key.exists() or self.base.exists():
            raise LogError(f"{str(self.path)!r} is a witness already; nothing was changed")
        key = SigningKey.new(name, kind)
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            with WHOLE.lock, contextlib.closing(
                sqlite3.connect(self.base, isolation_level=None)
            ) as base:  # fmt: skip
                base.executescript(f"BEGIN;{_TABLES}")
                base.execute("INSERT INTO meta VALUES ('format', ?)", (str(FORMAT),))
                base.execute("COMMIT")
            write_whole(self.public, f"{key.public}\n")
            write_signing_key(key, self.key)  # last: with it the witness is whole
        except (OSError, sqlite3.Error) as error:
            raise LogError(f"witness {str(self.path)!r} cannot be made: {error}") from error
        return key

    def open(self) -> Witness:
        """Return the witness.

        Raises:
            LogError: there is none, or it is damaged.
        """
        if not self.base.exists():
            raise LogError(
                f"{str(self.path)!r} is no witness; make one with `chopmark witness init`"
            )
        return Witness(self.base, read_signing_key(self.key))


class Witness:
    """Cosigns heads of logs. Shared by threads and processes, which take turns.

    Args:
        path: the file of what it knows.
        key: the key that cosigns.
        now: the time, in nanoseconds since 1970.

    Raises:
        LogError: the file is no witness's.
    """

    def __init__(self, path: Path, key: SigningKey, now: Callable[[], int] = time.time_ns) -> None:
        self.path, self.key, self._now = path, key, now
        self._mutex = threading.Lock()
        if key.public.kind == ED25519:
            raise LogError(f"{key.public.name!r} is a log's key, and no witness's")
        with self._opened() as base:
            rows = base.execute("SELECT value FROM meta WHERE name = 'format'").fetchall()
        if rows != [(str(FORMAT),)]:
            raise LogError(f"{str(path)!r} has format {rows}, and {FORMAT} is known here")

    def add_log(self, *keys: VerifierKey, only: bool = False) -> None:
        """Cosign the log whose keys these are from now on; `only`: and none that others signed.

        With a key of ML-DSA-44 beside that of Ed25519, only what both signed is cosigned.

        Raises:
            LogError: one is none that signs for a log, they are of two logs, or the log is not
                known by a key of Ed25519.
        """
        for key in keys:
            if key.kind not in LOG_KEYS:
                raise LogError(f"{key.name!r} is no log's key: its type is {key.kind:#04x}")
            if key.name != keys[0].name:
                raise LogError(f"keys of two logs, {keys[0].name!r} and {key.name!r}; give one's")
            if len(key.name.encode()) > 255:
                raise LogError(f"{key.name[:60]!r}... is longer than the 255 bytes of an origin")
        with self._changing() as base:
            for key in keys:
                base.execute("INSERT OR IGNORE INTO logs VALUES (?, 0, 0, '')", (key.name,))
                if only and key is keys[0]:
                    base.execute("DELETE FROM keys WHERE origin = ?", (key.name,))
                base.execute("INSERT OR IGNORE INTO keys VALUES (?, ?)", (key.name, str(key)))
            for key in keys:
                if all(one.kind != ED25519 for one in self._keys(base, key.name) or ()):
                    raise LogError(
                        f"log {key.name!r} is known by no key of Ed25519, which each log has; give "
                        "its log.pub, too"
                    )

    def logs(self) -> list[Watched]:
        """Return the logs that this witness knows."""
        with self._opened() as base:
            rows = base.execute("SELECT origin, size, time, note FROM logs ORDER BY origin")
            return [
                Watched(origin, tuple(map(str, self._keys(base, origin) or ())), size, at, note)
                for origin, size, at, note in rows.fetchall()
            ]

    def conflicts(self) -> list[Conflict]:
        """Return what logs signed that contradicts itself."""
        with self._opened() as base:
            rows = base.execute("SELECT origin, note, kept, time FROM conflicts ORDER BY time")
            return [Conflict(*row) for row in rows]

    def answer(self, data: bytes) -> str | Refusal:
        """Return the cosignature, a line, for the body of `add-checkpoint`, or why there is none.

        Raises:
            LogError: what is known cannot be read, or the new head not be kept.
        """
        try:
            request = Request.parse(data)
        except VerifyError as error:
            return Refusal(400, f"{error}\n")
        origin = request.checkpoint.origin
        with self._opened() as base:
            keys = self._keys(base, origin)
        refusal = check_signed(request, keys)
        if refusal is not None or keys is None:
            return refusal or Refusal(404, "")
        with self._changing() as base:
            ((size, last, note),) = base.execute(
                "SELECT size, time, note FROM logs WHERE origin = ?", (origin,)
            ).fetchall()
            seen = Seen(keys)
            if note:
                known = Request.parse(f"old 0\n\n{note}".encode()).checkpoint
                if known.size != size:
                    raise LogError(f"witness {str(self.path)!r} is damaged at log {origin!r}")
                seen = Seen(keys, size, known.root)
            refusal = check_grown(request, seen)
            if refusal is not None:
                if refusal.contradicts:
                    self._keep(base, Conflict(origin, request.note, note, self._seconds(0)))
                return refusal
            at = self._seconds(last)
            base.execute(
                "UPDATE logs SET size = ?, time = ?, note = ? WHERE origin = ?",
                (request.checkpoint.size, at, request.note, origin),
            )
            # In the transaction: it says that at this time no larger head was known.
            return self.key.cosign(request.body, at)

    def hand_over(self, data: bytes) -> Refusal | None:
        """Know a log by its new key, and by the old one no more, or return why not.

        Args:
            data: the handover, a note that both keys signed: the old one is who vouches.

        Raises:
            LogError: what is known cannot be read, or the new key not be kept.
        """
        try:
            found = Handover.open(data.decode("utf-8"))
        except (UnicodeDecodeError, VerifyError) as error:
            return Refusal(400, f"{error}\n")
        origin = found.old.name
        with self._changing() as base:
            keys = self._keys(base, origin)
            refusal = check_successor(found, keys)
            if refusal is None and keys and found.old in keys:
                base.execute(
                    "DELETE FROM keys WHERE origin = ? AND key = ?", (origin, str(found.old))
                )
                base.execute("INSERT OR IGNORE INTO keys VALUES (?, ?)", (origin, str(found.new)))
                _logger.warning(
                    "witness: key %s of log %s gave way to %s", found.old.key_id.hex(), origin,
                    found.new,
                )  # fmt: skip
        return refusal

    def _seconds(self, last: int) -> int:
        return max(self._now() // 1_000_000_000, last)  # the clock may have gone back

    @staticmethod
    def _keep(base: sqlite3.Connection, conflict: Conflict) -> None:
        query = "SELECT count(*) FROM conflicts WHERE origin = ?"
        if base.execute(query, (conflict.origin,)).fetchone()[0] < MOST_CONFLICTS:
            base.execute("INSERT OR IGNORE INTO conflicts VALUES (?, ?, ?, ?)", conflict)

    @staticmethod
    def _keys(base: sqlite3.Connection, origin: str) -> tuple[VerifierKey, ...] | None:
        rows = base.execute("SELECT key FROM keys WHERE origin = ?", (origin,)).fetchall()
        return tuple(VerifierKey.parse(key) for (key,) in rows) or None

    @contextlib.contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        """Hold the file from the first look to the last change: nobody comes between."""
        with self._opened() as base:
            base.execute("BEGIN IMMEDIATE")
            try:
                yield base
                base.execute("COMMIT")
            finally:
                if base.in_transaction:
                    base.execute("ROLLBACK")

    @contextlib.contextmanager
    def _opened(self) -> Iterator[Any]:
        # A connection for each answer: it costs 0.1 ms, and no thread or fork shares one.
        try:
            with WHOLE.lock, self._mutex, contextlib.closing(
                sqlite3.connect(
                    f"{self.path.absolute().as_uri()}?mode=rw", uri=True, timeout=30,
                    isolation_level=None,
                )
            ) as base:  # fmt: skip
                base.execute("PRAGMA synchronous = EXTRA")  # its journal's name is synced, too
                yield base
        except (sqlite3.Error, VerifyError, ValueError) as error:
            raise LogError(f"witness {str(self.path)!r}: {error}") from error
