"""What one machine has of a log in Postgres: the address, keys, and the last head that it saw.

The folder is the same as that of a log in SQLite, but for the log itself, its spools and its
contents. Only a machine with the key `log.key` signs; the others write, and need it not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from chopmark import LogError

from ._files import sync_folder, write_whole
from ._flock import held, opened
from ._folder import LogFolder, default_origin, kinds
from ._postgres import Address
from ._postgres_tables import create
from ._signing import SigningKey, read_signing_key, write_signing_key
from ._sql_store import ARRIVING, KEY_NAMES
from .verify import ED25519


def join(folder: LogFolder, address: Address, origin: str, *, ml_dsa: bool = False) -> bool:
    """Make the folder of this machine, and the log named `origin` where the database has none.

    Return whether the log was made, with `ml_dsa` with two keys. Its keys are in this folder then;
    else the machine can write, and signs where they are brought into the folder.

    Raises:
        LogError: the database cannot be reached, its log has another name, or the folder belongs to
            another log.
    """
    if folder.is_log:
        if folder.address != address.text:
            raise LogError(
                f"{str(folder.path)!r} belongs to the log {folder.address or 'in it'!r}, not to "
                f"{address.text!r}; give this one a folder of its own"
            )
        return False
    try:
        folder.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with held(opened(folder.lock)):
            if folder.is_log:  # another process was first
                return False
            made, found = _log(folder, address, origin, kinds(ml_dsa=ml_dsa))
            for kind, name in KEY_NAMES.items():
                if name in found:
                    write_whole(folder.keys_of(kind).public, f"{found[name]}\n")
            write_whole(folder.where, f"{address.text}\n")  # last: with it the folder is whole
        sync_folder(folder.path.parent)
    except OSError as error:
        raise LogError(f"log {str(folder.path)!r} cannot be made: {error.strerror}") from error
    return made


def _log(
    folder: LogFolder, address: Address, origin: str, wanted: Sequence[int]
) -> tuple[bool, dict[str, Any]]:
    """Return whether the log was made, with keys of types `wanted`, and what it says of itself."""
    found = meta_of(address)
    if not found and folder.head.exists():
        raise LogError(
            f"a checkpoint was signed, as {str(folder.head)!r} says, and {address.text!r} has no "
            "log; put the database back, or give a new log a folder of its own"
        )
    if not found:
        # Before the log, so that one that was made has its keys whatever happens between.
        missing = [kind for kind in wanted if not folder.keys_of(kind).key.exists()]
        name = origin or default_origin()
        if ED25519 not in missing:
            name = folder.signing_key().public.name
        for kind in missing:
            write_signing_key(SigningKey.new(name, kind), folder.keys_of(kind).key)
        keys = [read_signing_key(folder.keys_of(kind).key).public for kind in wanted]
        said = {KEY_NAMES[key.kind]: str(key) for key in keys}
        if create(address, name, said):
            return True, said
        for kind in missing:
            folder.keys_of(kind).key.unlink()  # another machine was first
        found = meta_of(address)
    if found.get("format") == str(ARRIVING):
        raise LogError(
            f"a log is being moved to {address.text!r}, and takes nothing until that is ended: run "
            "`chopmark log migrate` again on the machine that it comes from, then try again"
        )
    if origin and found.get("origin") != origin:
        raise LogError(f"{address.text!r} has log {found.get('origin')!r} already, not {origin!r}")
    return False, found


def meta_of(address: Address) -> dict[str, Any]:
    """Return what the log in the database says of itself; nothing where there is none.

    Raises:
        LogError: the database cannot be reached.
    """
    try:
        with address.connect("chopmark_log") as base:
            there = base.execute(b"SELECT to_regclass('chopmark_log.meta')").fetchone()
            if there is None or there[0] is None:
                return {}
            return dict(base.execute(b"SELECT name, value FROM meta").fetchall())
    except psycopg.Error as error:
        raise address.refused(error) from error
