"""Joins what callers ask of a network at the same time into one run of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

Ids = list[int]


class _Batch:
    """Windows that will be run together, and what the network then says of each."""

    def __init__(self) -> None:
        self.windows: list[Ids] = []
        self.rows: Sequence[Any] | None = None
        self.full = threading.Event()
        self.done = threading.Event()


class Batches:
    """Gives the row of one window, run beside those that other threads bring. Shared by threads.

    Who comes first gathers: it waits until `most` windows are there, as many as there are callers,
    or `wait` seconds have gone by, and runs them all. There is no thread besides the callers', so
    nothing is left behind by a fork, and a caller who is alone waits for nobody.

    Args:
        run_all: gives a row for each of several windows.
        most: how many windows one run may have.
        wait: how long the first one waits for others, in seconds.
        callers: how many threads are about to ask, the one that asks included.
    """

    def __init__(
        self,
        run_all: Callable[[Sequence[Ids]], Sequence[Any]],
        most: int,
        wait: float,
        callers: Callable[[], int],
    ) -> None:
        self._run_all = run_all
        self._most = most
        self._wait = wait
        self._callers = callers
        self._lock = threading.Lock()
        self._gathering: _Batch | None = None

    def __call__(self, ids: Ids) -> Any:
        """Return the network's row for the window `ids`.

        Raises:
            ModelError: the network fails on this window.
        """
        with self._lock:
            batch = self._gathering
            gathers = batch is None
            if batch is None:
                batch = self._gathering = _Batch()
            place = len(batch.windows)
            batch.windows.append(ids)
            if len(batch.windows) >= min(self._most, self._callers()):
                self._close(batch)
        if gathers:
            self._run(batch)
        else:
            batch.done.wait()
        if batch.rows is None:  # another one's window may be what it failed on
            return self._run_all([ids])[0]
        return batch.rows[place]

    def _run(self, batch: _Batch) -> None:
        """Wait for others, then run the batch; whatever happens, nobody waits for ever."""
        try:
            batch.full.wait(self._wait)
            with self._lock:
                self._close(batch)
            if len(batch.windows) > 1:
                batch.rows = self._run_all(batch.windows)
        except Exception:  # noqa: BLE001  # each then asks alone, and is told what is wrong
            batch.rows = None
        finally:
            with self._lock:  # not closed yet where the wait was interrupted
                self._close(batch)
            batch.done.set()

    def _close(self, batch: _Batch) -> None:
        """Let nobody else into a batch."""
        if self._gathering is batch:
            self._gathering = None
        batch.full.set()
