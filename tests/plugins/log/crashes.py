"""Records what a log does to the disk, and makes of it what a loss of power may leave.

SQLite is recorded by a VFS (of apsw), everything else by the functions of `os` that the log calls.
The disk that is assumed is a bad one: of what was not synced any part may be there, each sector of
512 bytes for itself, and names that no sync of their folder followed may be there or not.
"""

from __future__ import annotations

import contextlib
import os
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import apsw

SECTOR = 512
FLAGS = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI
Event = tuple[Any, ...]


@dataclass
class Journal:
    """What was done to the files in the folder `root`, in order.

    Events: `create` name, `write` name place data, `truncate` name size, `sync` name,
    `sync-folder` folder, `rename` old new, `unlink` name; and what was promised: `told` ....
    """

    root: Path
    events: list[Event] = field(default_factory=list)
    start: dict[str, bytes] = field(default_factory=dict)
    mutex: threading.RLock = field(default_factory=threading.RLock)

    def name(self, path: object) -> str | None:
        """Return the name of a file in the folder, relative to it."""
        try:
            return str(Path(os.path.abspath(os.fsdecode(path))).relative_to(self.root))  # type: ignore[arg-type]
        except (ValueError, TypeError):
            return None

    def told(self, *what: object) -> None:
        """Note what the log promised: it must be true of each crash from now on."""
        with self.mutex:
            self.events.append(("told", *what))


@contextlib.contextmanager
def recording(root: Path) -> Iterator[Journal]:
    """Record what is done to the files in `root`, which is as the disk has it."""
    journal = Journal(root)
    for path in root.rglob("*"):
        if path.is_file() and not path.name.endswith("-shm"):
            journal.start[str(path.relative_to(root))] = path.read_bytes()
    vfs = _Vfs(journal)
    try:
        with (
            patch.multiple(os, **_calls(journal)),
            patch("chopmark_log._sqlite.sqlite3", _Sqlite()),
            patch("chopmark.connection.sqlite3", _Sqlite()),
        ):
            yield journal
    finally:
        vfs.unregister()


def _calls(journal: Journal) -> dict[str, Callable[..., Any]]:
    """Return functions in the place of those of `os` that the log calls."""
    real = {name: getattr(os, name) for name in (
        "open", "close", "write", "fsync", "fdatasync", "ftruncate", "rename", "replace", "unlink",
    )}  # fmt: skip
    files: dict[int, str] = {}

    def noting(event: Callable[..., Event | None], call: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*given: Any, **more: Any) -> Any:
            with journal.mutex:
                before = event(*given)
                result = call(*given, **more)
                if before is not None:
                    journal.events.append(before)
                return result

        return noted

    def opened(path: Any, flags: int, mode: int = 0o777, **more: Any) -> int:
        with journal.mutex:
            name = journal.name(path)
            fresh = bool(flags & os.O_CREAT) and not os.path.exists(path)
            file: int = real["open"](path, flags, mode, **more)
            if name is not None:
                files[file] = name
                if fresh:
                    journal.events.append(("create", name))
                elif flags & os.O_TRUNC:
                    journal.events.append(("truncate", name, 0))
            return file

    def written(file: int, data: bytes) -> int:
        with journal.mutex:
            place = os.fstat(file).st_size if file in files else 0
            count: int = real["write"](file, data)
            if file in files:
                journal.events.append(("write", files[file], place, bytes(data[:count])))
            return count

    def synced(file: int) -> Event | None:
        name = files.get(file)
        if name is None:
            return None
        return ("sync-folder" if os.path.isdir(journal.root / name) else "sync", name)

    def moved(old: Any, new: Any) -> Event | None:
        before, after = journal.name(old), journal.name(new)
        if before is None or after is None:
            return None
        for file, name in files.items():
            if name == before:
                files[file] = after
        return ("rename", before, after)

    def closed(file: int) -> None:
        with journal.mutex:
            files.pop(file, None)
            real["close"](file)

    def gone(path: Any, **_: Any) -> Event | None:
        name = journal.name(path)
        return None if name is None else ("unlink", name)

    def cut(file: int, size: int) -> Event | None:
        return ("truncate", files[file], size) if file in files else None

    return {
        "open": opened, "write": written, "close": closed,
        "fsync": noting(synced, real["fsync"]), "fdatasync": noting(synced, real["fdatasync"]),
        "ftruncate": noting(cut, real["ftruncate"]), "rename": noting(moved, real["rename"]),
        "replace": noting(moved, real["replace"]), "unlink": noting(gone, real["unlink"]),
    }  # fmt: skip


class _Vfs(apsw.VFS):
    """Notes what SQLite writes, and hands it on."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        super().__init__("chopmark-noting", "")

    def xOpen(self, name: Any, flags: list[int]) -> Any:
        return _File(self.journal, name, flags)

    def xDelete(self, name: str, sync: bool) -> None:
        with self.journal.mutex:
            super().xDelete(name, sync)
            known = self.journal.name(name)
            if known is not None:
                self.journal.events.append(("unlink", known))
                if sync:
                    self.journal.events.append(("sync-folder", str(Path(known).parent)))


class _File(apsw.VFSFile):
    def __init__(self, journal: Journal, name: Any, flags: list[int]) -> None:
        self.journal = journal
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self.known = journal.name(path) if path else None
        self.fresh = bool(path) and not os.path.exists(path)
        super().__init__("", name, flags)
        if self.fresh:
            self._note("create")

    def _note(self, what: str, *more: Any) -> None:
        if self.known is not None:
            self.journal.events.append((what, self.known, *more))

    def xWrite(self, data: bytes, place: int) -> None:
        with self.journal.mutex:
            super().xWrite(data, place)
            self._note("write", place, bytes(data))

    def xTruncate(self, size: int) -> None:
        with self.journal.mutex:
            super().xTruncate(size)
            self._note("truncate", size)

    def xSync(self, flags: int) -> None:
        with self.journal.mutex:
            super().xSync(flags)
            self._note("sync")
            if self.fresh and self.known is not None:  # as the VFS of Unix does
                self.fresh = False
                self.journal.events.append(("sync-folder", str(Path(self.known).parent)))


class _Sqlite:
    """What the log uses of the module `sqlite3`, on a connection of apsw."""

    Error = apsw.Error

    class Connection:
        def __init__(self, address: str | Path) -> None:
            self._base = apsw.Connection(str(address), flags=FLAGS, vfs="chopmark-noting")
            self._base.set_busy_timeout(30_000)

        @property
        def in_transaction(self) -> bool:
            return self._base.in_transaction

        def execute(self, query: str, values: Any = ()) -> Any:
            cursor = self._base.cursor()
            cursor.execute(query, tuple(values))
            return cursor

        executescript = execute

        def executemany(self, query: str, rows: Any) -> Any:
            return self._base.cursor().executemany(query, [tuple(row) for row in rows])

        def close(self) -> None:
            self._base.close()

    def connect(self, address: str | Path, **_: Any) -> Connection:
        return self.Connection(address)


class _Inode:
    def __init__(self, data: bytes = b"") -> None:
        self.data = bytearray(data)  # what the disk holds
        self.pending: list[Event] = []

    def sync(self) -> None:
        for what, *more in self.pending:
            _apply(self.data, what, *more)
        self.pending = []

    def left(self, chance: random.Random, mood: str) -> bytes:
        """Return what a crash leaves: any part of what was not synced."""
        data = bytearray(self.data)
        for what, *more in self.pending:
            if mood == "none" or (mood == "some" and chance.random() < 0.3):
                continue
            if what == "write" and mood == "torn":
                place, written = more
                for at in range(0, len(written), SECTOR):
                    end = at + SECTOR - (place + at) % SECTOR
                    if chance.random() < 0.6:
                        _apply(data, "write", place + at, written[at : min(end, at + SECTOR)])
            else:
                _apply(data, what, *more)
        return bytes(data)


def _apply(data: bytearray, what: str, *more: Any) -> None:
    if what == "truncate":
        (size,) = more
        del data[size:]
        data.extend(bytes(size - len(data)))
    else:
        place, written = more
        data.extend(bytes(max(0, place - len(data))))
        data[place : place + len(written)] = written


def crash(journal: Journal, at: int, chance: random.Random, image: Path) -> None:
    """Write into the new folder `image` what may be left where power is lost behind event `at`."""
    now = {name: _Inode(data) for name, data in journal.start.items()}
    disk = dict(now)
    names: list[Event] = []  # what no sync of a folder followed yet
    for what, *more in journal.events[:at]:
        if what in ("write", "truncate"):
            now[more[0]].pending.append((what, *more[1:]))
        elif what == "sync":
            if more[0] in now:
                now[more[0]].sync()
        elif what == "sync-folder":
            kept = []
            for change in names:
                if str(Path(change[1]).parent) == more[0]:
                    _rename(disk, change)
                else:
                    kept.append(change)
            names = kept
        elif what != "told":
            change = (what, *more, _Inode() if what == "create" else None)
            if what == "create":
                now[more[0]] = change[-1]
            elif what == "unlink":
                now.pop(more[0], None)
            else:
                now[more[1]] = now.pop(more[0])
                change = (what, *more, now[more[1]])
            names.append(change)
    mood = chance.choice(("none", "all", "some", "torn", "torn"))
    last = len(names) if mood == "all" else chance.randint(0, len(names))
    for change in names[:last]:  # a journal of a file system keeps their order
        _rename(disk, change)
    for name, inode in disk.items():
        path = image / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(inode.left(chance, mood))
        path.chmod(0o600)
    (image / "spool").mkdir(parents=True, exist_ok=True)


def _rename(disk: dict[str, _Inode], change: Event) -> None:
    what, name, *more = change
    if what == "create":
        disk[name] = more[-1]
    elif what == "unlink":
        disk.pop(name, None)
    else:
        disk.pop(name, None)
        disk[more[0]] = more[-1]
