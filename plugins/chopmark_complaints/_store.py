"""Keeps steps, and the texts that belong to them, in a SQLite file that its owner alone may read.

Steps hold no content, and stay. Texts are personal data: they can be erased, and zeros are then
written over them. A text is committed to by its step, under a salt that is erased with it.
The file has no write-ahead log, which would keep what was erased until somebody empties it.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import stat
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chopmark import Event

from ._errors import ComplaintError

DIGEST, CHARACTERS = ".digest", ".characters"
"""What a step says of a text, behind the text's name."""
_FORM = 1
_TABLES = """
CREATE TABLE steps (
    number INTEGER PRIMARY KEY, subject TEXT NOT NULL, id TEXT NOT NULL UNIQUE,
    time INTEGER NOT NULL, kind TEXT NOT NULL, about TEXT NOT NULL, actor TEXT NOT NULL,
    data TEXT NOT NULL, logged INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX of_subject ON steps (subject, number, kind);
CREATE INDEX of_kind ON steps (kind, subject);
CREATE INDEX to_log ON steps (number) WHERE NOT logged;
CREATE TABLE texts (
    step TEXT NOT NULL, name TEXT NOT NULL, salt BLOB NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (step, name)
);
"""
_STEP = "SELECT id, time, kind, about, actor, data FROM steps"
_OF_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Kept:
    """A text and the 16 bytes with which it is committed to."""

    value: str = field(repr=False)
    salt: bytes = field(repr=False)

    @classmethod
    def new(cls, value: str) -> Kept:
        """Return `value` with a salt of its own."""
        return cls(value, os.urandom(16))

    def commitment(self, name: str) -> dict[str, str | int]:
        """Return what a step says of the text: a salted SHA-256, as `Commitment` has it."""
        digest = hashlib.sha256(self.salt + self.value.encode("utf-8", "surrogatepass"))
        return {name + DIGEST: digest.hexdigest(), name + CHARACTERS: len(self.value)}


class Store:
    """The file `path`. Shared by threads, and by processes of one machine."""

    def __init__(self, path: Path, timeout: float = 10.0) -> None:
        """Open the file, or make it; `timeout` are seconds to wait for another process.

        Raises:
            ComplaintError: it cannot be used, or others than its owner can read it.
        """
        self.path = path
        self._lock = threading.RLock()
        _make(path)
        with self._told():
            self._base = sqlite3.connect(
                path, timeout=timeout, isolation_level=None, check_same_thread=False
            )
        try:
            with self._told():
                self._base.execute("PRAGMA secure_delete = ON")
                self._base.execute("PRAGMA synchronous = FULL")
                self._prepare()
        except BaseException:
            self._base.close()
            raise

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._base.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the file against other processes; what is done inside is done whole, or not."""
        with self._lock, self._told():
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")

    def add(self, subject: str, event: Event, texts: Mapping[str, Kept]) -> None:
        """Keep a step of `subject`, which the log does not have yet, and its texts."""
        self._rows(
            "INSERT INTO steps (subject, id, time, kind, about, actor, data) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            subject, event.id, event.time, event.kind, json.dumps(event.about), event.actor,
            json.dumps(dict(event.data)),
        )  # fmt: skip
        for name, kept in texts.items():
            self._rows("INSERT INTO texts VALUES (?, ?, ?, ?)",
                       event.id, name, kept.salt, _writable(kept.value))  # fmt: skip

    def steps(self, subject: str) -> list[Event]:
        """Return the steps of `subject`, oldest first."""
        return _events(self._rows(f"{_STEP} WHERE subject = ? ORDER BY number", subject))

    def all_steps(self, kind: str | None = None) -> dict[str, list[Event]]:
        """Return all steps by their subject, both oldest first; of those that begin with `kind`."""
        which = "" if kind is None else "WHERE subject IN (SELECT id FROM steps WHERE kind = ?)"
        return self._by_subject(which, *(() if kind is None else (kind,)))

    def latest(self, kind: str, most: int, before: str) -> dict[str, list[Event]]:
        """Return the steps of the last `most` that begin with `kind`, oldest first; of those before
        the subject `before`, where it is not "". Subjects are in order of time.
        """
        which = """WHERE subject IN (
            SELECT subject FROM steps WHERE kind = ? AND id = subject AND (? = '' OR subject < ?)
            ORDER BY subject DESC LIMIT ?)"""
        return self._by_subject(which, kind, before, before, most)

    def unfinished(self, kind: str, needs: str, ends: Sequence[str]) -> dict[str, list[Event]]:
        """Return those that begin with `kind`, and lack `needs`, or do not end with one of `ends`.

        Goes once over an index, and opens the steps of what is unfinished alone.
        """
        places = ", ".join("?" * len(ends))
        # With one max() in it, `kind` is that of the row with the greatest number.
        which = f"""WHERE subject IN (SELECT subject FROM (
            SELECT subject, kind, max(number), sum(kind = ?) AS begun, sum(kind = ?) AS had
            FROM steps GROUP BY subject)
            WHERE begun AND (NOT had OR kind NOT IN ({places})))"""
        return self._by_subject(which, kind, needs, *ends)

    def unlogged(self) -> list[Event]:
        """Return the steps that the log does not have, oldest first."""
        return _events(self._rows(f"{_STEP} WHERE NOT logged ORDER BY number"))

    def logged(self, event: str) -> None:
        """Note that the log has a step."""
        self._rows("UPDATE steps SET logged = 1 WHERE id = ?", event)

    def subjects(self, ending: str, kind: str) -> list[str]:
        """Return the subjects that begin with a step of `kind`, and whose id ends so."""
        whole = "SELECT subject FROM steps WHERE id = ? AND id = subject AND kind = ?"
        part = "SELECT subject FROM steps WHERE id = subject AND kind = ? AND substr(id, ?) = ?"
        rows = self._rows(whole, ending, kind)  # which an index has
        return [subject for (subject,) in rows or self._rows(part, kind, -len(ending), ending)]

    def holding(self, name: str, value: str) -> list[str]:
        """Return the subjects that have a text `name` that is `value`."""
        query = (
            "SELECT DISTINCT subject FROM steps JOIN texts ON step = id "
            "WHERE name = ? AND value = ?"
        )
        return [subject for (subject,) in self._rows(query, name, _writable(value))]

    def texts(self, subject: str) -> dict[str, dict[str, Kept]]:
        """Return the texts of `subject` by step and name."""
        query = (
            "SELECT step, name, value, salt FROM texts JOIN steps ON step = id WHERE subject = ? "
            "ORDER BY number, texts.rowid"
        )
        found: dict[str, dict[str, Kept]] = {}
        for step, name, value, salt in self._rows(query, subject):
            found.setdefault(step, {})[name] = Kept(_readable(value), bytes(salt))
        return found

    def erase(self, subject: str) -> int:
        """Erase the texts of `subject` and their salts; say how many."""
        where = "FROM texts WHERE step IN (SELECT id FROM steps WHERE subject = ?)"
        (count,) = self._rows(f"SELECT count(*) {where}", subject)[0]
        self._rows(f"DELETE {where}", subject)
        return int(count)

    def _by_subject(self, which: str, *values: object) -> dict[str, list[Event]]:
        found: dict[str, list[Event]] = {}
        query = f"{_STEP.replace('SELECT', 'SELECT subject,')} {which} ORDER BY number"
        for subject, *row in self._rows(query, *values):
            found.setdefault(subject, []).extend(_events([tuple(row)]))
        return found

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock, self._told():
            return self._base.execute(query, values).fetchall()

    def _prepare(self) -> None:
        if self._form() == _FORM:
            return
        with self.transaction():  # of two processes that begin, one makes the tables
            form = self._form()
            if form == _FORM:
                return
            if form or self._rows("SELECT 1 FROM sqlite_master"):
                raise ComplaintError(
                    f"{str(self.path)!r} is no file of complaints of form {_FORM}; name another "
                    "file as `path` under [settings.complaints]"
                )
            for statement in filter(str.strip, _TABLES.split(";")):
                self._rows(statement)
            self._rows(f"PRAGMA user_version = {_FORM}")

    def _form(self) -> int:
        return int(self._rows("PRAGMA user_version")[0][0])

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise ComplaintError(
                f"the file of complaints {str(self.path)!r} failed: {error}; look at its disk, and "
                "whether this process may write there"
            ) from error


def _make(path: Path) -> None:
    """Make the file for its owner alone; refuse one that others can read."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise ComplaintError(
            f"the file of complaints {str(path)!r} cannot be opened: {error.strerror}; make its "
            "folder, or let this process write there"
        ) from error
    if os.name == "posix" and mode & _OF_OTHERS:
        raise ComplaintError(
            f"the file of complaints {str(path)!r} can be read by others than its owner (mode "
            f"{mode:o}); run `chmod 600` on it"
        )


def _events(rows: Iterable[tuple[Any, ...]]) -> list[Event]:
    return [
        Event(
            id=id, time=int(time), kind=kind, about=tuple(json.loads(about)), actor=actor,
            data=json.loads(data),
        )
        for id, time, kind, about, actor, data in rows
    ]  # fmt: skip


def _writable(text: str) -> str:
    """Return `text` as JSON: SQLite takes no lone surrogates, and ends texts at a NUL."""
    return json.dumps(text)


def _readable(value: str) -> str:
    text: str = json.loads(value)
    return text
