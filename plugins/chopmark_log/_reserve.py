"""A file that is given up when the disk is full: so the log can say so, and end what it began."""

from __future__ import annotations

import contextlib
import errno
import os

from ._folder import LogFolder

BYTES = 1 << 20
ROOM = 8 * BYTES
"""Bytes that a disk must have left for it to be made."""
_FULL = (errno.ENOSPC, errno.EDQUOT)


def keep(folder: LogFolder) -> None:
    """Make the reserve, where it is not there and the disk has room for it."""
    found = os.statvfs(folder.path)
    if folder.reserve.exists() or found.f_bavail * found.f_frsize < ROOM:
        return
    making = folder.reserve.with_name(f".reserve-{os.getpid()}")
    with contextlib.suppress(OSError):  # without it the log is as good until the disk is full
        file = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            whole = os.write(file, os.urandom(BYTES)) == BYTES  # nothing that a disk can leave out
        finally:
            os.close(file)
        making.rename(folder.reserve) if whole else making.unlink()


def give_up(folder: LogFolder, error: OSError) -> bool:
    """Return whether `error` says that the disk is full, and room was made by the reserve."""
    if error.errno not in _FULL:
        return False
    try:
        folder.reserve.unlink()
    except OSError:
        return False
    return True
