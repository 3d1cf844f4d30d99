"""Keeps what plugins keep in this process: the last keys that were used, up to a number."""

from __future__ import annotations

import threading
from collections import OrderedDict

from ..forking import WHOLE
from ._store import Change


class MemoryStore:
    """A store of at most `most` keys; where there are more, the longest unused go.

    What it keeps ends with the process, and other processes do not see it.
    """

    blocking = False

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle as an empty store: the copy is for another process."""
        return MemoryStore, (self._most,)

    def load(self, key: str) -> bytes | None:
        """Return what is kept under `key`."""
        with WHOLE.lock, self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def update(self, key: str, change: Change) -> bytes:
        """Keep what `change` makes of what is kept, and return it."""
        with WHOLE.lock, self._lock:
            value = self._kept[key] = change(self._kept.get(key))
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
            return value

    def close(self) -> None:
        """Keep everything."""
