"""For authors of plugins: what no fork may come between.

A child of a fork has one thread, and every lock as its parent's threads held it just then: it waits
for ever for one that another thread had. SQLite has such locks for all its files together, Python
for what is being imported (POSIX, fork: application usage).
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, overload

if TYPE_CHECKING:
    Lock = threading.RLock

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
    """What threads do while they hold its lock, no fork comes between; see `lock`.

    Each thread has a lock of its own, so that they do not wait for one another, and a fork takes
    them all. Enter it before any lock that is held in there: one that is held by who waits to enter
    would be held in the child, too. `with` knows such locks itself: an exception that a handler of
    a signal raises leaves none of them held.
    """

    def __init__(self) -> None:
        self._own = threading.local()  # its `lock`, and what it `held` while it forks
        self._locks: list[weakref.ref[Lock]] = []
        self._making = threading.RLock()  # held by who forks, until it is done
        self._resting: dict[int, weakref.ref[Resting]] = {}

    @property
    def lock(self) -> Lock:
        """The lock of this thread, reentrant: `with WHOLE.lock, self._lock:`.

        A fork waits until the other threads have left theirs, and lets nobody in until it is made.
        Of its own thread it takes no notice.
        """
        try:
            return self._own.lock  # type: ignore[no-any-return]
        except AttributeError:
            with self._making:
                lock = threading.RLock()
                self._locks = [ref for ref in self._locks if ref() is not None]
                self._locks.append(weakref.ref(lock))
                self._own.lock = lock
            return lock

    def rests(self, one: Resting) -> None:
        """Have `one` rest before each fork, when no other thread is within, as long as it lives."""
        self._resting[id(one)] = weakref.ref(one)
        weakref.finalize(one, self._resting.pop, id(one), None).atexit = False

    def _alive(self) -> list[Resting]:
        return [one for ref in list(self._resting.values()) if (one := ref()) is not None]

    def _close(self) -> None:
        deadline = time.monotonic() + PATIENCE
        held: list[Lock] = []
        self._own.held = held
        alive = [lock for ref in self._locks if (lock := ref()) is not None]
        held.extend(  # one by one: what was taken is known when Ctrl-C comes
            lock
            for lock in (self._making, *alive)
            if lock.acquire(timeout=max(0.0, deadline - time.monotonic()))
        )
        for one in self._alive():
            one.rest()

    def _open(self) -> None:
        while self._own.held:
            self._own.held.pop().release()

    def _open_in_child(self) -> None:
        self._open()
        # What could not be had in time is held by a thread that is not here.
        self._making = threading.RLock()
        mine = getattr(self._own, "lock", None)
        self._locks = [] if mine is None else [weakref.ref(mine)]
        for one in self._alive():
            one.forked()


# Module state, against the rule of this code base: there is one process to fork.
WHOLE = Whole()
"""A fork waits for what threads do with its `lock`, not for itself, and not for ever."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=WHOLE._close, after_in_parent=WHOLE._open, after_in_child=WHOLE._open_in_child
    )


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
