"""Keeps originals in memory behind placeholders that a language model can carry.

A placeholder is `<EMAIL_` and ten consonants and `>`. The consonants are a keyed hash of the
original, so one value has one placeholder within a scope, in every message of a conversation;
nobody without the key can guess one, and none holds a digit or a word. Nothing is written to disk.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count

from chopmark.forking import WHOLE

from ._placeholder import CORE, code
from ._restore import Restorer

_TAG = re.compile(r"[A-Z]{2,8}").fullmatch


@dataclass(frozen=True, slots=True, repr=False)
class _Entry:  # without a repr, so that no traceback or log shows an original
    original: str
    scope: str
    since: float


class Vault:
    """Maps placeholders to what they stand for. Shared by threads.

    Args:
        entries: the most originals that are kept; the one longest unused goes first.
        seconds: how long one is kept after it was last hidden.
        clock: seconds that only grow.
        key: what placeholders are made with; random by default, so that they end with the
            process.
        owner: an object that must live as long as the vault.
    """

    def __init__(
        self,
        *,
        entries: int = 10_000,
        seconds: float = 3600.0,
        clock: Callable[[], float] = time.monotonic,
        key: bytes = b"",
        owner: object = None,
    ) -> None:
        self._most = entries
        self._seconds = seconds
        self._clock = clock
        self._owner = owner
        self._key = key or secrets.token_bytes(32)
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        with WHOLE.lock, self._lock:
            self._expire()
            return len(self._entries)

    def __repr__(self) -> str:
        return f"Vault(entries={len(self)})"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a vault stays in the memory of its process and cannot be pickled")

    def hide(self, tag: str, original: str, scope: str = "") -> str:
        """Keep `original` and return its placeholder.

        `tag` is two to eight capitals that tell a reader what it is. `scope` is a conversation
        or request: what one scope hides, another cannot restore or forget.

        Raises:
            ValueError: the tag is something else.
        """
        if not _TAG(tag):
            raise ValueError(f"tag {tag!r} is not two to eight capital letters")
        with WHOLE.lock, self._lock:
            self._expire()
            for turn in count():
                core = f"{tag}_{code(self._key, tag, original, scope, str(turn))}"
                held = self._entries.get(core)
                if held is None or (held.original, held.scope) == (original, scope):
                    break
            self._entries[core] = _Entry(original, scope, self._clock())
            self._entries.move_to_end(core)
            while len(self._entries) > self._most:
                self._entries.popitem(last=False)
        return f"<{core}>"

    def restorer(self, texts: Iterable[str], scope: str = "") -> Restorer:
        """Return a restorer of the placeholders that stand in `texts`, and of no other.

        It keeps their originals itself, also when the vault forgets them meanwhile.
        """
        cores = {core for text in texts for core in CORE.findall(text)}
        return Restorer(self.known(cores, scope))

    def restore(self, text: str, scope: str = "") -> str:
        """Return `text` with the placeholders of `scope` replaced by their originals."""
        restorer = self.restorer([text], scope)
        return restorer.feed(text) + restorer.finish()

    def forget(self, scope: str | None = None) -> int:
        """Drop everything of `scope`, or everything; return how many originals that were."""
        with WHOLE.lock, self._lock:
            gone = [c for c, e in self._entries.items() if scope is None or e.scope == scope]
            for core in gone:
                del self._entries[core]
        return len(gone)

    def known(self, cores: Iterable[str], scope: str = "") -> dict[str, str]:
        """Return what `cores`, placeholders without brackets, stand for, where that is kept."""
        with WHOLE.lock, self._lock:
            self._expire()
            held = ((core, self._entries.get(core)) for core in cores)
            return {c: e.original for c, e in held if e is not None and e.scope == scope}

    def _expire(self) -> None:
        """Drop what is too old; hiding again moves an entry to the end, so they stay in order."""
        oldest = self._clock() - self._seconds
        while self._entries and next(iter(self._entries.values())).since < oldest:
            self._entries.popitem(last=False)
