"""What the pages know of the log: one running count of it for all of them."""

from __future__ import annotations

from contextlib import suppress

from chopmark import LogError
from chopmark.reading import paged

from ._desk import Desk
from ._running import Running
from ._sound import SoundLog
from ._verification import KIND


def log_of(desk: Desk) -> SoundLog:
    """Return the desk's log, as pages read it.

    Raises:
        LogError: the log cannot be read page by page.
    """
    return SoundLog(paged(desk.log))


def running_of(desk: Desk) -> Running:
    """Return the running count of the desk's log; raise `LogError` as `log_of` does."""
    file = desk.options.folder / "counts.json.gz"
    return desk.kept.get("running", lambda: Running(log_of(desk), (KIND,), file))


def begin_reading(desk: Desk) -> None:
    """Have the log read in the background; where it cannot be, pages say so."""
    with suppress(LogError):
        running_of(desk).follow(0)
