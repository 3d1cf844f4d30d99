"""Moves sealed contents from the spools into the side store, before the leaves that name them."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from ._canonical import encode
from ._content import Payload, read_payload
from ._folder import LogFolder
from ._keyring import ensure
from ._leaf import VERSION
from ._side import Side
from ._store import Leaf, Store
from ._subject import Keys

_logger = logging.getLogger("chopmark")
_MOST_BYTES = 1 << 24


class Contents:
    """What one run takes from a spool. A payload may be taken twice: it is kept once."""

    def __init__(self, folder: LogFolder, store: Store) -> None:
        self._folder, self._store = folder, store
        self._waiting: list[Payload] = []
        self._bytes = 0
        self._leaves: list[Leaf] = []

    def add(self, body: bytes) -> None:
        """Take the frame of a payload.

        Raises:
            LogError: the side store did not take it.
        """
        self._waiting.append(read_payload(body))
        self._bytes += len(body)
        if self._bytes > _MOST_BYTES:
            self._put()

    def keep(self) -> list[Leaf]:
        """Return when the side store has all that was added, with leaves on what cannot be opened.

        Raises:
            LogError: the side store did not take it.
        """
        if self._waiting:
            self._put()
        leaves, self._leaves = self._leaves, []
        return leaves

    def _put(self) -> None:
        waiting, self._waiting, self._bytes = self._waiting, [], 0
        keys, side = beside(self._folder, self._store)
        states = keys.states(one.key for one in waiting)
        side.put([one for one in waiting if states[one.key] == "there"])
        # Of a call that was in progress while its subject was erased.
        side.forget({one.record for one in waiting if states[one.key] == "erased"})
        for record in sorted({one.record for one in waiting if states[one.key] == "lost"}):
            _logger.error("the key of record %s is missing from keys.db", UUID(bytes=record))
            self._leaves.append(
                leaf_of(
                    "gap",
                    {
                        "why": "its key is missing from keys.db, so its content was not kept",
                        "record": str(UUID(bytes=record)),
                    },
                )
            )


def beside(folder: LogFolder, store: Store) -> tuple[Keys, Side]:
    """Return keys and contents of a log, which are open as long as `store` is."""
    found: tuple[Keys, Side] | None = store.beside
    if found is None:
        ensure(folder)
        found = store.beside = Keys(folder), Side(folder, writing=True)
    return found


def leaf_of(kind: str, data: Mapping[str, Any], name: bytes = b"") -> tuple[bytes, bytes]:
    """Return a leaf that no process with calls wrote, behind its id: `name`, or a new one."""
    id = UUID(bytes=name) if name else uuid4()
    writer = {"h": f"{time.time_ns() // 1_000_000:x}-{secrets.token_hex(4)}", "n": 0}
    whole = {"v": VERSION, "k": kind, "id": str(id), "t": time.time_ns() // 1_000_000, "w": writer}
    return id.bytes, encode({**whole, **data})
