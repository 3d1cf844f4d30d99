"""A lock for what may take long to fail: who waited for it meanwhile need not try it again."""

from __future__ import annotations

import threading
import time
from types import TracebackType

from ._errors import AwayError, ReadOnlyError


class Turns:
    """Threads take turns; one may take several within its own.

    Where one fails because the database is away, those that waited for it fail by the same
    `AwayError`: else each would wait as long, one after another. One that is read-only refuses at
    once, and only changes: those that waited go on, for they may want to read.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._failed, self._why = 0.0, ""

    def __enter__(self) -> None:
        came = time.monotonic()
        self._lock.acquire()
        if came < self._failed:
            self._lock.release()
            raise AwayError(self._why)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        at: TracebackType | None,
    ) -> None:  # fmt: skip
        if isinstance(error, AwayError) and not isinstance(error, ReadOnlyError):
            self._failed, self._why = time.monotonic(), str(error)
        self._lock.release()
