"""Begins a new log in the place of one that was set back, and puts that one aside."""

from __future__ import annotations

import time

from chopmark import LogError

from ._folder import LogFolder
from ._integrate import integrate, publish
from ._leaf import VERSION, encode
from ._spool import sync_folder


def start_anew(folder: LogFolder, origin: str, writer: str) -> str:
    """Put a log that is an older copy aside, begin one named `origin`, and return where it is.

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
    signed = folder.head.read_text("utf-8").split("\n")[1] if folder.head.exists() else "0"
    aside = folder.path / f"former-{time.time_ns() // 1_000_000:x}"
    made = LogFolder(aside / "next")
    try:
        aside.mkdir(mode=0o700)
        made.create(origin, ml_dsa=folder.second.public.exists())
        beside = [folder.base.with_name(folder.base.name + end) for end in ("-wal", "-shm")]
        own = [folder.key, folder.next_key, folder.public, *folder.second]
        for path in (folder.base, *beside, *own, folder.handovers, folder.head):
            if path.exists():
                path.rename(aside / path.name)
        for path in (made.key, made.public, *made.second, made.base):
            if path.exists():
                path.rename(folder.path / path.name)
        sync_folder(aside)
        sync_folder(folder.path)
        for path in (made.lock, made.spools, made.path):
            path.unlink() if path.is_file() else path.rmdir()
    except OSError as error:
        raise LogError(f"log {str(folder.path)!r} cannot be put aside: {error}") from error
    leaf = encode(
        {
            "v": VERSION, "k": "gap", "t": time.time_ns() // 1_000_000,
            "w": {"h": writer, "n": 0}, "why": "an older copy was put in the former log's place",
            "former": former, "found": found, "signed": int(signed),
            "checkpoint": last.note if last else "",
        }
    )  # fmt: skip
    store = folder.open(writing=True)
    try:
        store.take([(None, leaf)], {})
        integrate(folder, store)
        publish(folder, store)
    finally:
        store.close()
    return str(aside)
