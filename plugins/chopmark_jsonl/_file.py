"""One open file, to which whole lines are appended or nothing.

Every process locks the file (`flock`), looks whether it is still the one at the path, and writes
the line with one `write` at the end (`O_APPEND`). What fails half-way is cut off again before the
lock is given up; what a killed process left half-written gets its line end from the next writer,
so that it spoils no line but its own.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import time

from ._lock import lock, unlock

_FLAGS = (
    os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
)
_MODE = 0o640
_sync = getattr(os, "fdatasync", os.fsync)


class AppendFile:
    """The file at `path`, opened for one process; not safe for threads by itself.

    A fork shares the lock of an open file, so a child must make one of its own.
    """

    def __init__(self, path: str, *, patience: float, rotate_bytes: int, durable: bool) -> None:
        """Open nothing yet.

        Args:
            path: the file; its folder must exist.
            patience: seconds to wait for another process's lock.
            rotate_bytes: the size over which the file is moved away, 0 for never.
            durable: whether to sync before closing.
        """
        self.path = path
        self.synced_at = time.monotonic()
        self._unsynced = False
        self._patience = patience
        self._rotate_bytes = rotate_bytes
        self._durable = durable
        self._fd = -1
        self._identity = (0, 0)
        self._end = -1  # where the last line that we wrote ends

    def append(self, line: bytes) -> int:
        """Write `line` whole, and return its offset in the file.

        Raises:
            OSError: nothing of the line is in the file.
        """
        size = self._lock_current()
        try:
            if self._rotate_bytes and size and size + len(line) > self._rotate_bytes:
                self._rotate()
            else:
                return self._write(line, size)
        finally:
            unlock(self._fd)
        self.close()
        return self.append(line)

    def start_sync(self) -> int:
        """Return a descriptor for `finish_sync`, which may run beside `append` in a thread."""
        fd = os.dup(self._fd)  # a rotation may close ours meanwhile
        self._unsynced, self.synced_at = False, time.monotonic()
        return fd

    def finish_sync(self, fd: int) -> None:
        """Have the disk hold what was written before `start_sync`.

        Raises:
            OSError: it may not.
        """
        try:
            _sync(fd)
        except OSError:
            self._unsynced = True
            raise
        finally:
            os.close(fd)

    def close(self) -> None:
        """Close the file, after a last sync where that is due."""
        if self._fd < 0:
            return
        try:
            if self._durable and self._unsynced:
                self.finish_sync(self.start_sync())
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close the file without a sync: it belongs to the parent of this process, or is gone."""
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            os.close(fd)

    def _lock_current(self) -> int:
        """Lock the file that is at the path now, opening it where need be; return its size."""
        while True:
            if self._fd < 0:
                self._open()
            lock(self._fd, self._patience)
            try:
                found = os.stat(self.path)
                if (found.st_ino, found.st_dev) == self._identity:
                    return found.st_size
            except FileNotFoundError:
                pass
            except BaseException:
                unlock(self._fd)
                raise
            unlock(self._fd)  # moved or removed, for example by logrotate
            self.close()

    def _open(self) -> None:
        fd = os.open(self.path, _FLAGS, _MODE)
        try:
            found = os.fstat(fd)
            if not stat.S_ISREG(found.st_mode):
                raise OSError("it is not a regular file")
            if self._durable and not found.st_size:
                _sync_folder(os.path.dirname(self.path))
        except BaseException:
            os.close(fd)
            raise
        self._fd, self._identity, self._end = fd, (found.st_ino, found.st_dev), -1

    def _write(self, line: bytes, size: int) -> int:
        fd = self._fd
        start = size
        if size and size != self._end and not self._ends_whole(size):
            line, start = b"\n" + line, size + 1
        self._unsynced = True
        try:
            written = os.write(fd, line)
            while written < len(line):  # a full disk says so only to the next write
                written += os.write(fd, line[written:])
        except BaseException:
            self._end = -1
            os.ftruncate(fd, size)
            raise
        self._end = size + len(line)
        return start

    def _ends_whole(self, size: int) -> bool:
        os.lseek(self._fd, size - 1, os.SEEK_SET)
        return os.read(self._fd, 1) == b"\n"

    def _rotate(self) -> None:
        """Move the file to the next free number; whoever waits for its lock will see that."""
        stem, suffix = os.path.splitext(self.path)
        last = max(moved_away(self.path), default=0)
        os.rename(self.path, f"{stem}.{last + 1}{suffix}")


def moved_away(path: str) -> dict[int, str]:
    """Return the files that were moved away from `path` for their size, by number, in order."""
    folder, name = os.path.split(path)
    stem, suffix = os.path.splitext(name)
    found = {}
    for other in os.listdir(folder or "."):
        if other.startswith(f"{stem}.") and other.endswith(suffix):
            number = other[len(stem) + 1 : len(other) - len(suffix)]
            if number.isdecimal():
                found[int(number)] = os.path.join(folder, other)
    return dict(sorted(found.items()))


def _sync_folder(folder: str) -> None:
    """Have the disk hold the name of a file that was just made."""
    if sys.platform == "win32":
        return
    fd = os.open(folder or ".", os.O_RDONLY)
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some file systems cannot, and need not
            raise
    finally:
        os.close(fd)
