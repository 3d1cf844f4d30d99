"""Tells how far a log is behind: for how long what was taken waits to be put into the tree."""

from __future__ import annotations

import time

from ._content import is_payload
from ._folder import LogFolder
from ._leaf import decode
from ._spool import SUFFIX, read_frames


def behind(folder: LogFolder) -> float:
    """Return for how many seconds the oldest record waits in a spool of any process, 0.0 for none.

    It counts from the end of the record's call.

    Raises:
        LogError: a spool, or the log, is damaged.
        OSError: a spool cannot be read.
    """
    if not folder.is_log:
        return 0.0
    store = folder.open()
    try:
        read = store.read()
    finally:
        store.close()
    oldest = now = time.time() * 1000
    for path in folder.spools.glob(f"*{SUFFIX}"):
        try:
            for frame in read_frames(path, read.get(path.name, 0)):
                if not is_payload(frame.leaf):
                    call = decode(frame.leaf)
                    oldest = min(oldest, call["t"] + call.get("duration", 0))
                    break
        except FileNotFoundError:
            continue  # taken in the meantime
    return (now - oldest) / 1000
