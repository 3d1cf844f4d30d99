"""What the hooks of one plugin share for a policy."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import Generic, TypeVar

from ..forking import WHOLE
from ..policy import Policy

T = TypeVar("T")


class PerPolicy(Generic[T]):
    """Makes one thing for each policy object, so that a plugin's hooks all have the same.

    It keeps none alive: what nobody uses any more goes, and is made again for who asks later.
    """

    def __init__(self, make: Callable[[Policy], T]) -> None:
        self._make = make
        self._known: weakref.WeakValueDictionary[int, T] = weakref.WeakValueDictionary()
        self._lock = threading.Lock()

    def of(self, policy: Policy) -> T:
        """Return what belongs to `policy`; what `make` raises is raised."""
        with WHOLE.lock, self._lock:
            found = self._known.get(id(policy))
            if found is None:
                found = self._known[id(policy)] = self._make(policy)
                # The policy lives as long as it, so that no other can have its id.
                weakref.finalize(found, _forget, policy).atexit = False
            return found


def _forget(policy: Policy) -> None:
    """Let go of the policy."""
