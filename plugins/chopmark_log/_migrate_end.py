"""Ends the move of a log: the database is the log, and the folder one of a machine that has it."""

from __future__ import annotations

import json
import shutil
from typing import NamedTuple

from chopmark import LogError

from ._epochs import destroy, epochs_in
from ._files import sync_folder, write_whole
from ._folder import FINGERPRINTS, LogFolder
from ._migrate_target import declare
from ._postgres import Address
from ._tables import ErasableFile

BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite may have beside a file."""


class State(NamedTuple):
    """What the file says that seals the folder: to where, and whether all of it is there."""

    to: str
    done: bool
    aside: str

    @classmethod
    def read(cls, folder: LogFolder) -> State | None:
        try:
            return cls(**json.loads(folder.moved.read_text("utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            raise LogError(f"{str(folder.moved)!r} cannot be read: {error}") from error

    def keep(self, folder: LogFolder) -> None:
        write_whole(folder.moved, json.dumps(self._asdict()) + "\n")

    def over(self, folder: LogFolder) -> State:
        state = self._replace(done=True)
        state.keep(folder)
        return state


def arrive(folder: LogFolder, address: Address, state: State) -> None:
    """Make the database the log, and take out of the folder what belongs there no more.

    Each step may have been done before.

    Raises:
        LogError: the database cannot be reached, or a file of SQLite refuses.
        OSError: a file cannot be moved.
    """
    declare(address)
    write_whole(folder.where, f"{address.text}\n")
    _forget_contents(folder)
    _put_aside(folder, state)
    folder.moved.unlink()
    sync_folder(folder.path)


def _put_aside(folder: LogFolder, state: State) -> None:
    """Keep the former file in a folder of its own, in which it can be verified."""
    aside = LogFolder(folder.path / state.aside)
    aside.path.mkdir(mode=0o700, exist_ok=True)
    state.keep(aside)
    for path in (folder.public, folder.second.public, folder.head, folder.handovers):
        if path.exists():
            shutil.copyfile(path, aside.path / path.name)
    for end in (*BESIDE, ""):  # the log itself last
        path = folder.base.with_name(folder.base.name + end)
        if path.exists():
            path.rename(aside.path / path.name)
    sync_folder(aside.path)


def _forget_contents(folder: LogFolder) -> None:
    """Take texts and their keys out of the folder: who is erased from now on is erased there."""
    keys = folder.path / "keys.db"
    if keys.exists():
        tables = ErasableFile(keys, writing=True)
        tables.rows("DELETE FROM keys")
        tables.scrub()  # from here on nobody can read a text by what is in the folder
        tables.close()
    fingerprints = folder.path / FINGERPRINTS
    if fingerprints.is_dir():
        numbers = epochs_in(fingerprints)
        if numbers:
            destroy(
                fingerprints, numbers
            )  # what a disk keeps of a file that is deleted says nothing
        shutil.rmtree(fingerprints)
    for name in ("side.db", "keys.db"):
        for end in (*BESIDE, ""):
            (folder.path / f"{name}{end}").unlink(missing_ok=True)
