"""The SQLite file of the desk: who its users are, and who is logged in. Its owner's alone."""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path

from chopmark.private_base import Form, PrivateBase

from ._errors import DeskError

_FORM = Form(
    what="the desk's file",
    of="a desk",
    error=DeskError,
    number=1,
    pragmas=("journal_mode = WAL", "foreign_keys = ON", "secure_delete = ON"),
    make="make the folder above it",
    other="name another `folder` under [settings.desk]",
    tables="""
CREATE TABLE users (
    name TEXT PRIMARY KEY, role TEXT NOT NULL, password TEXT NOT NULL, made INTEGER NOT NULL
) STRICT;
CREATE TABLE sessions (
    hash BLOB PRIMARY KEY, name TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    made INTEGER NOT NULL, seen INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE secret (value BLOB NOT NULL) STRICT;
""",
)


def open_base(folder: Path) -> PrivateBase:
    """Return the file in `folder`, made where it is not there, with a secret of its own.

    Raises:
        DeskError: it cannot be made or opened, or others than its owner can read it.
    """
    with suppress(OSError):  # opening the file says what is wrong with it
        folder.mkdir(mode=0o700, exist_ok=True)
    secret = ("INSERT INTO secret VALUES (?)", secrets.token_bytes(32))
    return PrivateBase(folder / "desk.db", _FORM, [secret])
