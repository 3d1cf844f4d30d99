"""Tells how far a log is behind: for how long what was taken waits to be put into the tree."""

from __future__ import annotations

import time
from collections.abc import Iterator

from ._content import is_payload
from ._folder import LogFolder
from ._leaf import decode
from ._spool import DOUBT, SUFFIX, read_frames
from ._store import Store


def behind(folder: LogFolder) -> float:
    """Return for how many seconds the oldest record waits to be in the tree, 0.0 where none does.

    It counts from the end of the record's call, whatever process or machine made that.

    Raises:
        LogError: a spool, or the log, is damaged or cannot be reached.
        OSError: a spool cannot be read.
    """
    if not folder.is_log:
        return 0.0
    store = folder.open()
    try:
        now = time.time() * 1000
        ends = [call["t"] + call.get("duration", 0) for call in map(decode, _first(folder, store))]
    finally:
        store.close()
    return max([now - end for end in ends], default=0.0) / 1000


def _first(folder: LogFolder, store: Store) -> Iterator[bytes]:
    """Return the leaf that waits at the head of each spool, and of the store's own."""
    waits = store.next()
    if waits is not None:
        yield waits
    read = store.read()
    for path in [one for end in (SUFFIX, DOUBT) for one in folder.spools.glob(f"*{end}")]:
        try:
            frames = read_frames(path, read.get(path.name, 0))
            waits = next((f.leaf for f in frames if not is_payload(f.leaf)), None)
        except FileNotFoundError:
            continue  # taken in the meantime
        if waits is not None:
            yield waits
