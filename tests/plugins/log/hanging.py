"""Threads that record while a database hangs, and what the log has of it afterwards."""

from __future__ import annotations

import threading
import time
from collections import Counter

from tests.plugins.log.logs import content_of, ids_of

from chopmark import LogError
from chopmark.testing import sample_record
from chopmark_log._folder import LogFolder
from chopmark_log._keyring import ensure
from chopmark_log._postgres import Address
from chopmark_log._postgres_doubts import waiting
from chopmark_log._postgres_folder import join
from chopmark_log._postgres_log import SharedLog
from chopmark_log._work import settle

SECONDS = 2.0
BOUND = 4 * SECONDS
"""Seconds in which a call ends: at most those, those to connect, and what a busy machine takes."""
LONG = 240.0
"""Seconds that a busy machine may take for what is no wait for the server."""


def log_of(folder: LogFolder, store: str, **options: object) -> SharedLog:
    given = {"path": str(folder.path), "store": store, "store_seconds": SECONDS}
    return SharedLog({**given, **options})


def settled(folder: LogFolder) -> Counter[str]:
    """Return how often the log has each call, when nothing waits any more."""
    end = time.monotonic() + LONG
    while True:
        settle(folder)
        store = folder.open()
        waits = waiting(folder) or store.waiting
        store.close()
        if not waits:
            return Counter(ids_of(folder))
        assert time.monotonic() < end, waits
        time.sleep(0.05)


class Calls:
    """Threads that record, each once: what was taken, what was refused and why, how long it took.

    Args:
        log: where they record.
        count: how many.
        user: whose texts they keep, where they keep any.
    """

    def __init__(self, log: SharedLog, count: int, user: str = "") -> None:
        self.taken: list[str] = []
        self.refused: dict[str, str] = {}
        self.seconds: list[float] = []
        self._log, self._user = log, user
        self._threads = [threading.Thread(target=self._record) for _ in range(count)]
        for one in self._threads:
            one.start()

    def end(self) -> None:
        for one in self._threads:
            one.join()

    def _record(self) -> None:
        record, start = sample_record(), time.monotonic()
        try:
            if self._user:
                self._log.append_with(record, content_of(self._user))
            else:
                self._log.append(record)
            self.taken.append(record.id)
        except LogError as error:
            self.refused[record.id] = str(error)
        self.seconds.append(time.monotonic() - start)


def begun(folder: LogFolder, store: str, **options: object) -> tuple[SharedLog, Calls]:
    """Return a log that is at work, with its first call, of a user whose key it knows from then on.

    A busy machine may not make all of that in the time that a call has here.
    """
    join(folder, Address.of(store), "")
    ensure(folder)
    log = log_of(folder, store, **options)
    while True:
        first = Calls(log, 1, "anna")
        first.end()
        if first.taken:
            return log, first
