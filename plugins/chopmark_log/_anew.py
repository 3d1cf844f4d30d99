"""Begins a new log in the place of one that was set back, and puts that one aside.

The new one is whole, with its first entry, before a file of the former one is moved. From then on
the file `anew` says what is moved, nobody else opens the log, and whoever is killed amid it is
followed by the next `log recover`, which ends it.
"""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import NamedTuple

from chopmark import LogError

from ._canonical import encode
from ._files import sync_folder, write_whole
from ._folder import LogFolder
from ._integrate import integrate, publish
from ._leaf import VERSION
from .verify import Checkpoint, VerifyError, split_note

_NEXT = "next"
"""Where the new log is made, in the folder to which the former one goes."""


class Anew(NamedTuple):
    """A new log that has the place of a former one: its origin, and where the former one is."""

    origin: str
    aside: Path


def start_anew(folder: LogFolder, origin: str, writer: str) -> Anew:
    """Put a log that is an older copy aside, and begin one named `origin`.

    What waits in the spools goes into the new log. The first entry names the former one. The caller
    holds the lock of the log, and no process has it open.

    Raises:
        LogError: the former log has that origin, or a file cannot be moved.
    """
    if folder.address is not None:
        raise LogError(
            "a log in a database that machines share is not put aside from one of them: put the "
            "newest copy of the database back, or begin a log in another one, with new folders"
        )
    before = folder.open()
    try:
        former, found, last = before.origin, before.size, before.checkpoint()
    finally:
        before.close()
    if origin == former:
        raise LogError(
            f"{origin!r} is the origin of the log that was set back: under the same name two logs "
            "would contradict each other; give the new one another"
        )
    leaf = encode(
        {
            "v": VERSION, "k": "gap", "t": time.time_ns() // 1_000_000,
            "w": {"h": writer, "n": 0}, "why": "an older copy was put in the former log's place",
            "former": former, "found": found, "signed": _signed(folder),
            "checkpoint": last.note if last else "",
        }
    )  # fmt: skip
    aside = folder.path / f"former-{time.time_ns() // 1_000_000:x}"
    made = LogFolder(aside / _NEXT)
    own = [folder.key, folder.next_key, folder.public, *folder.second]
    names = [one.name for one in (folder.base, *own, folder.handovers, folder.head) if one.exists()]
    try:
        _take_away_unused(folder)
        aside.mkdir(mode=0o700)
        made.create(origin, ml_dsa=folder.second.public.exists())
        store = made.open(writing=True)
        try:
            store.take([(None, leaf)], {})
        finally:
            store.close()
        told = {"aside": aside.name, "origin": origin, "former": names}
        write_whole(folder.anew, json.dumps(told) + "\n")
    except OSError as error:
        raise LogError(f"log {str(folder.path)!r} cannot be put aside: {error}") from error
    return end_anew(folder)


def end_anew(folder: LogFolder, origin: str | None = None) -> Anew:
    """End what `start_anew` began; the caller holds the lock of the log.

    Raises:
        LogError: that was begun with another origin than `origin`, or a file cannot be moved.
    """
    begun, names = _begun(folder)
    if origin not in (None, begun.origin):
        raise LogError(
            f"a log named {begun.origin!r} is being begun in {str(folder.path)!r}: end that first, "
            "by the same command with this name, or without one"
        )
    made = LogFolder(begun.aside / _NEXT)
    try:
        if made.base.exists():  # else what is beside the log here is the new one's
            names += [f"{folder.base.name}-wal", f"{folder.base.name}-shm"]
        for name in names:
            if (folder.path / name).exists() and not (begun.aside / name).exists():
                (folder.path / name).rename(begun.aside / name)
        if made.path.exists():
            files = [one for one in made.path.iterdir() if one.is_file() and one != made.lock]
            for path in sorted(files, key=made.base.__eq__):  # the log itself comes last
                path.rename(folder.path / path.name)
        sync_folder(begun.aside)
        sync_folder(folder.path)
        shutil.rmtree(made.path, ignore_errors=True)
        folder.anew.unlink()
        sync_folder(folder.path)
    except OSError as error:
        raise LogError(f"log {str(folder.path)!r} cannot be put aside: {error}") from error
    store = folder.open(writing=True)
    try:
        integrate(folder, store)
        publish(folder, store)
    finally:
        store.close()
    return begun


def _begun(folder: LogFolder) -> tuple[Anew, list[str]]:
    """Return what was begun, and the names of the files of the former log."""
    try:
        told = json.loads(folder.anew.read_text("utf-8"))
        found = Anew(str(told["origin"]), folder.path / _name(told["aside"]))
        return found, [_name(one) for one in told["former"]]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise LogError(f"{str(folder.anew)!r} cannot be read: {error}") from error


def _name(told: str) -> str:
    if not told.strip(".") or Path(told).name != told:
        raise ValueError(f"{told!r} is no name of a file")
    return told


def _signed(folder: LogFolder) -> int:
    """Return how many entries the last signed head had, 0 where that is not known."""
    try:
        note = folder.head.read_text("utf-8")
        return Checkpoint.parse_body(split_note(note)[0]).size
    except (OSError, UnicodeError, VerifyError):
        return 0


def _take_away_unused(folder: LogFolder) -> None:
    """Take away new logs that were made, and not begun: nothing of a former one is beside them."""
    for aside in folder.path.glob("former-*"):
        if aside.is_dir() and all(one.name.startswith(_NEXT) for one in aside.iterdir()):
            shutil.rmtree(aside, ignore_errors=True)
