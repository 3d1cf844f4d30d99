"""Takes what is in the spools into the log, and signs what the log then is."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from chopmark import LogError

from ._content import is_payload
from ._contents import Contents
from ._cosignatures import Cosignatures
from ._files import sync_folder, write_whole
from ._flock import held, opened
from ._folder import LogFolder
from ._gone import note, tell_gone
from ._handover import all_signers
from ._signing import sign_note
from ._spool import SUFFIX, TORN, TWICE, Frame, SpoolError, is_alive, read_frames
from ._store import Leaf, OvertakenError, Store, id_of
from .verify import Checkpoint, VerifyError, check_consistency, open_checkpoint, split_note

_logger = logging.getLogger("chopmark")
BATCH = 4096
"""How many entries one transaction takes at the most."""


class Taken(NamedTuple):
    """What a run took: how many entries, and how many the log has now."""

    entries: int
    size: int


@contextlib.contextmanager
def integrating(folder: LogFolder) -> Iterator[bool]:
    """Hold the lock of the log while the block runs; yield whether it could be had.

    Raises:
        LogError: its file cannot be opened.
    """
    try:
        file = opened(folder.lock)
    except OSError as error:
        raise LogError(f"log {str(folder.path)!r} cannot be locked: {error}") from error
    with held(file, wait=False) as mine:
        yield mine


def integrate(folder: LogFolder, store: Store) -> Taken:
    """Take all whole frames of all spools, and what waits in the store. The caller holds the lock.

    A spool that is damaged, or cannot be read, stops none of the others.

    Raises:
        LogError: a spool is damaged, the log did not take them, or it is an older copy.
    """
    check_head(folder, store)
    if folder.address is not None:
        from ._postgres_doubts import settle_doubts

        settle_doubts(folder, store)
    taken, faults = store.collect(), []
    known = store.read()
    paths = sorted(folder.spools.glob(f"*{SUFFIX}"))
    if folder.address is None:
        taken += tell_gone(folder, store, known.keys() - {path.name for path in paths})
    for path in paths:
        try:
            taken += _take(folder, path, known.get(path.name), store)
        except FileNotFoundError:
            continue
        except (SpoolError, OSError) as error:
            faults.append(str(error))
    if faults:
        raise LogError("; ".join(faults))
    return Taken(taken, store.size)


def _take(folder: LogFolder, path: Path, read: int | None, store: Store) -> int:
    """Take what a spool has behind byte `read`, which is None where nothing was taken of it yet."""
    alive = is_alive(path)  # asked first: what it writes until it ends is read below
    if read is None and _was_taken(path, store):
        _logger.warning("spool %s was taken already; it is kept aside as %s", path, TWICE)
        path.rename(path.with_suffix(TWICE))
        return 0
    if read is None and path.stat().st_size:
        note(folder, store, path.name)
    taken, start = 0, read or 0
    at = start
    contents = Contents(folder, store)
    batch: list[Leaf] = []
    fault: SpoolError | None = None
    frames = read_frames(path, at)
    while True:
        try:
            frame = next(frames, None)
            if frame is not None:
                if is_payload(frame.leaf):
                    contents.add(frame.leaf)
                else:
                    batch.append((_id(path, frame), frame.leaf))
                at = frame.end
        except SpoolError as error:
            frame, fault = None, error
        if batch and (frame is None or len(batch) == BATCH):
            batch += contents.keep()  # before the leaves: none is without what it speaks of
            store.take(batch, {path.name: at}, {path.name: start})
            taken, batch, start = taken + len(batch), [], at
        if frame is None:
            break
    if fault is not None:
        raise fault
    if not alive:
        _retire(path, at, store)
    return taken


def _id(path: Path, frame: Frame) -> bytes | None:
    try:
        return id_of(frame.leaf)
    except LogError as error:
        raise SpoolError(f"spool {str(path)!r} holds what is {error}; run `log recover`") from error


def _was_taken(path: Path, store: Store) -> bool:
    """Return whether the log has this spool from an earlier time: a backup brought it back."""
    for frame in read_frames(path, 0):
        if is_payload(frame.leaf):
            continue
        name = _id(path, frame)
        return name is not None and store.holds(name, frame.leaf)
    return False


def check_head(folder: LogFolder, store: Store) -> None:
    """Raise unless the log has all that was signed last.

    Raises:
        LogError: it is an older copy, or a file of it cannot be read.
    """
    try:
        note = folder.head.read_text("utf-8")
    except FileNotFoundError:
        return
    except (OSError, UnicodeError) as error:
        raise LogError(f"{str(folder.head)!r} cannot be read: {error}") from error
    last = store.checkpoint()
    if last is not None and last.note == note:
        return
    try:
        head = Checkpoint.parse_body(split_note(note)[0])
    except VerifyError as error:
        raise LogError(f"{str(folder.head)!r} is no checkpoint: {error}") from error
    kept = store.checkpoint(head.size)
    if kept is None or kept.note != note:
        raise LogError(
            f"a checkpoint of {head.size} entries was signed, and the log has it no more: an older "
            "copy was put in its place; nothing is taken or signed until `log recover`"
        )


def head_faults(folder: LogFolder, store: Store) -> list[str]:
    """Return what `check_head` has to say, as a list that is empty where all is well."""
    try:
        check_head(folder, store)
    except LogError as error:
        return [str(error)]
    return []


def publish(folder: LogFolder, store: Store) -> str | None:
    """Sign what the log is, where it grew, and return the note. The caller holds the lock.

    Raises:
        LogError: the log does not begin with what was signed last, so nothing is signed: it was
            changed, or an older copy was put in its place; or a witness refused it.
    """
    check_head(folder, store)
    if not folder.signs:
        return None  # another machine does
    last = store.checkpoint()
    size = store.size
    if last is not None and last.size >= size:
        if last.size > size:
            raise LogError(
                f"the log has {size} entries and a checkpoint of {last.size} is signed: an older "
                "copy was put in its place; nothing is signed until `log recover`"
            )
        if not folder.head.exists() or folder.head.read_text("utf-8") != last.note:
            write_whole(folder.head, last.note)  # a crash came between the two
        return None
    if not size:
        return None
    refusal = Cosignatures(folder.path).refusal(store.origin)
    if refusal is not None:
        raise LogError(
            f"nothing is signed: {refusal}; put the newest copy of the log back or, where it is "
            "lost, begin a new log by `chopmark log recover --new-origin`"
        )
    keys = all_signers(folder, store)
    tree = store.tree(size)
    head = Checkpoint(store.origin, size, tree.root())
    if last is not None:
        try:
            before = open_checkpoint(last.note, [key.public for key in keys]).checkpoint
            proof = tree.consistency(before.size)
            check_consistency(before.size, before.root, head.size, head.root, proof)
        except VerifyError as error:
            raise LogError(f"nothing is signed: {error}") from error
    now = time.time_ns() // 1_000_000
    stamp = now if last is None else max(now, last.time)  # the clock may have gone back
    note = sign_note(head, keys, stamp // 1000)
    try:
        store.publish(head, stamp, note, last.size if last is not None else 0)
    except OvertakenError:
        return publish(folder, store)  # another machine was faster; what is left is less each time
    write_whole(folder.head, note)
    return note


def _retire(path: Path, read: int, store: Store) -> None:
    """Take away the spool of a process that ended, now that the log has all of it."""
    store.note_spool(path.name, read, over=True)
    if path.stat().st_size > read:
        # A torn frame is what the process had not been promised; it is kept for `recover`.
        _logger.warning("spool %s ends in a torn frame; it is kept aside as %s", path, TORN)
        path.rename(path.with_suffix(TORN))
    else:
        path.unlink(missing_ok=True)
    # Before it is forgotten: if a power cut brought it back, it would be taken a second time.
    sync_folder(path.parent)
    store.forget_spool(path.name)
