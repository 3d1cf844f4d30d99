"""What a process has of a log, from its first record on: a spool and a thread, none of a parent."""

from __future__ import annotations

import logging
import os
import threading
import weakref

from chopmark import LogError
from chopmark.interrupted import uninterrupted

from ._folder import default_origin
from ._options import LogOptions
from ._renew import Stamp, stamp, writer_name
from ._spool import Spool
from ._turns import Turns
from ._work import Own, Work, leave

_logger = logging.getLogger("chopmark")


class LogProcess:
    """Begins, in each process that writes, what belongs to it alone. Shared by threads and forks.

    Args:
        options: those of the log. A process that ends takes in what it wrote, as they say.
    """

    def __init__(self, options: LogOptions) -> None:
        self._options, self.folder = options, options.folder
        self._owns: dict[int, Own] = {}
        self._starting = Turns()
        _LOGS[id(self)] = weakref.ref(self)
        weakref.finalize(self, _LOGS.pop, id(self), None)
        weakref.finalize(self, leave, self._owns, options)

    def _begin(self) -> Own:
        """Return what belongs to this process; after a start or a fork that is new."""
        known = self._owns.get(os.getpid())
        if known is not None:
            return known
        with self._starting:
            known = self._owns.get(os.getpid())
            if known is not None:
                return known
            self._make_folder()
            if self._options.ml_dsa and not self.folder.second.public.exists():
                _logger.warning(
                    "log %r was made without a key of ML-DSA-44, and `ml_dsa = true` gives it "
                    "none: begin another log", str(self.folder.path),
                )  # fmt: skip
            writer, asked = writer_name(), stamp(self.folder)  # before the spool is there
            try:
                own = self._make_own(writer, asked)
                self._check_stays(own)
            except OSError as error:
                raise LogError(
                    f"log {str(self.folder.path)!r} cannot be written: {error.strerror}; free some "
                    "space, or let this process write there"
                ) from error
            if self._options.witnesses and self._options.integrates:
                from ._witnessing import Witnessing

                own.witnessing = Witnessing(
                    self.folder, self._options.witnesses, self._options.witness_seconds
                )
            work = Work(own, self._options)
            own.worker = threading.Thread(target=work.run, name="chopmark-log", daemon=True)
            own.worker.start()
            self._owns[os.getpid()] = own
            return own

    def _check_stays(self, own: Own) -> None:
        # Again, now that who moves the log sees that there is a writer.
        try:
            self.folder.check_stays()
        except LogError:
            own.spool.close()
            raise

    def _abandon(self, own: Own) -> None:
        """Leave a spool that takes no more; what is in it is read by who takes the spools in."""
        with self._starting:
            if self._owns.get(os.getpid()) is own:
                del self._owns[os.getpid()]
        own.stop.set()
        with uninterrupted(own.mutex):
            own.spool.close()

    def _after_fork(self) -> None:
        """Forget, in a child, what belongs to its parent."""
        self._starting = Turns()
        for pid in list(self._owns):
            for spool in self._owns.pop(pid).open:
                spool.close()

    def _make_folder(self) -> None:
        """Make the folder of the log, unless it is there."""
        self.folder.check_stays()
        if self.folder.address is not None:
            raise LogError(
                f"{str(self.folder.path)!r} belongs to the log in {self.folder.address!r}; write "
                "that as `store` into the policy"
            )
        if not self.folder.is_log:
            try:
                named = self._options.origin or default_origin()
                self.folder.create(named, ml_dsa=self._options.ml_dsa)
            except LogError:
                if not self.folder.is_log:  # else another process was first
                    raise

    def _make_own(self, writer: str, asked: Stamp) -> Own:
        """Return what this process has from now on."""
        return Own(Spool(self.folder.spools, writer), writer, asked)


_LOGS: dict[int, weakref.ref[LogProcess]] = {}


def _after_fork() -> None:
    for log in [found for one in list(_LOGS.values()) if (found := one()) is not None]:
        log._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
