"""What witnesses said about a log: their cosignatures, kept beside it, and a refusal."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from chopmark import LogError
from chopmark.forking import WHOLE

from ._files import write_whole
from ._store import Store
from .verify import Checkpoint, VerifyError, split_note

if TYPE_CHECKING:
    from ._witness_client import Cosignature, WitnessAddress

_HOUR = 3600
_TABLES = """
CREATE TABLE IF NOT EXISTS cosignatures (
    size INTEGER, key TEXT, body TEXT, time INTEGER NOT NULL, line TEXT NOT NULL,
    PRIMARY KEY (size, key, body)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS witnesses (
    key TEXT PRIMARY KEY, url TEXT NOT NULL, asked INTEGER NOT NULL, trouble TEXT NOT NULL
) WITHOUT ROWID;
"""


class Asked(NamedTuple):
    """How it stands with a witness.

    Args:
        key: its key.
        url: where it was asked.
        asked: when, in seconds since 1970.
        trouble: what was the matter then, or nothing.
        size: how many entries of the log it has cosigned.
        time: when it said so, in seconds since 1970; 0 where it never did.
    """

    key: str
    url: str
    asked: int
    trouble: str
    size: int
    time: int


class Kept(NamedTuple):
    """A cosignature of a checkpoint of `size` entries: by which key, what it signs, its line."""

    size: int
    key: str
    body: str
    line: str


class Cosignatures:
    """The cosignatures of the log in `folder`, in a file beside it.

    Nothing else depends on it: without the file, the log is whole, and its witnesses sign again.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "witness.db"
        self._refused = folder / "refused"

    def add(self, address: WitnessAddress, found: Cosignature) -> None:
        """Keep a cosignature that was checked.

        Of the earlier ones of a witness one an hour stays: a later one says all that they said,
        but when.
        """
        with self._changing() as base:
            self._note(base, address, "")
            base.execute(
                "DELETE FROM cosignatures WHERE key = ? AND size < ? AND time / ? = ?",
                (str(address.key), found.size, _HOUR, found.time // _HOUR),
            )
            base.execute(
                "REPLACE INTO cosignatures VALUES (?, ?, ?, ?, ?)",
                (found.size, str(address.key), found.body, found.time, found.line),
            )

    def tell(self, address: WitnessAddress, trouble: str) -> None:
        """Keep what was the matter with a witness when it was asked now."""
        with self._changing() as base:
            self._note(base, address, trouble)

    def known(self, address: WitnessAddress, origin: str) -> int:
        """Return how many entries of log `origin` the witness has cosigned, as far as is known."""
        query = "SELECT max(size) FROM cosignatures WHERE key = ? AND instr(body, ?) = 1"
        rows = self._rows(query, (str(address.key), f"{origin}\n"))
        return int(rows[0][0] or 0) if rows else 0

    def of(self, note: str) -> list[tuple[str, str]]:
        """Return key and line of each cosignature of the checkpoint that the log signed as `note`.

        Its body counts, not its size: a log that was put in the place of another has other ones.
        """
        body = split_note(note)[0]
        query = "SELECT key, line FROM cosignatures WHERE size = ? AND body = ? ORDER BY key"
        return self._rows(query, (Checkpoint.parse_body(body).size, body))

    def all(self, origin: str) -> list[Kept]:
        """Return all cosignatures of log `origin`, those of the smallest checkpoint first."""
        query = "SELECT size, key, body, line FROM cosignatures WHERE instr(body, ?) = 1 "
        return [Kept(*row) for row in self._rows(query + "ORDER BY size, key", (f"{origin}\n",))]

    def sizes(self, least: int, most: int) -> list[int]:
        """Return the sizes of cosigned checkpoints, those that most witnesses cosigned first."""
        rows = self._rows(
            "SELECT size FROM cosignatures WHERE size BETWEEN ? AND ? GROUP BY size, body "
            "ORDER BY count(*) DESC, size DESC LIMIT 100",
            (least, most),
        )
        return [size for (size,) in rows]

    def witnesses(self, origin: str) -> list[Asked]:
        """Return how it stands, for log `origin`, with each witness that was ever asked."""
        rows = self._rows(
            "SELECT w.key, url, asked, trouble, coalesce(max(size), 0), coalesce(max(time), 0) "
            "FROM witnesses w LEFT JOIN cosignatures c "
            "ON c.key = w.key AND instr(body, ?) = 1 GROUP BY w.key",
            (f"{origin}\n",),
        )
        return [Asked(*row) for row in rows]

    def refuse(self, origin: str, address: WitnessAddress, why: str) -> None:
        """Keep that a witness refused the log: nothing is signed until it cosigns again."""
        told = {
            "origin": origin, "url": address.url, "why": why,
            "time": time.time_ns() // 1_000_000_000,
        }  # fmt: skip
        self._write({**self._refusals(), str(address.key): told})

    def drop(self, key: str) -> bool:
        """Forget the refusal of the witness with that key; return whether there was one."""
        found = self._refusals()
        if found.pop(key, None) is None:
            return False
        self._write(found)
        return True

    def refusal(self, origin: str) -> str | None:
        """Return which witness refused the log `origin`, and why, where one did.

        Raises:
            LogError: that cannot be read.
        """
        for key, why in self.refusals(origin).items():
            return f"witness {key.partition('+')[0]} refuses the log: {why}"
        return None

    def refusals(self, origin: str, who: str = "") -> dict[str, str]:
        """Return why witnesses refused the log `origin`, by their keys; or the one named `who`.

        Raises:
            LogError: that cannot be read.
        """
        return {
            key: str(told.get("why"))
            for key, told in self._refusals().items()
            if told.get("origin") == origin and who in ("", key, key.partition("+")[0])
        }

    def _write(self, refusals: dict[str, dict[str, Any]]) -> None:
        if refusals:
            write_whole(self._refused, json.dumps(refusals, ensure_ascii=False) + "\n")
        else:
            self._refused.unlink(missing_ok=True)

    def _refusals(self) -> dict[str, dict[str, Any]]:
        try:
            found = json.loads(self._refused.read_text("utf-8"))
            if all(isinstance(one, dict) for one in found.values()):
                return dict(found)
            raise ValueError("it is no object of objects")
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError) as error:
            raise LogError(
                f"{str(self._refused)!r}, what witnesses refused, cannot be read: {error}"
            ) from error

    @staticmethod
    def _note(base: sqlite3.Connection, address: WitnessAddress, trouble: str) -> None:
        base.execute(
            "REPLACE INTO witnesses VALUES (?, ?, ?, ?)",
            (str(address.key), address.url, time.time_ns() // 1_000_000_000, trouble),
        )

    def _rows(self, query: str, values: tuple[object, ...] = ()) -> list[Any]:
        if not self.path.exists():
            return []
        try:
            address = f"{self.path.absolute().as_uri()}?mode=ro"
            with WHOLE.lock, contextlib.closing(
                sqlite3.connect(address, uri=True, timeout=30)
            ) as base:  # fmt: skip
                return base.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise LogError(self._fault(error)) from error

    @contextlib.contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        try:
            with WHOLE.lock, contextlib.closing(
                sqlite3.connect(self.path, timeout=30, isolation_level=None)
            ) as base:  # fmt: skip
                base.execute("PRAGMA synchronous = FULL")
                base.executescript(_TABLES)
                base.execute("BEGIN IMMEDIATE")
                yield base
                base.execute("COMMIT")  # else closing it takes it back
        except sqlite3.Error as error:
            raise LogError(self._fault(error)) from error

    def _fault(self, error: sqlite3.Error) -> str:
        return (
            f"cosignatures {str(self.path)!r}: {error}; move the file away, and the witnesses will "
            "sign again"
        )


class Cosigned(NamedTuple):
    """A checkpoint of `size` entries: its note with all cosignatures, and whose they are."""

    size: int
    note: str
    keys: tuple[str, ...] = ()


def with_cosignatures(store: Store, note: str) -> Cosigned:
    """Return the checkpoint that the log signed as `note`, with what witnesses added.

    Raises:
        LogError: it, or what they added, cannot be read.
    """
    try:
        lines = Cosignatures(store.folder).of(note)
        size = Checkpoint.parse_body(note).size
    except VerifyError as error:
        raise LogError(f"log {store.name!r} has a damaged checkpoint: {error}") from error
    keys = tuple(key for key, _ in lines)
    return Cosigned(size, note + "".join(line for _, line in lines), keys)


def cosigned(store: Store, least: int = 0) -> Cosigned:
    """Return the last checkpoint of at least `least` entries, one that is cosigned if any is.

    Raises:
        LogError: none of that size was signed.
    """
    last = store.checkpoint()
    if last is None or last.size < least:
        raise LogError("what is asked for is under no checkpoint yet; ask again in a second")
    for size in Cosignatures(store.folder).sizes(max(least, 1), last.size):
        signed = store.checkpoint(size)
        found = with_cosignatures(store, signed.note) if signed else None
        if found is not None and found.keys:
            return found
    return Cosigned(last.size, last.note)
