"""Notices that a spool is gone of which the log may not have all, and has the log say so.

A spool is noted in the log as soon as anything is in it, and noted as over before it is taken away
by whoever takes the spools in. So one that is noted, not over, and not there was deleted by
somebody else: a cleaner of old files, or a hand.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable

from ._contents import leaf_of
from ._files import sync_folder
from ._folder import LogFolder
from ._spool import DAMAGED, SUFFIX, TORN, TWICE
from ._store import Store

_logger = logging.getLogger("chopmark")
GONE = ".gone"
"""The end of the name under which the log notes how far it had read a spool that is gone."""
WHY = "the spool of a process is gone; what it had behind byte `from` is missing"

_WHY = f',"why":"{WHY}",'.encode()


def note(folder: LogFolder, store: Store, name: str) -> None:
    """Note that a spool is there, before anything of it is taken.

    Raises:
        LogError: the log did not take it.
        OSError: the disk may not have the spool's name.
    """
    sync_folder(folder.spools)  # else a power cut may take the name, and it would seem deleted
    store.note_spool(name, 0)


def tell_gone(folder: LogFolder, store: Store, names: Iterable[str]) -> int:
    """Write an entry `gap` for each of `names` that somebody took away; return how many.

    The caller holds the lock of the log. Cut short, it writes none a second time.

    Raises:
        LogError: the log did not take it.
    """
    told, over = 0, store.over()
    for name in names:
        path = folder.spools / name
        if not name.endswith(SUFFIX) or path.exists():
            continue
        aside = any(path.with_suffix(end).exists() for end in (TORN, TWICE, DAMAGED))
        if name not in over and not aside:
            read = store.read()[name]
            said = {"why": WHY, "file": name, "writer": path.stem, "from": read}
            id, leaf = leaf_of("gap", said, gone_id(name))
            if store.find(id) is None:
                # With a note of its own, by which `status` finds it.
                store.take([(id, leaf)], {path.with_suffix(GONE).name: read})
                told += 1
            _logger.error(
                "spool %s is gone, and the log may not have had all of it: entries behind byte %d "
                "of it are missing", path, read,
            )  # fmt: skip
        store.forget_spool(name)
    return told


def gone(store: Store) -> list[str]:
    """Return the writers whose spools were gone, the first one first."""
    return sorted(name.removesuffix(GONE) for name in store.read() if name.endswith(GONE))


def is_told(leaf: bytes) -> bool:
    """Return whether a leaf is an entry about a spool that is gone."""
    return b',"k":"gap",' in leaf and _WHY in leaf


def gone_id(name: str) -> bytes:
    """Return the id, 16 bytes, of the entry about the spool of that name."""
    return hashlib.sha256(f"chopmark/log/gone\n{name}".encode()).digest()[:16]
