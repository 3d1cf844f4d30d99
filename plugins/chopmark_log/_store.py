"""The log itself, in SQLite: entries, tiles, checkpoints, and how far each spool was read.

Entries stand in bundles of 256, the last ones in rows until their bundle is full. One process
writes at a time, the one that holds `integrate.lock`: what it takes from the spools, and how far it
read them, is one transaction, so that no entry is lost and none is there twice.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from chopmark import LogError

from ._bundles import pack, unpack
from ._tree import WIDTH, Tree, grow
from .verify import HASH_BYTES, Checkpoint, hash_leaf

FORMAT = 1
_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE entries (at INTEGER PRIMARY KEY, leaf BLOB NOT NULL);
CREATE TABLE bundles (number INTEGER PRIMARY KEY, leaves BLOB NOT NULL);
CREATE TABLE ids (start INTEGER, at INTEGER, PRIMARY KEY (start, at)) WITHOUT ROWID;
CREATE TABLE tiles (
    level INTEGER, number INTEGER, hashes BLOB NOT NULL, PRIMARY KEY (level, number)
) WITHOUT ROWID;
CREATE TABLE spools (name TEXT PRIMARY KEY, read INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE checkpoints (size INTEGER PRIMARY KEY, time INTEGER NOT NULL, note TEXT NOT NULL);
"""


class Entry(NamedTuple):
    """One entry of the log."""

    index: int  # type: ignore[assignment]  # nobody searches an entry
    leaf: bytes


class Store:
    """A log in one file. Shared by threads, which take turns.

    Raises:
        LogError: the file is no log of chopmark, or cannot be opened.
    """

    def __init__(self, path: Path, *, writing: bool = False) -> None:
        self.path = path
        self._writing = writing
        self._mutex = threading.RLock()
        self._open: sqlite3.Connection | None = None
        self._closed = False
        self._file: tuple[int, int] | None = None
        self.beside: Any = None  # what is open with it, and is closed with it
        try:
            self.origin = self._meta("origin")
            found = int(self._meta("format"))
        except (LogError, ValueError) as error:
            self.close()
            raise LogError(f"{str(path)!r} is no log of chopmark: {error}") from error
        if found != FORMAT:
            self.close()
            raise LogError(f"{str(path)!r} has format {found}, and {FORMAT} is known here")
        _STORES[id(self)] = weakref.ref(self)
        weakref.finalize(self, _STORES.pop, id(self), None)

    @property
    def _base(self) -> sqlite3.Connection:
        """The connection, which no fork carries into a child (SQLite, How To Corrupt, 2.6)."""
        if self._open is None:
            if self._closed:
                raise LogError(f"log {str(self.path)!r} is closed")
            try:
                found = self.path.stat()
                self._open = _connect(self.path, self._writing)
            except (sqlite3.Error, OSError) as error:
                raise LogError(f"log {str(self.path)!r}: {error}") from error
            self._file = (found.st_dev, found.st_ino)
            self._finalizer = weakref.finalize(self, self._open.close)
        return self._open

    @property
    def replaced(self) -> bool:
        """Whether another file was put in the place of the one that is open."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return True
        return self._file is not None and self._file != (found.st_dev, found.st_ino)

    @classmethod
    def create(cls, path: Path, origin: str) -> None:
        """Make an empty log.

        Raises:
            LogError: the file is there already, or cannot be made.
        """
        if path.exists():
            raise LogError(f"{str(path)!r} is there already; nothing was changed")
        try:
            base = sqlite3.connect(path, isolation_level=None)
            try:
                base.execute("PRAGMA journal_mode = WAL")
                base.execute("PRAGMA synchronous = FULL")
                base.executescript(f"BEGIN;{_TABLES}")
                base.executemany(
                    "INSERT INTO meta VALUES (?, ?)",
                    [("origin", origin), ("format", str(FORMAT)), ("size", "0")],
                )
                base.execute("COMMIT")
            finally:
                base.close()
        except sqlite3.Error as error:
            raise LogError(f"{str(path)!r} cannot be made: {error}") from error

    def close(self) -> None:
        """Close the file."""
        with self._mutex:
            self._closed = True
            self._disconnect()
        for one in self.beside or ():  # outside: a fork takes all these locks, in another order
            one.close()

    def _disconnect(self) -> None:
        base, self._open = self._open, None
        if base is not None:
            self._finalizer.detach()
            with contextlib.suppress(sqlite3.Error):  # what was committed is on the disk
                base.close()

    @property
    def size(self) -> int:
        """How many entries the log has."""
        return int(self._meta("size"))

    def tree(self, size: int | None = None) -> Tree:
        """Return the tree of the first `size` entries, by default of all."""
        return Tree(self.size if size is None else size, self._hashes)

    def tile(self, level: int, number: int) -> bytes:
        """Return the hashes of a tile, at most 256, side by side; nothing where there is none."""
        query = "SELECT hashes FROM tiles WHERE level = ? AND number = ?"
        for (hashes,) in self._rows(query, (level, number)):
            return bytes(hashes)
        return b""

    def read(self) -> Mapping[str, int]:
        """Return how far each spool was read, by its name."""
        return dict(self._rows("SELECT name, read FROM spools"))

    def take(self, leaves: Sequence[tuple[bytes | None, bytes]], read: Mapping[str, int]) -> int:
        """Append `leaves`, each with its id, and note how far spools were read; return the size.

        Raises:
            LogError: SQLite did not take them; then nothing of them is in the log.
        """
        hashes = [hash_leaf(leaf) for _, leaf in leaves]
        with self._mutex:
            try:
                self._base.execute("BEGIN IMMEDIATE")
                size = self.size
                self._append(size, [leaf for _, leaf in leaves])
                self._base.executemany(
                    "INSERT INTO ids VALUES (?, ?)",
                    [(_start(id), size + n) for n, (id, _) in enumerate(leaves) if id],
                )
                for level, (start, data) in grow(size, hashes, self._hashes).items():
                    self._extend(level, start, data)
                self._base.executemany(
                    "INSERT INTO spools VALUES (?, ?) "
                    "ON CONFLICT DO UPDATE SET read = excluded.read",
                    list(read.items()),
                )
                size += len(leaves)
                self._base.execute("UPDATE meta SET value = ? WHERE name = 'size'", (str(size),))
                self._base.execute("COMMIT")
            except (sqlite3.Error, LogError) as error:
                self._undo()
                raise LogError(f"log {str(self.path)!r} took nothing: {error}") from error
        return size

    def forget_spool(self, name: str) -> None:
        """Forget a spool that is read whole and taken away."""
        self._execute("DELETE FROM spools WHERE name = ?", (name,))

    def publish(self, head: Checkpoint, time: int, note: str) -> None:
        """Keep a signed checkpoint. It must be larger than the last one.

        Raises:
            LogError: the last one is as large or larger, so that two might differ.
        """
        with self._mutex:
            try:
                self._base.execute("BEGIN IMMEDIATE")
                last = self.checkpoint()
                if last is not None and last[0] >= head.size:
                    raise LogError(
                        f"a checkpoint of {last[0]} entries is signed already; one of {head.size} "
                        "could contradict it"
                    )
                self._execute("INSERT INTO checkpoints VALUES (?, ?, ?)", (head.size, time, note))
                self._base.execute("COMMIT")
            except (sqlite3.Error, LogError) as error:
                self._undo()
                raise LogError(f"log {str(self.path)!r} keeps no checkpoint: {error}") from error

    def checkpoint(self, size: int | None = None) -> tuple[int, int, str] | None:
        """Return size, time (ms since 1970) and note of a checkpoint, by default the last one."""
        query = "SELECT size, time, note FROM checkpoints"
        order = " ORDER BY size DESC LIMIT 1"
        if size is None:
            found = self._rows(query + order)
        else:
            found = self._rows(f"{query} WHERE size = ?", (size,))
        return found[0] if found else None

    def checkpoints(self) -> list[tuple[int, int, str]]:
        """Return size, time and note of every checkpoint, the oldest first."""
        return self._rows("SELECT size, time, note FROM checkpoints ORDER BY size")

    def entry(self, index: int) -> Entry:
        """Return the entry at `index`.

        Raises:
            LogError: there is none.
        """
        size = self.size
        for entry in self.entries(index, min(index + 1, size)):
            return entry
        raise LogError(f"log {str(self.path)!r} has no entry {index}; it has {size}")

    def find(self, id: bytes) -> Entry | None:
        """Return the first entry of the record `id`, 16 bytes."""
        query = "SELECT at FROM ids WHERE start = ? ORDER BY at"
        for (at,) in self._rows(query, (_start(id),)):
            for entry in self.entries(at, at + 1):
                if id_of(entry.leaf) == id:
                    return entry
        return None

    def entries(self, start: int, end: int) -> Iterator[Entry]:
        """Return the entries from `start` to `end`; those that are missing are left out."""
        start = max(start, 0)
        for number in range(start // WIDTH, -(-end // WIDTH)):
            first = number * WIDTH
            for index, leaf in self._bundle(number):
                if start <= index < end:
                    yield Entry(index, leaf)
            if end <= first + WIDTH:
                return

    def _bundle(self, number: int) -> list[tuple[int, bytes]]:
        """Return the entries of a bundle, or those that are to become it, with their indices."""
        first = number * WIDTH
        rows = self._rows(  # in one statement: between two, rows may become a bundle
            "SELECT 1, number, leaves FROM bundles WHERE number = ? UNION ALL "
            "SELECT 0, at, leaf FROM entries WHERE at >= ? AND at < ? ORDER BY 1 DESC, 2",
            (number, first, first + WIDTH),
        )
        if not rows or not rows[0][0]:
            return [(at, _bytes(leaf)) for _, at, leaf in rows]
        try:
            return list(enumerate(unpack(_bytes(rows[0][2])), first))
        except LogError as error:
            raise LogError(f"log {str(self.path)!r}, from entry {first} on: {error}") from error

    def holds(self, id: bytes, leaf: bytes) -> bool:
        """Return whether the log has `leaf`, whose id is `id`."""
        rows = self._rows("SELECT at FROM ids WHERE start = ?", (_start(id),))
        return any(one.leaf == leaf for (at,) in rows for one in self.entries(at, at + 1))

    def ids(self) -> Iterator[tuple[int, int]]:
        """Return the first 8 bytes of each id, as a signed number, and the entry it belongs to."""
        last: tuple[int, int] = (-(1 << 63), -1)
        while rows := self._rows(
            "SELECT start, at FROM ids WHERE (start, at) > (?, ?) ORDER BY start, at LIMIT 4096",
            last,
        ):
            yield from rows
            last = rows[-1]

    def damages(self) -> list[str]:
        """Return what SQLite finds to be damaged in its file."""
        try:
            rows = self._rows("PRAGMA integrity_check(20)")
        except LogError as error:
            return [str(error)]
        return [f"SQLite: {told}" for (told,) in rows if told != "ok"]

    def _append(self, size: int, leaves: Sequence[bytes]) -> None:
        first = size // WIDTH
        full = (size + len(leaves)) // WIDTH
        if full > first:
            whole = [leaf for _, leaf in self._bundle(first)] if size % WIDTH else []
            if len(whole) != size % WIDTH:
                raise LogError(f"it lacks entries before {size}; run `log fsck`")
            whole += leaves
            self._base.executemany(
                "INSERT INTO bundles VALUES (?, ?)",
                [
                    (first + n, pack(whole[n * WIDTH : (n + 1) * WIDTH]))
                    for n in range(full - first)
                ],
            )
            self._base.execute("DELETE FROM entries")
            size, leaves = full * WIDTH, whole[(full - first) * WIDTH :]
        self._base.executemany("INSERT INTO entries VALUES (?, ?)", enumerate(leaves, size))

    def _extend(self, level: int, start: int, data: bytes) -> None:
        at = 0
        while at < len(data):
            number, used = divmod(start + at // HASH_BYTES, WIDTH)
            part = data[at : at + (WIDTH - used) * HASH_BYTES]
            at += len(part)
            if used:  # `||` would make a text of it
                part = self._hashes(level, number * WIDTH, number * WIDTH + used) + part
            self._base.execute("REPLACE INTO tiles VALUES (?, ?, ?)", (level, number, part))

    def _hashes(self, level: int, start: int, end: int) -> bytes:
        first, last = start // WIDTH, (end - 1) // WIDTH
        rows = self._rows(
            "SELECT hashes FROM tiles WHERE level = ? AND number BETWEEN ? AND ? ORDER BY number",
            (level, first, last),
        )
        shift = start - first * WIDTH
        whole = b"".join(bytes(row[0]) for row in rows)
        found = whole[shift * HASH_BYTES : (shift + end - start) * HASH_BYTES]
        if len(found) != (end - start) * HASH_BYTES:
            raise LogError(f"log {str(self.path)!r} lacks a tile of level {level}; run `log fsck`")
        return found

    def _meta(self, name: str) -> str:
        ((value,),) = self._rows("SELECT value FROM meta WHERE name = ?", (name,))
        return str(value)

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        with self._mutex:
            try:
                return self._base.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise LogError(f"log {str(self.path)!r}: {error}") from error

    def _execute(self, query: str, values: Sequence[object]) -> None:
        with self._mutex:
            try:
                self._base.execute(query, values)
            except sqlite3.Error as error:
                raise LogError(f"log {str(self.path)!r}: {error}") from error

    def _undo(self) -> None:
        base = self._open
        try:
            if base is not None and base.in_transaction:
                base.execute("ROLLBACK")
        except sqlite3.Error:
            self._disconnect()  # which takes it back


_STORES: dict[int, weakref.ref[Store]] = {}
_forking: list[Store] = []


def _before_fork() -> None:
    for store in [found for one in list(_STORES.values()) if (found := one()) is not None]:
        store._mutex.acquire()
        _forking.append(store)
        store._disconnect()


def _after_fork() -> None:
    while _forking:
        _forking.pop()._mutex.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork
    )


def _connect(path: Path, writing: bool) -> sqlite3.Connection:
    mode = "rw" if writing else "ro"
    address = f"{path.absolute().as_uri()}?mode={mode}"
    log = path.with_name(path.name + "-wal")
    if not writing and not os.access(path.parent, os.W_OK) and not log.exists():
        address += "&immutable=1"  # a copy on a medium that cannot be written to
    base = sqlite3.connect(
        address, uri=True, check_same_thread=False, timeout=30, isolation_level=None
    )
    try:
        base.execute("PRAGMA synchronous = FULL")
    except sqlite3.Error:
        base.close()
        raise
    return base


def id_of(leaf: bytes) -> bytes | None:
    """Return the id of what `leaf` records, if it has one.

    Raises:
        LogError: it is no JSON object.
    """
    try:
        data = json.loads(leaf)
    except (ValueError, RecursionError) as error:
        raise LogError(f"no leaf: {error}") from error
    if not isinstance(data, dict):
        raise LogError("no leaf: it is no JSON object")
    try:
        return bytes.fromhex(str(data.get("id")).replace("-", "")) or None
    except ValueError:
        return None


def _start(id: bytes) -> int:
    # Of a UUIDv7 these are its time and a few bits of chance: new ones come behind the others.
    return int.from_bytes(id[:8].ljust(8, b"\0"), "big", signed=True)


def _bytes(value: bytes | str) -> bytes:
    # Whoever changes a leaf by hand may leave a text there, and the hash tells of it.
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else bytes(value)
