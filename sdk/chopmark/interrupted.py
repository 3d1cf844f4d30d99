"""For authors of plugins: a lock for what a signal may interrupt.

Python runs the handler of a signal in the main thread, amid whatever that does. A handler that
closes the log, or makes a call, would wait for ever for a lock that its own thread has.
"""

from __future__ import annotations

import threading
from types import TracebackType

from ._errors import LogError

INTERRUPTED = (
    "a signal came amid a record, and its handler uses the log; have the handler raise SystemExit, "
    "or set a flag, and close the log behind the call"
)


class Uninterrupted:
    """A lock that refuses a thread which has it already.

    Raises:
        LogError: on entering, in the handler of a signal that came within.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._depth = 0

    def __enter__(self) -> None:
        self._lock.acquire()  # and nothing has begun yet: a handler may still go in and out
        if self._depth:
            self._lock.release()
            raise LogError(INTERRUPTED)
        self._depth = 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        at: TracebackType | None,
    ) -> None:  # fmt: skip
        self._depth = 0
        self._lock.release()
