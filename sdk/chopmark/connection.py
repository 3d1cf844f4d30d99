"""For authors of plugins: one connection to a SQLite file, which no fork carries into a child.

A child that used it, or had it open beside one of its own, would write without the locks of its
parent: who closes the file last takes its WAL away under the child, and what that writes afterwards
is lost (SQLite, How To Corrupt, 2.6). So it is closed before a fork, and opened when it is next
used.
"""

from __future__ import annotations

import ctypes
import sqlite3
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress

from .forking import WHOLE


class Connection:
    """What `connect` opens, when it is first used. Threads take turns, each as often as it likes.

        with WHOLE.lock, connection.lock:
            connection.opened().execute(...)

    Args:
        connect: the method that opens it, of its owner, who is not kept alive by it; what it raises
            is raised.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = weakref.WeakMethod(connect)
        self.lock = threading.RLock()
        self._base: sqlite3.Connection | None = None
        self._dropped: weakref.finalize[..., Connection] | None = None
        WHOLE.rests(self)

    def opened(self) -> sqlite3.Connection:
        """Return the connection; the caller holds `WHOLE.lock`, and then `lock`."""
        return self._open() if self._base is None else self._base

    def undo(self) -> None:
        """Take back the transaction that is under way, if one is; the caller is within."""
        base = self._base
        try:
            if base is not None and base.in_transaction:
                base.execute("ROLLBACK")
        except sqlite3.Error:
            self._shut()  # which takes it back

    def close(self) -> None:
        """Close the file; it is opened again where it is needed."""
        with WHOLE.lock, self.lock:
            self._shut()

    def rest(self) -> None:
        """Close it before a fork, unless the thread that forks is in a transaction of its own."""
        if not self.lock.acquire(blocking=False):
            return  # a thread that was not waited for any longer is at it
        try:
            if self._base is None or not self._base.in_transaction:
                self._shut()
        finally:
            self.lock.release()

    def forked(self) -> None:
        """Leave alone, in a child, what a thread of its parent was at."""
        if self.lock.acquire(blocking=False):
            self.lock.release()
            return
        self.lock = threading.RLock()
        if self._dropped is not None:
            self._dropped.detach()
        if self._base is not None:  # freed, it would wait for a thread that is not there
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._base))
        self._base = self._dropped = None

    def _open(self) -> sqlite3.Connection:
        connect = self._connect()
        assert connect is not None, "it is used by who owns it"
        base = connect()
        dropped = weakref.finalize(self, _drop, base)
        dropped.atexit = False  # threads that use it may still be running then
        self._dropped = dropped
        self._base = base  # last: Ctrl-C may come between
        return base

    def _shut(self) -> None:
        base, self._base = self._base, None
        if base is not None:
            if self._dropped is not None:
                self._dropped.detach()
            with suppress(sqlite3.Error):  # what was committed is in the file
                base.close()


def _drop(base: sqlite3.Connection) -> None:
    with WHOLE.lock:
        base.close()
