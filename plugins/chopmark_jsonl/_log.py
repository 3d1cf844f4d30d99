"""The log: reads the plugin's options, and takes records from threads, processes and forks."""

from __future__ import annotations

import errno
import os
import sys
import threading
import time
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

from chopmark import Event, LogError, Policy, PolicyError, Receipt, Record
from chopmark.hookspecs import Entry
from chopmark.interrupted import uninterrupted
from chopmark.reading import Outline

from ._file import AppendFile, moved_away
from ._format import encode, encode_event
from ._places import Places
from ._read import outlines, records

Fsync = Literal["never", "interval", "always"]

NAME = "jsonl"
DEFAULT_PATH = "chopmark-records.jsonl"
INTERVAL = 0.2
"""Seconds after which an append also syncs, with `fsync = "interval"`."""
PATIENCE = 10.0
"""Seconds to wait for another process's lock."""

_OPTIONS = ("path", "fsync", "rotate_bytes")
_SMALLEST = 4096


@dataclass(frozen=True, slots=True)
class _Own:
    """What belongs to one process: a child of a fork must use neither its parent's file, whose
    lock it shares, nor a mutex that a thread of the parent holds.
    """

    file: AppendFile
    mutex: threading.RLock = field(default_factory=threading.RLock)


class JsonlLog:
    """Appends records to a file of JSON Lines. Shared by threads, and by forks.

    Options of the policy, all with a default: `path`; `fsync`: `interval` (the disk holds all
    but the last 0.2 seconds of appends, more where no other follows), `always`, `never`;
    `rotate_bytes`: the size over which the file is moved to `NAME.1.jsonl`, `NAME.2.jsonl`, ...,
    by default never. Nothing is ever deleted: how long records are kept is the operator's duty.

    An append whose sync fails is reported as failed although its line is in the file; the SDK
    then appends it again, so a reader may see one record twice, with one `id`.
    """

    name = NAME
    blocking = True

    def __init__(
        self, options: Mapping[str, object], where: str = "settings.jsonl", folder: str = ""
    ) -> None:
        """Read `options`; `where` is how an error names them, `folder` where paths start.

        Raises:
            PolicyError: an option is unknown or has a value that it cannot have.
        """
        unknown = sorted(key for key in options if key not in _OPTIONS)
        if unknown:
            raise PolicyError(
                f"{where} has {', '.join(unknown)}; the options of jsonl are {', '.join(_OPTIONS)}"
            )
        self.path = _path(options.get("path"), where, folder)
        self._fsync: Fsync = _fsync(options.get("fsync", "interval"), where)
        self._rotate_bytes = _rotate_bytes(options.get("rotate_bytes"), where)
        self._owns: dict[int, _Own] = {}
        weakref.finalize(self, _close_all, self._owns)  # also when the interpreter ends

    def append(self, record: Record) -> Receipt:
        """Write `record` as one line; its receipt's position is the line's offset in bytes.

        Raises:
            LogError: the record is not in the file, or the disk may not hold it.
        """
        return self._append(record.id, encode(record))

    def append_event(self, event: Event) -> Receipt:
        """Write `event` as one line, like a record.

        Raises:
            LogError: the event is not in the file, or the disk may not hold it.
        """
        return self._append(event.id, encode_event(event))

    def read(self, since: int = 0, until: int | None = None) -> Iterator[Mapping[str, Any]]:
        """Yield what is in the files from `since` to before `until`, milliseconds since 1970.

        Files that were moved away for their size come first, oldest first.

        Raises:
            LogError: a line cannot be read; what came before it was yielded.
        """
        for path in (*moved_away(self.path).values(), self.path):
            for record in records(path) if os.path.exists(path) else ():
                if since <= record["time"] and (until is None or record["time"] < until):
                    yield record

    def outlines(
        self, since: int = 0, until: int | None = None
    ) -> Iterator[Outline | Mapping[str, Any]]:
        """Yield the same to be counted, calls as outlines: see `chopmark.reading.outlines`.

        Raises:
            LogError: a line cannot be read; what came before it was yielded.
        """
        for path in (*moved_away(self.path).values(), self.path):
            if os.path.exists(path):
                yield from outlines(path, since, until)

    def missing(self) -> str | None:
        """Return the path of the file where neither it nor one that was moved away is there."""
        return None if os.path.exists(self.path) or moved_away(self.path) else self.path

    def end(self) -> int:
        """Return how many bytes the files have, one behind the other.

        The place of an entry is the byte at which its line begins, counted through all of them, so
        it holds as long as none of them is taken away.

        Raises:
            LogError: they cannot be read.
        """
        return Places(self.path).end

    def forward(self, place: int = 0) -> Iterator[Entry]:
        """Yield what is in the lines that begin at `place`, or behind it.

        A last line without its line end is being written, and is not there yet.

        Raises:
            LogError: a file cannot be read.
        """
        return Places(self.path).forward(place)

    def backward(self, place: int | None = None) -> Iterator[Entry]:
        """Yield what is in the lines that begin before `place`, by default in all, the last first.

        Raises:
            LogError: a file cannot be read.
        """
        return Places(self.path).backward(place)

    def get(self, id: str) -> Entry | None:
        """Return the first entry of that id, None where there is none.

        All files are searched for it, at some gigabytes a second.

        Raises:
            LogError: a file cannot be read.
        """
        return Places(self.path).get(id)

    def _append(self, id: str, line: bytes) -> Receipt:
        own = self._owns.get(os.getpid()) or self._begin()
        file = own.file
        try:
            with uninterrupted(own.mutex):
                position = file.append(line)
                sync = file.start_sync() if self._is_due(file) else -1
            if sync >= 0:
                file.finish_sync(sync)
        except OSError as error:
            raise LogError(_explain(error, self.path)) from error
        return Receipt(log=NAME, record=id, position=position)

    def close(self) -> None:
        """Sync where that is due, and close the file; a later append opens it again.

        Raises:
            LogError: the disk may not hold the last records.
        """
        try:
            _close_all(self._owns)
        except OSError as error:
            raise LogError(_explain(error, self.path)) from error

    def _is_due(self, file: AppendFile) -> bool:
        if self._fsync == "interval":
            return time.monotonic() - file.synced_at >= INTERVAL
        return self._fsync == "always"

    def _begin(self) -> _Own:
        """Return what belongs to this process, after a start or a fork."""
        made = _Own(
            AppendFile(
                self.path,
                patience=PATIENCE,
                rotate_bytes=self._rotate_bytes,
                durable=self._fsync != "never",
            )
        )
        own = self._owns.setdefault(os.getpid(), made)  # of two threads, the first one's
        _drop_parents(self._owns)
        return own


def make_log(policy: Policy) -> JsonlLog:
    """Return the log that `policy` asks for."""
    where = f"policy {policy.name!r}: settings.{NAME}"
    return JsonlLog(policy.options(NAME), where, policy.folder)


def _close_all(owns: dict[int, _Own]) -> None:
    _drop_parents(owns)
    own = owns.get(os.getpid())
    if own is not None:
        with uninterrupted(own.mutex):
            own.file.close()


def _drop_parents(owns: dict[int, _Own]) -> None:
    """Close what was inherited from the parent of this process; the parent keeps its own."""
    for pid in list(owns):
        if pid != os.getpid() and (inherited := owns.pop(pid, None)):
            inherited.file.abandon()


def _path(value: object, where: str, folder: str) -> str:
    if value is None:
        return os.path.abspath(DEFAULT_PATH)
    if not isinstance(value, str | os.PathLike) or not os.fspath(value):
        raise PolicyError(f"{where}.path is {value!r}; give it the path of a file")
    path = os.path.abspath(os.path.join(folder, os.fspath(value)))
    if "\0" in path or os.path.isdir(path):
        raise PolicyError(f"{where}.path is {value!r}, which is no file; name a file in a folder")
    if not os.path.isdir(os.path.dirname(path)):
        raise PolicyError(
            f"{where}.path is {value!r}, but there is no folder {os.path.dirname(path)!r}; "
            "make the folder, or name another file"
        )
    return path


def _fsync(value: object, where: str) -> Fsync:
    for choice in get_args(Fsync):
        if value == choice:
            return cast(Fsync, choice)
    raise PolicyError(f"{where}.fsync is {value!r}; it may be {', '.join(get_args(Fsync))}")


def _rotate_bytes(value: object, where: str) -> int:
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or value < _SMALLEST:
        raise PolicyError(
            f"{where}.rotate_bytes is {value!r}; it must be a whole number of bytes, {_SMALLEST} "
            "at least, or be left out"
        )
    if sys.platform == "win32":
        raise PolicyError(f"{where}.rotate_bytes: Windows cannot move an open file; leave it out")
    return value


_CURES = {
    errno.ENOSPC: "free some space on its disk, or name another file as path",
    errno.EDQUOT: "free some of this user's space, or name another file as path",
    errno.EFBIG: "raise the limit on the size of files (ulimit -f), or set rotate_bytes",
    errno.ENOENT: "make its folder again",
    errno.ETIMEDOUT: "look for a stopped process that has the file open (lsof), and end it",
}


def _explain(error: OSError, path: str) -> str:
    what = error.strerror or str(error)
    cure = _CURES.get(error.errno or 0, "let this process write that file and its folder")
    return f"log {NAME!r} cannot write {path!r}: {what}; {cure}"
