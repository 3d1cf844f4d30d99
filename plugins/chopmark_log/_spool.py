"""The spool: a file of each process, to which it appends what the log is to take.

A frame is four bytes of length, four of CRC-32 (both big-endian), and the leaf. One `write` puts it
behind the last one. Since a file has one writer, no process waits for another; what a crash tore is
seen by its CRC. The writer holds a lock on its file for as long as it lives, which says so.
"""

from __future__ import annotations

import fcntl
import os
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from chopmark import LogError

SUFFIX = ".spool"
_HEAD = struct.Struct(">II")
_MOST = 1 << 20


class Spool:
    """The file of one process. Shared by its threads.

    Args:
        folder: where the spools are; it is there.
        writer: the name of the file, new with each process.
    """

    def __init__(self, folder: Path, writer: str) -> None:
        self.path = folder / f"{writer}{SUFFIX}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(self.path, flags, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _sync_folder(folder)
        self._mutex = threading.Lock()
        self._syncing = threading.Condition()
        self._busy = False
        self.written = 0  # bytes
        self._synced = 0
        self._broken = ""
        self.synced_at = time.monotonic()

    @property
    def dirty(self) -> bool:
        """Whether something was written that the disk may not hold."""
        return self._synced < self.written

    def append(self, leaf: bytes) -> int:
        """Write `leaf` behind the others, and return where it ends.

        Raises:
            OSError: it is not in the file, or the file can no longer be trusted.
        """
        frame = _HEAD.pack(len(leaf), zlib.crc32(leaf)) + leaf
        with self._mutex:
            self._check()
            start = self.written
            done = 0
            try:
                while done < len(frame):
                    done += os.write(self._file, frame[done:])
            except OSError:
                self._cut(start, done)
                raise
            self.written = start + len(frame)
            return self.written

    def sync(self, end: int) -> None:
        """Return when the disk holds everything up to `end`; many who wait share one sync.

        Raises:
            OSError: the disk did not take it. The file is then done with: what the kernel says it
                wrote later cannot be believed.
        """
        with self._syncing:
            while self._busy and self._synced < end:
                self._syncing.wait()
            self._check()
            if self._synced >= end:
                return
            self._busy = True
        target = self.written
        error: OSError | None = None
        try:
            os.fdatasync(self._file)
        except OSError as broke:
            error = broke
        with self._syncing:
            self._busy = False
            if error is None:
                self._synced = max(self._synced, target)
                self.synced_at = time.monotonic()
            else:
                self._broken = error.strerror or "it failed"
            self._syncing.notify_all()
        if error is not None:
            raise error

    def close(self) -> None:
        """Close the file; what reads the spools sees then that nothing more comes."""
        if self._file >= 0:
            file, self._file = self._file, -1
            os.close(file)

    def _check(self) -> None:
        if self._broken:
            raise OSError(5, f"an earlier sync of {self.path} failed: {self._broken}")
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


def read_frames(path: Path, start: int) -> Iterator[Frame]:
    """Return the whole frames of a spool from `start` on; what is torn ends them.

    Raises:
        LogError: a frame in the middle is damaged.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        file.seek(start)
        at = start
        while True:
            head = file.read(_HEAD.size)
            if len(head) < _HEAD.size:
                return
            length, crc = _HEAD.unpack(head)
            end = at + _HEAD.size + length
            if end > size:
                return
            leaf = file.read(length)
            if length > _MOST or zlib.crc32(leaf) != crc:
                if end == size:  # the last one, torn
                    return
                raise LogError(f"spool {str(path)!r} is damaged at byte {at}; run `log recover`")
            yield Frame(leaf, end)
            at = end


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


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
