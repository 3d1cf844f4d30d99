"""Whether a log could take a record, found out before there is one; nothing stays of the trial."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from chopmark import LogError

from ._folder import LogFolder

_CURE = "name a `path` under [settings.log] where this process may write"


def try_folder(folder: LogFolder, store: str = "") -> None:
    """Raise unless a log that is there can be written, or one that is not there can be made.

    Args:
        folder: that of the log.
        store: the address of the database that the log is to be in, if it is to be in one.

    Raises:
        LogError: it cannot; the message says where.
    """
    try:
        there = folder.is_log
        if folder.path.is_dir():
            folder.check_stays()
        if there and (folder.address or "") != store:
            raise LogError(
                f"{str(folder.path)!r} belongs to the log {folder.address or 'in it'!r}; write "
                "that as `store` into the policy, or name a `path` of its own"
            )
        if there:
            at = folder.path if store else folder.spools
        else:
            at = _where_made(folder.path, fill=bool(store))
        tempfile.TemporaryFile(dir=at, prefix=".chopmark-").close()
    except OSError as error:
        where = repr(str(error.filename2 or error.filename or folder.path))
        raise LogError(
            f"log {str(folder.path)!r} cannot be written: {where}: {error.strerror or error}; "
            f"{_CURE}"
        ) from error


def try_keys(folder: LogFolder) -> None:
    """Raise where the log has keys of its users, and the master key is not theirs.

    Raises:
        LogError: it is not, or cannot be read.
    """
    from ._master import master_of
    from ._subject import Keys

    if folder.is_log and Keys.are_kept(folder):
        keys = Keys(folder, writing=False)
        try:
            master_of(folder, keys)
        finally:
            keys.close()


def _where_made(path: Path, *, fill: bool) -> Path:
    """Return the folder in which the first one is made that is missing for a log at `path`.

    Args:
        path: where the log is to be.
        fill: whether it is made inside a folder that is there, and not in its place.

    Raises:
        OSError: what is there cannot become one.
    """
    if path.is_dir():
        if fill:
            return path
        if any(path.iterdir()):
            raise OSError(errno.ENOTEMPTY, "other files are in the place of a log", str(path))
    elif os.path.lexists(path):
        raise OSError(errno.ENOTDIR, "it is no folder", str(path))
    at = path.parent
    while not os.path.lexists(at) and at != at.parent:
        at = at.parent
    if not at.is_dir():
        raise OSError(errno.ENOTDIR, "it is no folder", str(at))
    return at
