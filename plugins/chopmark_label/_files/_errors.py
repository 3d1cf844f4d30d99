"""The error of a file that cannot carry, or does not show, a label."""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chopmark import MarkError

MISREAD = (ValueError, LookupError, ArithmeticError, EOFError, struct.error)
"""What mutagen raises beside its own error where it trusts the numbers in a broken file."""


class FileError(MarkError):
    """A file cannot be read or labelled; nothing was written."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{str(path)!r} {what}")
        self.path = path
        self.what = what


@contextmanager
def within_memory(path: Path) -> Iterator[None]:
    """Turn a want of memory to a `FileError` that names the file."""
    try:
        yield
    except (MemoryError, OSError) as error:
        if isinstance(error, OSError) and error.errno != errno.ENOMEM:
            raise
        raise FileError(
            path,
            "takes more memory to read than there is; read it where there is more, or split it",
        ) from error


def missing(path: Path, package: str, extra: str = "files") -> FileError:
    """Return the error that a library for this format is not installed."""
    return FileError(
        path, f"needs the package {package}, which is not there; pip install 'chopmark[{extra}]'"
    )
