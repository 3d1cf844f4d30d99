"""The options that name a store, the same in every plugin that keeps something between calls."""

from __future__ import annotations

from ..options import Table
from ._memory import MemoryStore
from ._sqlite import SQLiteStore
from ._store import Store

STORE_OPTIONS = ("most", "path", "store", "timeout")
"""What `open_store` reads."""


def open_store(given: Table, *, keep_seconds: float) -> Store:
    """Return the store that `given` names; raise `PolicyError`.

    `store` is "memory" (the default; `most`: 10,000 keys) or "sqlite" (`path`; `timeout`: 0.25
    seconds to wait for another process). A file forgets what was not updated for `keep_seconds`.
    """
    kind = given.one_of("store", ("memory", "sqlite"), "memory")
    most = given.whole("most", 10_000, least=1)
    timeout = given.number("timeout", 0.25, least=0, most=60)
    if kind == "memory":
        if "path" in given.data:
            raise given.wrong("path", 'is for store = "sqlite"')
        return MemoryStore(most)
    path = given.path("path", cure='write a file, path = "kept.db"')
    if not path.parent.is_dir():
        raise given.wrong("path", f"its folder does not exist; make it: {path.parent}")
    return SQLiteStore(path, timeout, keep_seconds)
