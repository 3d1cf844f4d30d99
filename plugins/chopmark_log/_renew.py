"""Begins another spool where that of this process is large or old, or somebody asked for it.

A spool goes when the log has all of it and nobody writes it any more (`_integrate`). So a process
that runs for months must let go of its own now and then: else it would keep, sealed, all that was
ever said, whoever was erased since.

Whoever reads the spools reads that of a process that was before the one that is, and all of it: the
new one gets its name while nothing is written, and its name comes later in their order.
"""

from __future__ import annotations

import logging
import os
import secrets
import time
from typing import TYPE_CHECKING

from chopmark import LogError
from chopmark.interrupted import uninterrupted

from ._folder import LogFolder
from ._leaf import After
from ._spool import Spool

if TYPE_CHECKING:
    from ._work import Own

MOST = 16 << 20
"""Bytes of which another one is begun."""
OLDEST = 300.0
"""Seconds that sealed texts stay in a spool while its process writes; a little more until it is
taken in.
"""
PAUSE = 1.0
"""Seconds until it is tried again, where it failed."""
_ASKS = b"Processes that write this log begin another spool when this file changes.\n"
_logger = logging.getLogger("chopmark")
Stamp = tuple[int, int] | None


def writer_name(after: str = "") -> str:
    """Return a name that no writer has or had; in the order of names it is behind `after`."""
    now = time.time_ns() // 1_000_000
    if after:
        now = max(now, int(after.split("-")[0], 16) + 1)
    return f"{now:x}-{os.getpid()}-{secrets.token_hex(4)}"


def stamp(folder: LogFolder) -> Stamp:
    """Return what changes with each `ask`. Compare it for being the same: clocks go back."""
    try:
        found = os.stat(folder.renewal)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def ask(folder: LogFolder) -> None:
    """Have every process begin another spool, a moment later, if anything is in its own.

    Raises:
        OSError: the file that says so cannot be written.
    """
    making = folder.renewal.with_name(f".renew-{secrets.token_hex(4)}")
    try:
        making.write_bytes(_ASKS)
        making.replace(folder.renewal)
    except OSError:
        making.unlink(missing_ok=True)
        raise


class Renewal:
    """When the spool of a process is to be another one. Used by one thread."""

    def __init__(self, own: Own, folder: LogFolder) -> None:
        self._own, self._folder = own, folder
        self._spool: Spool | None = None
        self._since = self._next = 0.0
        self._told = False

    def look(self) -> None:
        """Begin another spool, if it is time. Where that cannot be, go on with this one.

        Raises:
            OSError: the disk may not hold what is in the former one.
        """
        spool = self._own.spool
        if not isinstance(spool, Spool) or not spool.written:
            return
        now = time.monotonic()
        if spool is not self._spool:  # what it has was written since this looked last
            self._spool, self._since = spool, now
        if now < self._next or not self._is_due(spool, now):
            return
        try:
            renewed = begin(self._own, self._folder)
        except (LogError, OSError) as error:
            self._next = now + PAUSE
            if not self._told:
                self._told = True
                _logger.error(
                    "log %r: no other spool can be begun, so that what is erased may stay in %r: "
                    "%s", str(self._folder.path), spool.path.name, error,
                )  # fmt: skip
            return
        if renewed is not None:
            self._told = False
            end(self._own, renewed)

    def _is_due(self, spool: Spool, now: float) -> bool:
        return (
            spool.written >= MOST
            or spool.unlinked
            or (spool.texts and now - self._since >= OLDEST)
            or stamp(self._folder) != self._own.asked
        )


def begin(own: Own, folder: LogFolder) -> Spool | None:
    """Put another spool in the place of the one that a process writes, and return that.

    Return None where that one takes nothing any more: then the next record begins another.

    Raises:
        LogError: the log was moved, or is being moved.
        OSError: none can be made. As before, the one that there is goes on.
    """
    with uninterrupted(own.mutex):
        if not _goes_on(own):
            return None
    asked = stamp(folder)  # before it is there: what is asked for later counts for it, too
    writer = writer_name(own.writer)
    new = Spool(folder.spools, writer, hidden=True)
    old: Spool | None = None
    try:
        with uninterrupted(own.mutex):
            own.aside = new
            if _goes_on(own):
                new.show()
                folder.check_stays()  # now that who moves the log sees both
                assert isinstance(own.spool, Spool)
                own.aside = old = own.spool
                own.before += old.count
                own.spool, own.writer, own.asked = new, writer, asked
    finally:
        if old is None:
            new.discard()
            own.aside = None
    return old


def end(own: Own, former: Spool) -> None:
    """Close what `begin` returned, when the disk holds all of it.

    Raises:
        OSError: the disk may not.
    """
    try:
        if former.dirty:
            former.sync(former.written)
        # Only now: it says of leaves that they were made, and none may be lost.
        with uninterrupted(own.mutex):
            own.after = After(former.path.stem, former.count)
    finally:
        former.close()
        own.aside = None


def _goes_on(own: Own) -> bool:
    return own.spool.usable and not own.stop.is_set()
