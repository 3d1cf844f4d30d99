"""Sees the clock of the machine going back, by the one that never does."""

from __future__ import annotations

import time

LEAST = 1_000
"""Milliseconds; a clock that is set by less, as time services do all the time, is not told."""


class Clock:
    """The clock of a process. Who asks it takes turns."""

    def __init__(self) -> None:
        self._ahead = _ahead()

    def set_back(self) -> int:
        """Return by how many milliseconds the clock was set back since this was asked last."""
        now = _ahead()
        back, self._ahead = self._ahead - now, now
        return back if back >= LEAST else 0


def _ahead() -> int:
    """Return how far the clock is ahead of the one that counts on, in milliseconds."""
    return (time.time_ns() - time.monotonic_ns()) // 1_000_000
