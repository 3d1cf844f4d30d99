"""Holds a whole log while a command changes it, so that nothing else writes meanwhile."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from chopmark import LogError

from ._folder import LogFolder
from ._integrate import check_head, integrating
from ._store import Store

PATIENCE = 30.0
"""Seconds that a command waits for the process that takes in what is in the spools."""


@contextlib.contextmanager
def holding(folder: LogFolder) -> Iterator[Store]:
    """Hold the lock of a log, here and wherever else it is written, while the block changes it.

    Raises:
        LogError: there is no log, it is an older copy, or another process holds the lock for longer
            than 30 seconds.
    """
    folder.open().close()  # says so where there is none
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with integrating(folder) as mine:
            if mine:
                store = folder.open(writing=True)
                try:
                    with store.alone() as alone:
                        if alone:
                            check_head(folder, store)  # before anything is changed
                            yield store
                            return
                finally:
                    store.close()
        time.sleep(0.01)
    raise LogError(f"log {str(folder.path)!r} is busy; try again")
