"""For authors of plugins: what no fork may come between.

A child of a fork has one thread, and every lock as its parent's threads held it just then. SQLite
has locks for all its files together: a child that was made while another thread of its parent was
in there would wait for it at its first file, for ever (POSIX, fork: application usage).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from types import TracebackType

PATIENCE = 10.0
"""Seconds that a fork waits for other threads; one of them may itself wait for who forks."""


class Whole:
    """What threads do within it, no fork comes between; of its own thread a fork takes no notice.

    Threads may be within it together, and again within their own. A fork waits until the others
    have left, and lets nobody in until it is made. Enter it before any lock that is held in there:
    a lock that is held by who waits to enter would be held in the child, too.
    """

    def __init__(self) -> None:
        self._tasks: list[Callable[[], None]] = []
        self._begin({})

    def _begin(self, depths: dict[int, int]) -> None:
        self._changed = threading.Condition()
        self._depths = depths  # by thread, of those that are within it
        self._forks: int | None = None  # the thread that does

    def __enter__(self) -> None:
        me = threading.get_ident()
        with self._changed:
            if me not in self._depths:
                self._changed.wait_for(lambda: self._forks in {None, me})
            self._depths[me] = self._depths.get(me, 0) + 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        at: TracebackType | None,
    ) -> None:  # fmt: skip
        me = threading.get_ident()
        with self._changed:
            self._depths[me] -= 1
            if not self._depths[me]:
                del self._depths[me]
                if self._forks is not None:
                    self._changed.notify_all()

    def before_fork(self, task: Callable[[], None]) -> None:
        """Have `task` run before each fork, when no other thread is within."""
        self._tasks.append(task)

    def _close(self) -> None:
        me = threading.get_ident()
        with self._changed:
            self._changed.wait_for(lambda: self._forks is None, PATIENCE)
            self._forks = me
            self._changed.wait_for(lambda: self._depths.keys() <= {me}, PATIENCE)
        for task in self._tasks:
            task()

    def _open(self) -> None:
        with self._changed:
            self._forks = None
            self._changed.notify_all()

    def _open_in_child(self) -> None:
        me = threading.get_ident()
        self._begin({me: depth} if (depth := self._depths.get(me)) else {})


# Module state, against the rule of this code base: there is one process to fork.
WHOLE = Whole()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=WHOLE._close, after_in_parent=WHOLE._open, after_in_child=WHOLE._open_in_child
    )
