"""The keys that a process needs while it appends, and the files that keep all of them."""

from __future__ import annotations

import os
import weakref
from pathlib import Path

from chopmark import LogError
from chopmark.private import write_private

from ._content import KEY_BYTES, SubjectKey
from ._files import sync_folder
from ._flock import held, opened
from ._folder import LogFolder
from ._master import Subject, make_master, master_of, read_master
from ._side import Side
from ._subject import Keys
from ._turns import Turns

_KNOWN = 4096


class Keyring:
    """What a process that appends needs of the keys: the one of each subject, remembered.

    An erasure makes all processes forget theirs: it changes `keys.changed`, which is read each
    time.
    """

    def __init__(self, folder: LogFolder) -> None:
        ensure(folder)
        self._keys = Keys(folder)
        self._folder = folder
        self._master = master_of(folder, self._keys)
        self._changed = os.open(_changes(folder), os.O_RDONLY | os.O_CLOEXEC)
        self._known: tuple[bytes, dict[Subject, SubjectKey]] = (b"", {})
        self._making = Turns()
        weakref.finalize(self, os.close, self._changed)

    def key(self, subject: Subject) -> SubjectKey:
        """Return the key of a subject, made where it has none.

        Raises:
            LogError: it cannot be read or kept.
        """
        at = os.pread(self._changed, 8, 0)
        known = self._known
        if known[0] != at or len(known[1]) > _KNOWN:
            known = self._known = (at, {})
        found = known[1].get(subject)
        if found is None:
            with self._making:
                found = known[1].get(subject) or self._find(subject)
                known[1][subject] = found
        return found

    def rest(self) -> None:
        """Close keys.db until it is needed again."""
        self._keys.close()

    def _find(self, subject: Subject) -> SubjectKey:
        while True:
            master = self._master
            tag = master.tag(subject)
            row = self._keys.find(tag)
            if row is None:
                new = SubjectKey(os.urandom(16), os.urandom(KEY_BYTES))
                row = self._keys.add(tag, new.id, master.wrap(new), master.check)
            if row is not None:
                return master.unwrap(*row)
            self._master = master_of(self._folder, self._keys)  # another is in force since


def ensure(folder: LogFolder) -> None:
    """Make what a log needs to keep contents, where it is not there.

    Raises:
        LogError: it cannot be made.
    """
    if Keys.are_kept(folder) and _changes(folder).exists():
        return
    try:
        with held(opened(folder.path / "keys.lock")):
            kept = Keys.are_kept(folder)
            if not kept:  # else another machine made it, which has the master key
                make_master(folder)
            if not _changes(folder).exists():
                write_private(_changes(folder), bytes(8))
            Side.create(folder)
            if not kept:
                Keys.create(folder, read_master(folder).check)
            sync_folder(folder.path)
    except OSError as error:
        raise LogError(f"log {str(folder.path)!r} cannot keep contents: {error}") from error


def changed(folder: LogFolder) -> None:
    """Make all processes forget the keys that they know."""
    file = os.open(_changes(folder), os.O_RDWR | os.O_CLOEXEC)
    try:
        count = int.from_bytes(os.pread(file, 8, 0), "big") + 1
        os.pwrite(file, count.to_bytes(8, "big"), 0)
        os.fsync(file)
    finally:
        os.close(file)


def _changes(folder: LogFolder) -> Path:
    return folder.path / "keys.changed"
