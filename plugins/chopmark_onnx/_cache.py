"""Remembers what a model said of a window, and nothing of what was in it."""

from __future__ import annotations

import os
import threading
from array import array
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b

from chopmark.forking import WHOLE


class Cache:
    """The probabilities of the windows that were judged last. Shared by threads.

    A window is known by a digest of its token ids, which are its text in the normal form that
    the model reads: two texts that differ in what the tokenizer drops (case, width, white space,
    as the model has it) are one. The digest has a key of this process, so that it cannot be
    looked up in a list of digests of likely texts.
    """

    def __init__(self) -> None:
        self.size = 0
        self._lock = threading.Lock()
        self._found: OrderedDict[bytes, Sequence[float]] = OrderedDict()
        self._key = os.urandom(32)

    def reserve(self, size: int) -> None:
        """Keep `size` windows from now on, or more where others asked for more."""
        with WHOLE.lock, self._lock:
            self.size = max(self.size, size)

    def key(self, window: Sequence[int]) -> bytes:
        """Return what the window of these token ids is known by."""
        return blake2b(array("I", window).tobytes(), digest_size=16, key=self._key).digest()

    def get(self, key: bytes) -> Sequence[float] | None:
        """Return the probabilities of a window, or None where they are not known any more."""
        with WHOLE.lock, self._lock:
            found = self._found.get(key)
            if found is not None:
                self._found.move_to_end(key)
            return found

    def put(self, key: bytes, values: Sequence[float]) -> None:
        """Remember the probabilities of a window, and forget those used longest ago."""
        with WHOLE.lock, self._lock:
            self._found[key] = values
            while len(self._found) > self.size:
                self._found.popitem(last=False)

    def __len__(self) -> int:
        return len(self._found)
