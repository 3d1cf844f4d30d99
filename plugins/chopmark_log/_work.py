"""What a process does for the log beside its calls: syncs its spool and begins another one, takes
all spools in, ends.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from chopmark import LogError
from chopmark.interrupted import uninterrupted

from ._clock import Clock
from ._folder import LogFolder
from ._integrate import integrate, integrating, publish
from ._leaf import After, with_after
from ._options import LogOptions
from ._renew import Renewal, Stamp
from ._reserve import keep
from ._store import Store

if TYPE_CHECKING:
    from ._postgres_buffer import Buffer
    from ._witnessing import Witnessing

INTERVAL = 0.2
"""Seconds after which, at the latest, the disk holds what was written, with `durability = "os"`."""
CHECKPOINT = 1.0
"""Seconds between two checkpoints while entries come."""
AT_END = 2.0
"""Seconds that closing the log waits for witnesses that were not asked yet; then it signs."""
AGAIN = 60.0
"""Seconds after which a fault that lasts is told again."""
_logger = logging.getLogger("chopmark")
Make = Callable[[str, int, int], bytes]
"""`make(writer, number, clock)`: the leaf that this writer makes behind so many others. `clock` is
that of a leaf: 0, or below, by how many milliseconds it was set back."""


class Intake(Protocol):
    """What the records of one process go into, until they are taken into the log."""

    @property
    def usable(self) -> bool:
        """Whether it takes more."""

    @property
    def dirty(self) -> bool:
        """Whether something in it is not as safe as it is to be."""

    @property
    def written(self) -> int:
        """Up to where `sync` has to go."""

    def sync(self, end: int) -> None:
        """Return when everything up to `end` is safe."""

    def check_free(self) -> None:
        """Raise where the handler of a signal that came amid this asks, and would wait for it."""

    def close(self) -> None:
        """Close it; in the child of a fork, let go of what is the parent's."""


@dataclass(slots=True)
class Own:
    """What belongs to one process: a child of a fork must use nothing of its parent's.

    While another spool takes the place of `spool` (`_renew`), the one that comes, and then the one
    that was, is `aside`. `before` is how many leaves are in those that were, and `asked` what
    was seen of `LogFolder.renewal` before `spool` was there. `after` is what the next leaf is to
    say: which writer was before this one, and how many leaves it made, now that the disk has them.
    `buffer` keeps records on this machine while a database is away, where the policy has that.
    """

    spool: Intake
    writer: str
    asked: Stamp = None
    before: int = 0
    after: After | None = None
    aside: Intake | None = None
    mutex: threading.RLock = field(default_factory=threading.RLock)
    stop: threading.Event = field(default_factory=threading.Event)
    worker: threading.Thread | None = None
    witnessing: Witnessing | None = None
    replaced: str = ""
    buffer: Buffer | None = None
    clock: Clock = field(default_factory=Clock)

    @property
    def open(self) -> list[Intake]:
        """All that may be open."""
        return [self.spool] if self.aside is None else [self.aside, self.spool]

    def takes(self, folder: LogFolder) -> bool:
        """Return whether this machine has something to take into the log, or signs it."""
        if folder.signs:
            return True
        if self.buffer is None:
            return False
        from ._postgres_doubts import waiting

        return bool(waiting(folder))

    def leaf(self, make: Make, number: int) -> bytes:
        """Return the leaf that stands behind so many others; the caller holds `mutex`."""
        leaf = make(self.writer, number, -self.clock.set_back())
        return leaf if self.after is None else with_after(leaf, self.after)


class Work:
    """What a process does for the log beside its calls: syncs its spool, takes all spools in."""

    def __init__(self, own: Own, options: LogOptions) -> None:
        self._own, self._folder = own, options.folder
        self._to_disk, self._integrates = options.to_disk, options.integrates
        self._renewal = Renewal(own, options.folder)
        self._store: Store | None = None
        self._published = 0.0
        self._reserved = 0.0

    def run(self) -> None:
        told, at = "", 0.0
        while not self._own.stop.wait(INTERVAL):
            try:
                self._turn()
                told = ""
            except (LogError, OSError) as error:
                if not self._own.replaced:
                    self._close()  # the next turn begins with what the folder holds then
                if str(error) != told or time.monotonic() - at > AGAIN:
                    told, at = str(error), time.monotonic()
                    _logger.error("the log is behind: %s", error)
        self._close()

    def _close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None

    def _turn(self) -> None:
        spool = self._own.spool
        if not self._to_disk and spool.dirty and spool.usable:
            spool.sync(spool.written)
        self._renewal.look()
        if self._own.buffer is not None:
            self._own.buffer.look()
        if not self._integrates or not self._own.takes(self._folder):
            return
        if time.monotonic() >= self._reserved:
            self._reserved = time.monotonic() + AGAIN
            keep(self._folder)
        with integrating(self._folder) as mine:
            if not mine:
                return
            if self._store is not None and self._store.replaced:
                # Opened anew it would be mixed with what SQLite wrote beside the former one.
                self._own.replaced = (
                    f"{self._store.name!r} was replaced while processes write it: stop them, "
                    "take away its -wal and -shm, and see `chopmark log fsck`"
                )
                raise LogError(self._own.replaced)
            if self._store is None:
                self._store = self._folder.open(writing=True)
            try:
                integrate(self._folder, self._store)
            finally:
                witnessing = self._own.witnessing
                asked = witnessing is None or witnessing.asked()
                if asked and time.monotonic() - self._published >= CHECKPOINT:
                    publish(self._folder, self._store)
                    self._published = time.monotonic()


def leave(owns: dict[int, Own], options: LogOptions) -> None:
    """End where nobody waits for an answer: at the end of the process."""
    try:
        end(owns, options)
    except (LogError, OSError) as error:
        _logger.error("the log is behind: %s", error)


def end(owns: dict[int, Own], options: LogOptions) -> None:
    """Take in all that this process wrote, and let go of what it has open.

    Raises:
        LogError: the disk may not hold the last records, or the log is damaged.
    """
    own = owns.get(os.getpid())
    if own is None:
        return
    with uninterrupted(own.mutex):
        for spool in own.open:
            spool.check_free()
        if owns.pop(os.getpid(), None) is None:
            return  # another thread ends it
    own.stop.set()
    if own.worker is not None and own.worker is not threading.current_thread():
        own.worker.join(timeout=5)
    with uninterrupted(own.mutex):
        spools = own.open
        try:
            for spool in spools:
                if spool.dirty and spool.usable:
                    spool.sync(spool.written)
        except OSError as error:
            raise LogError(
                f"log {str(options.folder.path)!r}: the disk may not hold the last records: "
                f"{error.strerror}"
            ) from error
        finally:
            for spool in spools:
                spool.close()
            if own.buffer is not None:
                own.buffer.close()
    if own.witnessing is not None and not own.replaced:
        own.witnessing.asked(AT_END)
    try:
        if own.replaced:
            raise LogError(own.replaced)
        if options.integrates and own.takes(options.folder):
            settle(options.folder)
    finally:
        if own.witnessing is not None:
            own.witnessing.close()


def settle(folder: LogFolder) -> None:
    """Take all that was written into the log, if no other process does."""
    with integrating(folder) as mine:
        if mine:  # else another process takes it
            store = folder.open(writing=True)
            try:
                try:
                    integrate(folder, store)
                finally:
                    publish(folder, store)
            finally:
                store.close()
