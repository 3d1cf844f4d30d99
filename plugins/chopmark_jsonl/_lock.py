"""A lock on an open file that holds between processes, with a limit to the wait."""

from __future__ import annotations

import errno
import sys
import time

if sys.platform == "win32":
    import msvcrt
    import os

    _FAR = 0x7FFF_FFFE  # far behind the records: a lock of one byte, which need not exist

    def _try_lock(fd: int) -> bool:
        os.lseek(fd, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EDEADLK):
                return False
            raise
        return True

    def unlock(fd: int) -> None:
        """Release the lock on `fd`."""
        os.lseek(fd, _FAR, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(fd: int) -> bool:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def unlock(fd: int) -> None:
        """Release the lock on `fd`."""
        fcntl.flock(fd, fcntl.LOCK_UN)


def lock(fd: int, patience: float) -> None:
    """Lock `fd` against other processes; wait up to `patience` seconds.

    Polls, since a wait in the kernel has no limit: a stopped process that holds the lock must
    not hang every call.

    Raises:
        TimeoutError: the lock was held all that time.
    """
    if _try_lock(fd):
        return
    deadline = time.monotonic() + patience
    pause = 0.00005
    while not _try_lock(fd):
        if time.monotonic() > deadline:
            raise TimeoutError(
                errno.ETIMEDOUT, f"another process held the lock for {patience:g} seconds"
            )
        time.sleep(pause)
        pause = min(pause * 1.5, 0.002)
