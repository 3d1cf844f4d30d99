"""Puts a new master key in the place of the one that wraps the keys of subjects.

The new key is written down first, then all keys are wrapped anew in one transaction, which also
says that it is in force; then the old one is destroyed. Whatever is cut short leaves the one or the
other in force, and both to be read. No entry changes; the log gets one that says that it was done,
by which a copy of the keys from before can be told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import NamedTuple

from chopmark import LogError
from chopmark.private import write_private

from ._contents import leaf_of
from ._erase import Registrar
from ._files import overwrite, sync_folder
from ._folder import FINGERPRINTS, LogFolder
from ._master import (
    FILE,
    FILES,
    MASTER,
    NEXT,
    NEXT_FILE,
    Master,
    is_retired,
    master_of,
    masters,
    new_secret,
)
from ._store import Store
from ._subject import Keys

CHECK_BYTES = 32
AHEAD = 32
"""How many changes ahead of the keys that are there one is looked for in the log: the entry of the
next one may have been pruned."""


class Rotated(NamedTuple):
    """What was done: how many keys are wrapped anew, and how often that was done by now.

    `where` has the key that is in force; `keys` is 0 where only what a crash cut short was ended.
    """

    keys: int
    number: int
    where: str


def rotate_master(by: Registrar, progress: Callable[[int], object] = lambda n: None) -> Rotated:
    """Wrap all keys of subjects by a new master key, and destroy the old one in the log's folder.

    The new one is that of the environment (`NEXT`), else that in the file `NEXT_FILE`, else made.

    Raises:
        LogError: there is no new key to take, it was used before, or a file cannot be written.
    """
    folder, keys = by.folder, by.keys
    by.say()  # of the change before, if a crash left that unsaid
    current = master_of(folder, keys)
    if _is_half_done(folder, keys):
        count = 0
    else:
        new = current.followed_by(_next(folder, current, keys.retired).secret)
        number = len(new.earlier)
        with keys.transaction():
            keys.note(
                check=new.check,
                earlier=new.wrap_earlier(),
                retired=keys.retired + current.check,
            )
            count = keys.rewrap(
                lambda id, wrapped: new.wrap(current.unwrap(id, wrapped)), new.retag, progress
            )
            _, leaf = leaf_of("key", {"master": number}, rotation_id(number))
            keys.send(rotation_id(number), leaf)
    keys.scrub()
    _forget_fingerprints(folder)
    where = _finish(folder, keys)
    by.say()
    return Rotated(count, rotations(keys), where)


def rotations(keys: Keys) -> int:
    """Return how often the master key was changed."""
    return len(keys.retired) // CHECK_BYTES


def rotation_id(number: int) -> bytes:
    """Return the id, 16 bytes, of the entry about change `number` (1, 2, ...) of the master key."""
    return hashlib.sha256(b"chopmark/log/master\n%d" % number).digest()[:16]


def older_keys(folder: LogFolder, store: Store) -> list[str]:
    """Return, as a sentence, that the keys are those of before a change that the log knows of."""
    if not Keys.are_kept(folder):
        return []
    keys = Keys(folder, writing=False)
    try:
        known = rotations(keys)
    finally:
        keys.close()
    later = range(known + 1, known + AHEAD + 1)
    if all(store.find(rotation_id(number)) is None for number in later):
        return []
    told = (
        "the keys of subjects are an older copy: the master key was changed more often than the "
        f"{known} times of which they know; who was erased since may be readable by them: put the "
        "newest copy back, or erase again who was erased since, and run `chopmark log keys rotate`"
    )
    return [told]


def stale_masters(folder: LogFolder, keys: Keys) -> list[str]:
    """Return, as sentences, where there are master keys that are not in force."""
    check, retired, told = keys.check, keys.retired, []
    for where, one in masters(folder):
        if not isinstance(one, Master):
            told.append(str(one))
        elif one.check != check and is_retired(one, retired):
            told.append(f"{where} has a master key that was given up: take it away")
        elif one.check != check and where in (FILE, MASTER):
            told.append(f"{where} has a master key that is not that of the log")
        elif one.check == check and where == NEXT_FILE:
            told.append(f"{where} is in force: `chopmark log keys rotate` ends what was cut short")
        elif one.check == check and where == NEXT:
            told.append(f"{NEXT} is in force: put it into {MASTER}")
    return told


def _is_half_done(folder: LogFolder, keys: Keys) -> bool:
    """Return whether keys are wrapped by the next key, and the one before is still there."""
    found = dict(masters(folder))
    check = keys.check
    there = {
        where for where, one in found.items() if isinstance(one, Master) and one.check == check
    }
    if NEXT in there and FILE not in found and MASTER in found and MASTER not in there:
        raise LogError(
            f"{NEXT} is in force: put it into {MASTER}, and a new one into {NEXT} or nothing"
        )
    return NEXT_FILE in there or (bool(there) and _is_former(folder, keys.retired))


def _is_former(folder: LogFolder, retired: bytes) -> bool:
    """Return whether the file of the master key has one that was given up, or destroyed."""
    one = dict(masters(folder)).get(FILE)
    if isinstance(one, Master):
        return is_retired(one, retired)
    return one is not None and not any((folder.path / FILE).read_bytes())


def _next(folder: LogFolder, current: Master, retired: bytes) -> Master:
    found = dict(masters(folder))
    where = NEXT if NEXT in found else NEXT_FILE
    if where != NEXT and (MASTER in found or not {*FILES} & set(found)):
        # What is in a file counts for nothing beside it.
        raise LogError(
            f"the master key is in the environment: put a new one, as `chopmark log keys new` "
            f"makes it, into {NEXT}"
        )
    if where not in found:
        write_private(folder.path / NEXT_FILE, f"{new_secret()}\n".encode(), new=True)
        found = dict(masters(folder))
    new = found[where]
    if not isinstance(new, Master):
        raise new
    if new.check == current.check or is_retired(new, retired):
        raise LogError(f"{where} has a master key that was used before; nothing was changed")
    return new


def _finish(folder: LogFolder, keys: Keys) -> str:
    """Destroy what is in the folder of former master keys; return where the one in force is."""
    check, retired = keys.check, keys.retired
    found = dict(masters(folder))
    in_force = [w for w, one in found.items() if isinstance(one, Master) and one.check == check]
    file, following = folder.path / FILE, folder.path / NEXT_FILE
    if NEXT_FILE in in_force:
        if file.exists():
            overwrite(file)
        following.replace(file)
        sync_folder(folder.path)
        return FILE
    if _is_former(folder, retired):
        overwrite(file)
        file.unlink()
        sync_folder(folder.path)
    return in_force[0]


def _forget_fingerprints(folder: LogFolder) -> None:
    """Destroy the keys of fingerprints, which the old master key opens; they are made anew."""
    place = folder.path / FINGERPRINTS
    if not place.is_dir():
        return
    from ._epochs import destroy, epochs_in
    from ._segments import Segments

    with Segments(place).writing():
        numbers = epochs_in(place)
        if numbers:
            destroy(place, numbers)
