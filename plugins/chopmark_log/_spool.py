"""The spool: a file of each process, to which it appends what the log is to take.

A frame is four bytes of length, four of CRC-32 (both big-endian), and the leaf. One `write` puts it
behind the last one, and the sealed content that belongs to it into frames before it. Since a file
has one writer, no process waits for another; what a crash tore is seen by its CRC. The writer holds
a lock on its file for as long as it writes it, which says so.

A file about which anything is in doubt, because a sync failed or a write was interrupted, is done
with: nothing in it is changed, for it may have been read, and its writer begins another one.
"""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import re
import struct
import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from chopmark import LogError
from chopmark.interrupted import INTERRUPTED

from ._files import sync_folder

SUFFIX = ".spool"
NEW, TORN, TWICE, DAMAGED = ".new", ".torn", ".twice", ".damaged"
"""Names of what is not read: not locked yet; a torn end; taken before; damaged and recovered."""
DOUBT = ".doubt"
"""The ending of a file of frames of which a database may have some (`_postgres_doubts`)."""
_HEAD = struct.Struct(">II")
_MOST = 1 << 20
_LENGTH = re.compile(rb"(?=\x00[\x00-\x10])").finditer


class Spool:
    """A file of one process. Shared by its threads.

    Args:
        folder: where the spools are; it is there.
        writer: the name of the file, which no other has or had.
        hidden: whether nobody is to read it before `show`.
    """

    def __init__(self, folder: Path, writer: str, *, hidden: bool = False) -> None:
        self.path = folder / f"{writer}{SUFFIX}"
        self._pid = os.getpid()
        self._mutex = threading.Lock()
        self._syncing = threading.Condition()
        self._busy = 0  # the thread that syncs
        self._writing = False
        self.written = 0  # bytes
        self.count = 0  # leaves
        self.texts = False  # whether sealed ones are in it
        self._synced = 0
        self._named = True
        self._broken = ""
        self.synced_at = time.monotonic()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        # Under its name, and without its lock, it would be taken for a dead one's.
        self._file = os.open(self.path.with_suffix(NEW), flags, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not hidden:
                self.show()
                sync_folder(folder)
                self._named = True
        except OSError:
            self.discard()
            raise

    def show(self) -> None:
        """Give it the name under which it is read. The next `sync` has the disk hold that, too.

        Raises:
            OSError: it has not that name.
        """
        self._named = False
        self.path.with_suffix(NEW).rename(self.path)

    def discard(self) -> None:
        """Close a file in which nothing is, and delete it."""
        self.close()
        for path in (self.path.with_suffix(NEW), self.path):
            path.unlink(missing_ok=True)

    @property
    def dirty(self) -> bool:
        """Whether something was written that the disk may not hold."""
        return self._synced < self.written

    @property
    def usable(self) -> bool:
        """Whether it takes more."""
        return self._file >= 0 and not self._broken and not self._writing

    @property
    def unlinked(self) -> bool:
        """Whether somebody deleted the file: nobody will read what is written to it."""
        try:
            return os.fstat(self._file).st_nlink == 0
        except OSError:
            return False  # it is closed

    def append(self, leaf: bytes, before: Sequence[bytes] = ()) -> int:
        """Write `leaf` behind the others, with what goes `before` it, and return where it ends.

        Raises:
            OSError: it is not in the file, or the file can no longer be trusted.
        """
        if before:
            frame = b"".join(map(framed, (*before, leaf)))
            self.texts = True
        else:
            frame = framed(leaf)
        with self._mutex:
            self._check()
            start = self.written
            done = 0
            self._writing = True  # what an exception from elsewhere leaves is in doubt
            try:
                while done < len(frame):
                    done += os.write(self._file, frame[done:])
            except OSError:
                self._cut(start, done)
                self._writing = False
                raise
            self.written, self.count = start + len(frame), self.count + 1
            self._writing = False
            return self.written

    def sync(self, end: int) -> None:
        """Return when the disk holds everything up to `end`; many who wait share one sync.

        What it holds already is as safe in a file that was closed since.

        Raises:
            OSError: the disk did not take it. The file is then done with: what the kernel says it
                wrote later cannot be believed.
        """
        mine, trouble = False, "it was broken off"
        try:
            with self._syncing:
                self.check_free()
                while self._busy and self._synced < end:
                    self._syncing.wait()
                if self._synced >= end:
                    return
                self._check()
                mine, self._busy = True, threading.get_ident()
            target = self.written
            os.fdatasync(self._file)
            if not self._named:
                sync_folder(self.path.parent)
                self._named = True
            trouble = ""
        except OSError as error:
            trouble = error.strerror or "it failed"
            raise
        finally:
            if mine:
                with self._syncing:
                    self._busy = 0
                    if trouble:
                        self._broken = trouble
                    else:
                        self._synced = max(self._synced, target)
                        self.synced_at = time.monotonic()
                    self._syncing.notify_all()

    def check_free(self) -> None:
        """Raise where the handler of a signal that came amid this asks, and would wait for it."""
        if self._busy == threading.get_ident():
            raise LogError(INTERRUPTED)

    def close(self) -> None:
        """Close the file; what reads the spools sees then that nothing more comes.

        In the child of a fork the lock stays, which is the parent's.
        """
        if os.getpid() != self._pid:
            self._syncing = threading.Condition()  # whoever syncs is not here
            self._busy = 0
        with self._syncing:
            self.check_free()
            while self._busy:
                self._syncing.wait()
            file, self._file = self._file, -1
        if file < 0:
            return
        if os.getpid() == self._pid:
            with contextlib.suppress(OSError):  # else it ends when all have closed the file
                fcntl.flock(file, fcntl.LOCK_UN)  # a child may have it open
        os.close(file)

    def _check(self) -> None:
        if self._broken:
            raise OSError(5, f"an earlier write of {self.path} failed: {self._broken}")
        if self._file < 0:
            raise OSError(9, f"{self.path} is closed")

    def _cut(self, start: int, done: int) -> None:
        """Take back a frame that did not get in whole, so that the next one stands behind it."""
        if done:
            try:
                os.ftruncate(self._file, start)
            except OSError as error:
                self._broken = error.strerror or "it could not be cut"


class Frame(NamedTuple):
    """A leaf in a spool, and where the next one begins."""

    leaf: bytes
    end: int


class SpoolError(LogError):
    """A spool is damaged; what is in the others is not touched by it."""


def read_frames(path: Path, start: int) -> Iterator[Frame]:
    """Return the whole frames of a spool from `start` on; what is torn ends them.

    Raises:
        SpoolError: a frame is damaged, and whole ones stand behind it.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        file.seek(start)
        at = start
        while (found := _length(file.read(_HEAD.size), at, size)) is not None:
            leaf = file.read(found[0])
            if len(leaf) != found[0] or zlib.crc32(leaf) != found[1]:
                break
            at += _HEAD.size + found[0]
            yield Frame(leaf, at)
    if at < size and next(salvage(path, at + 1, size), None) is not None:
        raise SpoolError(f"spool {str(path)!r} is damaged at byte {at}; run `log recover`")


def salvage(path: Path, start: int, end: int | None = None) -> Iterator[tuple[int, Frame]]:
    """Return each whole frame from `start` to `end`, whatever is between them, and where it begins.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        size = size if end is None else min(size, end)
        if start >= size:
            return
        with mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ) as data:
            while (found := _whole(data, start, size)) is not None:
                yield found
                start = found[1].end


def _whole(data: mmap.mmap, start: int, size: int) -> tuple[int, Frame] | None:
    for match in _LENGTH(data, start):
        at = match.start()
        leaf_at = at + _HEAD.size
        found = _length(data[at:leaf_at], at, size)
        if found is not None:
            leaf = data[leaf_at : leaf_at + found[0]]
            if zlib.crc32(leaf) == found[1]:
                return at, Frame(leaf, leaf_at + found[0])
    return None


def _length(head: bytes, at: int, size: int) -> tuple[int, int] | None:
    """Return what the head of a frame at `at` says, length and CRC, if it can be one."""
    if len(head) < _HEAD.size:
        return None
    length, crc = _HEAD.unpack(head)
    # Nothing is written of length 0: that is what a file has where its blocks were never written.
    if not 0 < length <= _MOST or at + _HEAD.size + length > size:
        return None
    return length, crc


def framed(body: bytes) -> bytes:
    """Return `body` as a frame."""
    return _HEAD.pack(len(body), zlib.crc32(body)) + body


def is_alive(path: Path) -> bool:
    """Return whether the process that writes the spool still does."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(file)
    return False
