"""What pages share and is dear to make: made when first asked for, closed with the desk."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar, cast

T = TypeVar("T")


class Kept:
    """Holds things by name. Of threads, those that ask for one being made wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._making: dict[str, threading.Lock] = {}
        self._things: dict[str, object] = {}

    def get(self, name: str, make: Callable[[], T]) -> T:
        """Return the thing of that name, which `make` makes at the first time."""
        with self._lock:
            making = self._making.setdefault(name, threading.Lock())
        with making:
            if name not in self._things:
                self._things[name] = make()
            return cast(T, self._things[name])

    def close(self) -> None:
        """Close those that can be closed, the last one first."""
        while self._things:
            _, thing = self._things.popitem()
            close = getattr(thing, "close", None)
            if close is not None:
                close()
