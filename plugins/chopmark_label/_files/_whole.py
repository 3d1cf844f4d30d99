"""Files as bytes: read whole, and written so that a failure leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chopmark_label._files._errors import FileError

LONGEST_TEXT = 128 * 2**20
"""Bytes of the longest text that is read: as such it takes up to four times as much memory."""


def read_whole(path: Path, most: int | None = None) -> bytes:
    """Return the bytes of a file, which may be `most`.

    Raises:
        FileError: it cannot be read, or is longer.
    """
    try:
        size = path.stat().st_size
        if most is not None and size > most:
            raise FileError(
                path, f"has {size:,} bytes, and {most:,} are read at most; make it less"
            )
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> FileError:
    """Return the error that the system does not give a file."""
    why = getattr(error, "strerror", None) or str(error)
    return FileError(path, f"cannot be read ({why}); check the path and its permissions")


def unwritable(path: Path, error: Exception) -> FileError:
    """Return the error that the system does not take a file."""
    why = getattr(error, "strerror", None) or str(error)
    return FileError(path, f"cannot be written ({why}); check the folder and the free space")


def write_whole(target: Path, data: bytes) -> None:
    """Write a file from its bytes.

    Raises:
        FileError: it cannot be written.
    """
    with nothing_left(target):
        target.write_bytes(data)


@contextmanager
def nothing_left(target: Path) -> Iterator[None]:
    """Delete `target` where the body fails, and turn a refusal of the system to a `FileError`."""
    try:
        yield
    except OSError as error:
        _forget(target)
        raise unwritable(target, error) from error
    except BaseException:
        _forget(target)
        raise


def _forget(target: Path) -> None:
    if target.is_file():
        target.unlink()
