"""Appends the text of a policy to the log where the log has not seen it.

That of the desk, when it begins; and while it goes on, that of its file, once the log has calls
by a policy whose text it has not: the service began anew with another one, and the desk did not.
"""

from __future__ import annotations

import logging
import os
import threading
from contextlib import suppress

from chopmark import ChopmarkError, LogError, Policy, load_policy
from chopmark.reading import takes_events
from chopmark_report import Tally, named, policy_event

from ._desk import Desk
from ._known import running_of
from ._running import Running

_PATIENCE = 0.5
"""Seconds between two looks at how far the log is read."""
EVERY = 10.0
"""Seconds between two looks whether the log has another policy."""
_logger = logging.getLogger("chopmark")


class Noting:
    """Waits until all of the log is read, appends what it lacks, and looks again now and then."""

    def __init__(self, desk: Desk, running: Running, every: float) -> None:
        self._desk, self._running, self._every = desk, running, every
        self._stop, self._noted = threading.Event(), threading.Event()
        self._kept: set[str] = set()
        self._looked: tuple[object, ...] = ()
        self._worker = threading.Thread(target=self._work, name="chopmark-policy", daemon=True)
        self._worker.start()

    def join(self) -> None:
        """Wait until it is done with the policy of the desk."""
        self._noted.wait()

    def close(self) -> None:
        """Stop looking."""
        self._stop.set()
        self._worker.join()

    def _work(self) -> None:
        try:
            while not (extent := self._running.follow(_PATIENCE)).is_whole:
                if extent.fault or self._stop.wait(_PATIENCE):
                    return  # what cannot be read may have it already
            if named(self._desk.policy) not in self._running.ask(_texts):
                self._append(self._desk.policy)
        finally:
            self._noted.set()
        while self._desk.source and not self._stop.wait(self._every):
            if self._running.follow(_PATIENCE).is_whole:
                self._look()

    def _look(self) -> None:
        """Append the text of the policy that the file has now, where the log has calls by it."""
        unknown = self._running.ask(_unknown) - self._kept
        looked = (unknown, _stamp(self._desk.source))
        if not unknown or looked == self._looked:
            return
        self._looked = looked
        with suppress(ChopmarkError):  # it is being written, or is broken: the service says so
            policy = load_policy(self._desk.source)
            if named(policy) in unknown:
                self._append(policy)

    def _append(self, policy: Policy) -> None:
        try:
            takes_events(self._desk.log).append_event(policy_event(policy))
            self._kept.add(named(policy))
        except (ChopmarkError, OSError) as error:
            self._looked = ()  # it is tried again
            _logger.warning("desk: the policy's text is not in the log: %s", error)


def _texts(tally: Tally) -> frozenset[str]:
    return frozenset(tally.texts)


def _unknown(tally: Tally) -> frozenset[str]:
    return frozenset(tally.policies.keys() - tally.texts.keys())


def _stamp(source: str) -> tuple[int, int]:
    try:
        found = os.stat(source)
    except OSError:  # a policy by its name
        return 0, 0
    return found.st_mtime_ns, found.st_size


def begin_noting(desk: Desk, every: float = EVERY) -> Noting | None:
    """Have texts of policies appended in the background; None for a log that cannot be read."""
    with suppress(LogError):
        running = running_of(desk)
        return desk.kept.get("policy text", lambda: Noting(desk, running, every))
    return None
