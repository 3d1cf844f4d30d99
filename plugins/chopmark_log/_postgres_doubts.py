"""Records that were sent to a database when the connection broke: nobody knows whether it has them.

They are kept on the disk of this machine under the numbers that they had, and what the database has
already is not put in again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import psycopg

from chopmark import LogError

from ._content import is_payload
from ._contents import Contents
from ._files import sync_folder, write_whole
from ._folder import LogFolder
from ._leaf import decode
from ._postgres import Address
from ._postgres_put import Put, is_there, put
from ._spool import DOUBT, SUFFIX, TORN, framed, salvage
from ._store import Store, id_of

_logger = logging.getLogger("chopmark")


def keep_doubtful(
    folder: LogFolder, name: str, leaves: Sequence[tuple[bytes, Sequence[bytes]]]
) -> None:
    """Write leaves, each with the frames of its content, into the new file `name`.

    Raises:
        OSError: it cannot be written.
    """
    data = b"".join(framed(one) for leaf, frames in leaves for one in (*frames, leaf))
    write_whole(folder.spools / f"{name}{DOUBT}", data)


def waiting(folder: LogFolder) -> list[Path]:
    """Return the files of this machine that are to go into the database."""
    return [one for end in (SUFFIX, DOUBT) for one in folder.spools.glob(f"*{end}")]


def settle_doubts(folder: LogFolder, store: Store) -> None:
    """Put in what was doubtful and is not there; the caller holds the lock of the log.

    Of a file that is damaged, what is whole is put in, and the file is kept aside for `recover`.

    Raises:
        LogError: the database cannot be reached, or a file not be read.
    """
    paths = sorted(folder.spools.glob(f"*{DOUBT}"))
    if not paths:
        return
    address = Address.of(folder.address or "", folder.patience)
    try:
        with address.connect("chopmark_log") as base:
            for path in paths:
                records, whole = _records(path)
                for leaf, frames in records:
                    said = decode(leaf)["w"]
                    id = id_of(leaf)
                    if is_there(base, said["h"], said["n"]) or (id and store.holds(id, leaf)):
                        continue
                    contents = Contents(folder, store)
                    for frame in frames:
                        contents.add(frame)
                    if lost := contents.keep():
                        store.take(lost, {})
                    put(base, said["h"], said["n"], [Put(leaf)])
                if whole:
                    path.unlink()
                else:
                    _logger.error("%s is damaged; it is kept aside as %s", path, TORN)
                    path.rename(path.with_suffix(TORN))
                sync_folder(folder.spools)
    except psycopg.Error as error:
        raise address.refused(error) from error
    except OSError as error:
        raise LogError(f"{str(folder.spools)!r}: {error}") from error


def _records(path: Path) -> tuple[list[tuple[bytes, list[bytes]]], bool]:
    """Return the leaves in a file, each with the frames of its content, and whether it is whole."""
    found: list[tuple[bytes, list[bytes]]] = []
    before: list[bytes] = []
    at, whole = 0, True
    for start, frame in salvage(path, 0):
        if start != at:
            before, whole = [], False
        at = frame.end
        if is_payload(frame.leaf):
            before.append(frame.leaf)
        else:
            found.append((frame.leaf, before))
            before = []
    return found, whole and at == path.stat().st_size
