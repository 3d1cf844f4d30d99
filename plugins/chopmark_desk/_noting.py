"""Appends the policy's text to the log when a desk begins with one that the log has not seen."""

from __future__ import annotations

import logging
import threading
from contextlib import suppress

from chopmark import ChopmarkError, LogError
from chopmark.reading import takes_events
from chopmark_report import named, policy_event

from ._desk import Desk
from ._known import running_of
from ._running import Running

_PATIENCE = 0.5
"""Seconds between two looks at how far the log is read."""
_logger = logging.getLogger("chopmark")


class Noting:
    """Waits until all of the log is read, and appends the text where it is not there."""

    def __init__(self, desk: Desk, running: Running) -> None:
        self._desk, self._running = desk, running
        self._stop = threading.Event()
        self._worker = threading.Thread(target=self._note, name="chopmark-policy", daemon=True)
        self._worker.start()

    def join(self) -> None:
        """Wait until it is done."""
        self._worker.join()

    def close(self) -> None:
        """Give up waiting."""
        self._stop.set()
        self._worker.join()

    def _note(self) -> None:
        while not (extent := self._running.follow(_PATIENCE)).is_whole:
            if extent.fault or self._stop.wait(_PATIENCE):
                return  # what cannot be read may have it already
        name = named(self._desk.policy)
        if self._running.ask(lambda tally: name in tally.texts):
            return
        try:
            takes_events(self._desk.log).append_event(policy_event(self._desk.policy))
        except (ChopmarkError, OSError) as error:
            _logger.warning("desk: the policy's text is not in the log: %s", error)


def begin_noting(desk: Desk) -> Noting | None:
    """Have the policy's text appended in the background; None for a log that cannot be read."""
    with suppress(LogError):
        running = running_of(desk)
        return desk.kept.get("policy text", lambda: Noting(desk, running))
    return None
