"""For authors of plugins: what no fork may come between.

A child of a fork has one thread, and every lock as its parent's threads held it just then: it waits
for ever for one that another thread had. SQLite has such locks for all its files together, Python
for what is being imported (POSIX, fork: application usage).
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from types import TracebackType
from typing import Any, Generic, Protocol, TypeVar, overload

T = TypeVar("T")

PATIENCE = 10.0
"""Seconds that a fork waits for other threads; one of them may itself wait for who forks."""


class Resting(Protocol):
    """What has something that no child of a fork may have."""

    def rest(self) -> None:
        """Let go of it, before a fork; it may be taken again at any time."""

    def forked(self) -> None:
        """Be of use in the child, also where `rest` could not let go."""


class Whole:
    """What threads do within it, no fork comes between; of its own thread a fork takes no notice.

    Threads may be within it together, and again within their own. A fork waits until the others
    have left, and lets nobody in until it is made. Enter it before any lock that is held in there:
    a lock that is held by who waits to enter would be held in the child, too.
    """

    def __init__(self) -> None:
        self._resting: dict[int, weakref.ref[Resting]] = {}
        self._begin({})

    def _begin(self, depths: dict[int, int]) -> None:
        # Reentrant: a signal handler, or the collector, may go in while it is held.
        self._mutex = threading.RLock()
        self._changed = threading.Condition(self._mutex)
        self._depths = depths  # by thread, of those that are within it
        self._forks: int | None = None  # the thread that does

    def __enter__(self) -> None:
        me = threading.get_ident()
        with self._mutex:
            if self._forks is not None and me not in self._depths:
                self._changed.wait_for(lambda: self._forks in {None, me})
            self._depths[me] = self._depths.get(me, 0) + 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        at: TracebackType | None,
    ) -> None:  # fmt: skip
        me = threading.get_ident()
        with self._mutex:
            depth = self._depths[me] - 1
            if depth:
                self._depths[me] = depth
            else:
                del self._depths[me]
                if self._forks is not None:
                    self._changed.notify_all()

    def rests(self, one: Resting) -> None:
        """Have `one` rest before each fork, when no other thread is within, as long as it lives."""
        self._resting[id(one)] = weakref.ref(one)
        weakref.finalize(one, self._resting.pop, id(one), None).atexit = False

    def _alive(self) -> list[Resting]:
        return [one for ref in list(self._resting.values()) if (one := ref()) is not None]

    def _close(self) -> None:
        me = threading.get_ident()
        with self._mutex:
            self._changed.wait_for(lambda: self._forks is None, PATIENCE)
            self._forks = me
            self._changed.wait_for(lambda: self._depths.keys() <= {me}, PATIENCE)
        for one in self._alive():
            one.rest()

    def _open(self) -> None:
        with self._mutex:
            self._forks = None
            self._changed.notify_all()

    def _open_in_child(self) -> None:
        me = threading.get_ident()
        self._begin({me: depth} if (depth := self._depths.get(me)) else {})
        for one in self._alive():
            one.forked()


# Module state, against the rule of this code base: there is one process to fork.
WHOLE = Whole()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=WHOLE._close, after_in_parent=WHOLE._open, after_in_child=WHOLE._open_in_child
    )
"""A fork waits for what threads do within `WHOLE`, not for itself, and not for ever."""


class Mutex:
    """A lock that a child of a fork never finds held by a thread of its parent.

    For what is short: a fork waits for who holds it. It is not reentrant.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        WHOLE.__enter__()
        try:
            self._lock.acquire()
        except BaseException:  # Ctrl-C
            WHOLE.__exit__(None, None, None)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        at: TracebackType | None,
    ) -> None:  # fmt: skip
        self._lock.release()
        WHOLE.__exit__(None, None, None)


class once(Generic[T]):  # noqa: N801 - as functools.cached_property
    """A property that is worked out when it is first asked for; by two threads, perhaps by both.

    `functools.cached_property` has, before Python 3.12, one lock for all objects of a class, which
    a fork leaves held in the child where a thread is at work in there.
    """

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, one: None, owner: type) -> once[T]: ...

    @overload
    def __get__(self, one: object, owner: type) -> T: ...

    def __get__(self, one: object | None, owner: type) -> once[T] | T:
        if one is None:
            return self
        found = one.__dict__[self._name] = self._make(one)
        return found
