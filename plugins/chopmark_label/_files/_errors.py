"""The error of a file that cannot carry, or does not show, a label."""

from __future__ import annotations

import struct
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


def missing(path: Path, package: str, extra: str = "files") -> FileError:
    """Return the error that a library for this format is not installed."""
    return FileError(
        path, f"needs the package {package}, which is not there; pip install 'chopmark[{extra}]'"
    )
