"""Keeps steps, and the texts that belong to them, in a SQLite file that its owner alone may read.

Steps hold no content, and stay. Texts are personal data: they can be erased, and zeros are then
written over them. A text is committed to by its step, under a salt that is erased with it.
The file has no write-ahead log, which would keep what was erased until somebody empties it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chopmark import Event
from chopmark.private_base import Form, PrivateBase

from ._errors import ComplaintError

DIGEST, CHARACTERS = ".digest", ".characters"
"""What a step says of a text, behind the text's name."""
_FORM = Form(
    what="the file of complaints",
    of="complaints",
    error=ComplaintError,
    number=1,
    pragmas=("secure_delete = ON", "synchronous = FULL"),
    make="make its folder",
    other="name another file as `path` under [settings.complaints]",
    tables="""
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
""",
)
_STEP = "SELECT id, time, kind, about, actor, data FROM steps"


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


class Store(PrivateBase):
    """The file `path`. Shared by threads, and by processes of one machine."""

    def __init__(self, path: Path, timeout: float = 10.0) -> None:
        """Open the file, or make it; `timeout` are seconds to wait for another process.

        Raises:
            ComplaintError: it cannot be used, or others than its owner can read it.
        """
        super().__init__(path, _FORM, timeout=timeout)

    def add(self, subject: str, event: Event, texts: Mapping[str, Kept]) -> None:
        """Keep a step of `subject`, which the log does not have yet, and its texts."""
        self.rows(
            "INSERT INTO steps (subject, id, time, kind, about, actor, data) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            subject, event.id, event.time, event.kind, json.dumps(event.about), event.actor,
            json.dumps(dict(event.data)),
        )  # fmt: skip
        for name, kept in texts.items():
            self.rows("INSERT INTO texts VALUES (?, ?, ?, ?)",
                       event.id, name, kept.salt, _writable(kept.value))  # fmt: skip

    def steps(self, subject: str) -> list[Event]:
        """Return the steps of `subject`, oldest first."""
        return _events(self.rows(f"{_STEP} WHERE subject = ? ORDER BY number", subject))

    def all_steps(self, kind: str | None = None) -> dict[str, list[Event]]:
        """Return all steps by their subject, both oldest first; of those that begin with `kind`."""
        which = "" if kind is None else "WHERE subject IN (SELECT id FROM steps WHERE kind = ?)"
        return self._by_subject(which, *(() if kind is None else (kind,)))

    def latest(self, kind: str, most: int, before: str) -> dict[str, list[Event]]:
        """Return the steps of the last `most` that begin with `kind`, oldest first; of those before
        the subject `before`, where it is not "". Subjects are in order of time, to the millisecond.
        """
        which = """WHERE subject IN (
            SELECT subject FROM steps WHERE kind = ? AND id = subject AND (? = '' OR subject < ?)
            ORDER BY subject DESC LIMIT ?)"""
        found = self._by_subject(which, kind, before, before, most)
        return {subject: found[subject] for subject in sorted(found)}  # as they are cut off

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
        return _events(self.rows(f"{_STEP} WHERE NOT logged ORDER BY number"))

    def logged(self, event: str) -> None:
        """Note that the log has a step."""
        self.rows("UPDATE steps SET logged = 1 WHERE id = ?", event)

    def subjects(self, ending: str, kind: str) -> list[str]:
        """Return the subjects that begin with a step of `kind`, and whose id ends so."""
        whole = "SELECT subject FROM steps WHERE id = ? AND id = subject AND kind = ?"
        part = "SELECT subject FROM steps WHERE id = subject AND kind = ? AND substr(id, ?) = ?"
        rows = self.rows(whole, ending, kind)  # which an index has
        return [subject for (subject,) in rows or self.rows(part, kind, -len(ending), ending)]

    def holding(self, name: str, value: str) -> list[str]:
        """Return the subjects that have a text `name` that is `value`."""
        query = (
            "SELECT DISTINCT subject FROM steps JOIN texts ON step = id "
            "WHERE name = ? AND value = ?"
        )
        return [subject for (subject,) in self.rows(query, name, _writable(value))]

    def texts(self, subject: str) -> dict[str, dict[str, Kept]]:
        """Return the texts of `subject` by step and name."""
        query = (
            "SELECT step, name, value, salt FROM texts JOIN steps ON step = id WHERE subject = ? "
            "ORDER BY number, texts.rowid"
        )
        found: dict[str, dict[str, Kept]] = {}
        for step, name, value, salt in self.rows(query, subject):
            found.setdefault(step, {})[name] = Kept(_readable(value), bytes(salt))
        return found

    def erase(self, subject: str) -> int:
        """Erase the texts of `subject` and their salts; say how many."""
        where = "FROM texts WHERE step IN (SELECT id FROM steps WHERE subject = ?)"
        (count,) = self.rows(f"SELECT count(*) {where}", subject)[0]
        self.rows(f"DELETE {where}", subject)
        return int(count)

    def _by_subject(self, which: str, *values: object) -> dict[str, list[Event]]:
        found: dict[str, list[Event]] = {}
        query = f"{_STEP.replace('SELECT', 'SELECT subject,')} {which} ORDER BY number"
        for subject, *row in self.rows(query, *values):
            found.setdefault(subject, []).extend(_events([tuple(row)]))
        return found


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
