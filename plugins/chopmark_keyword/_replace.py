"""Puts a list file in the place of the one that was shown to somebody, whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ._errors import ChangedListError, UnwrittenListError


def digest_of(data: bytes) -> str:
    """Return the SHA-256 of a list file, in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def replace_list(path: Path, data: bytes, shown: str, noted: Callable[[], None]) -> None:
    """Write `data` as the list at `path`, whose digest was `shown`, and call `noted` before.

    It keeps its mode, and its owner and group as far as this process may give them; where `path`
    is a link, what it leads to is replaced. Who reads it meanwhile has the old one or the new one.
    Where `noted` raises, nothing is changed.

    Raises:
        ChangedListError: it is not the one that was shown.
        UnwrittenListError: it cannot be written.
    """
    path = path.resolve()
    beside: Path | None = None
    try:
        if not os.access(path, os.W_OK):
            raise PermissionError(0, "this process may not write it")
        handle, name = tempfile.mkstemp(prefix=".chopmark-", dir=path.parent)
        beside = Path(name)
        with open(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(handle)
        _give(beside, path)
        shutil.copymode(path, beside)
        _check(path, shown)
        noted()
        _check(path, shown)  # the log may have taken its time
        beside.replace(path)
    except OSError as error:
        why = error.strerror or str(error)
        raise UnwrittenListError(
            f"list {path} cannot be written ({why}); let the user that runs this write the file "
            f"and its folder {path.parent}, and look whether its disk is full",
            why,
        ) from error
    finally:
        if beside is not None:
            beside.unlink(missing_ok=True)


def _give(new: Path, like: Path) -> None:
    """Give a file to the owner and the group of another: a service may read its list by these."""
    if os.name == "posix":
        found = like.stat()
        for owner, group in ((-1, found.st_gid), (found.st_uid, -1)):
            with suppress(PermissionError):
                os.chown(new, owner, group)


def _check(path: Path, shown: str) -> None:
    if digest_of(path.read_bytes()) != shown:
        raise ChangedListError(
            f"list {path} was changed since it was shown; look at it as it is now, and send again"
        )
