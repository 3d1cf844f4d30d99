"""Takes what is in the spools into the log, and signs what the log then is."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from chopmark import LogError

from ._folder import LogFolder
from ._signing import sign_note
from ._spool import SUFFIX, is_alive, read_frames
from ._store import Store, id_of
from .verify import Checkpoint, VerifyError, check_consistency, open_checkpoint

BATCH = 4096
"""How many entries one transaction takes at the most."""


class Taken(NamedTuple):
    """What a run took: how many entries, and how many the log has now."""

    entries: int
    size: int


@contextlib.contextmanager
def integrating(folder: LogFolder) -> Iterator[bool]:
    """Hold the lock of the log while the block runs; yield whether it could be had."""
    file = os.open(folder.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True
    finally:
        os.close(file)


def integrate(folder: LogFolder, store: Store) -> Taken:
    """Take all whole frames of all spools. The caller holds the lock.

    Raises:
        LogError: a spool is damaged, or the log did not take them.
    """
    taken = 0
    known = dict(store.read())
    for path in sorted(folder.spools.glob(f"*{SUFFIX}")):
        alive = is_alive(path)  # asked first: what it writes until it ends is read below
        at = known.get(path.name, 0)
        batch: list[tuple[bytes | None, bytes]] = []
        for frame in read_frames(path, at):
            batch.append((id_of(frame.leaf), frame.leaf))
            at = frame.end
            if len(batch) == BATCH:
                store.take(batch, {path.name: at})
                taken, batch = taken + len(batch), []
        if batch:
            store.take(batch, {path.name: at})
            taken += len(batch)
        if not alive:
            _retire(path, at, store)
    return Taken(taken, store.size)


def publish(folder: LogFolder, store: Store) -> str | None:
    """Sign what the log is, where it grew, and return the note. The caller holds the lock.

    Raises:
        LogError: the log does not begin with what was signed last, so nothing is signed: it was
            changed, or an older copy was put in its place.
    """
    last = store.checkpoint()
    size = store.size
    if last is not None and last[0] >= size:
        if last[0] > size:
            raise LogError(
                f"the log has {size} entries and a checkpoint of {last[0]} is signed: an older "
                "copy was put in its place; nothing is signed until `log recover`"
            )
        return None
    if not size:
        return None
    key = folder.signing_key()
    head = Checkpoint(store.origin, size, store.tree().root())
    if last is not None:
        try:
            before = open_checkpoint(last[2], [key.public]).checkpoint
            tree = store.tree()
            proof = tree.consistency(before.size)
            check_consistency(before.size, before.root, head.size, head.root, proof)
        except VerifyError as error:
            raise LogError(f"nothing is signed: {error}") from error
    now = time.time_ns() // 1_000_000
    stamp = now if last is None else max(now, last[1])  # the clock may have gone back
    note = sign_note(head, [key])
    store.publish(head, stamp, note)
    return note


def _retire(path: Path, read: int, store: Store) -> None:
    """Take away the spool of a process that ended, now that the log has all of it."""
    if path.stat().st_size > read:
        # A torn frame is what the process had not been promised; it is kept for `recover`.
        path.rename(path.with_suffix(".torn"))
    else:
        path.unlink(missing_ok=True)
    store.forget_spool(path.name)
