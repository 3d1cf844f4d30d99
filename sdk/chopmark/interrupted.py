"""For authors of plugins: how to enter a lock amid which a signal may come.

Python runs the handler of a signal in the main thread, amid whatever that does. A handler that
closes the log, or makes a call, would wait for ever for a lock that its own thread has.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ._errors import LogError

if TYPE_CHECKING:
    Lock = threading.RLock

INTERRUPTED = (
    "a signal came amid a record, and its handler uses the log; have the handler raise SystemExit, "
    "or set a flag, and close the log behind the call"
)


def uninterrupted(lock: Lock) -> Lock:
    """Return what `with` is to enter, unless this thread has it already.

    It is a reentrant one, and `with` knows those itself: an exception that a handler raises leaves
    it as it was.

    Raises:
        LogError: it has, in the handler of a signal that came within.
    """
    if lock._is_owned():  # type: ignore[attr-defined]  # as Condition asks it
        raise LogError(INTERRUPTED)
    return lock
