"""What the pages know of the log: one running count of it for all of them."""

from __future__ import annotations

from chopmark.reading import paged

from ._desk import Desk
from ._running import Running
from ._verification import KIND


def running_of(desk: Desk) -> Running:
    """Return the running count of the desk's log.

    Raises:
        LogError: the log cannot be read page by page.
    """
    return desk.kept.get("running", lambda: Running(paged(desk.log), (KIND,)))
