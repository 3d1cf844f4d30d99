"""Writes a file as another one with some ranges replaced, without reading it into memory."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ._errors import FileError
from ._whole import nothing_left, unreadable

_BLOCK = 1 << 20
_ZEROS = bytes(_BLOCK)


class Edit(NamedTuple):
    """The bytes from `start` to `end` of a file become `new`; an insertion has `start == end`."""

    start: int
    end: int
    new: bytes

    @property
    def growth(self) -> int:
        """By how much the file gets longer."""
        return len(self.new) - (self.end - self.start)


def rewrite(source: BinaryIO, target: BinaryIO, edits: Sequence[Edit]) -> None:
    """Copy `source` to the empty `target` with `edits`, which must not overlap.

    A hole in a file, and what else is zeros for a whole block, becomes a hole.
    """
    size = source.seek(0, os.SEEK_END)
    at, hole = 0, False
    for edit in [*sorted(edits, key=lambda edit: edit[:2]), Edit(size, size, b"")]:
        hole = _copy(source, target, at, edit.start, hole)
        if edit.new:
            target.write(edit.new)
            hole = False
        at = edit.end
    if hole:  # a file does not get longer by a seek alone
        target.seek(-1, os.SEEK_CUR)
        target.write(b"\0")


def rewrite_file(source: Path, target: Path, edits: Sequence[Edit]) -> None:
    """Write the file `source` with `edits` to `target`.

    Raises:
        FileError: one of the two cannot be read or written; then there is no `target`.
    """
    if target.exists() and target.samefile(source):
        raise FileError(target, "is the file to be labelled itself; write to a new file beside it")
    with opened(source) as file, nothing_left(target), target.open("wb") as out:
        rewrite(file, out, edits)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading.

    Raises:
        FileError: it is not there, or may not be read.
    """
    try:
        file = path.open("rb")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise unreadable(path, error) from error
    with file:
        yield file


def _copy(source: BinaryIO, target: BinaryIO, start: int, end: int, hole: bool) -> bool:
    """Copy a range; return whether what was written so far ends in a hole."""
    while start < end:
        data = min(end, _behind_hole(source, start))
        if data > start:
            target.seek(data - start, os.SEEK_CUR)
            start, hole = data, True
            continue
        source.seek(start)
        block = source.read(min(_BLOCK, end - start))
        if not block:
            raise OSError("the file got shorter while it was read")
        start += len(block)
        hole = block == _ZEROS
        if hole:
            target.seek(len(block), os.SEEK_CUR)
        else:
            target.write(block)
    return hole


def _behind_hole(source: BinaryIO, at: int) -> int:
    """Return where the hole at `at` ends, `at` where there is none or the system does not say."""
    seek_data = getattr(os, "SEEK_DATA", None)
    if seek_data is None:
        return at
    try:
        number = source.fileno()
    except OSError:  # bytes in memory
        return at
    before = os.lseek(number, 0, os.SEEK_CUR)  # which the buffer of `source` relies on
    try:
        return os.lseek(number, at, seek_data)
    except OSError as error:
        # ENXIO: no data behind `at`, or the file got shorter than that.
        return os.fstat(number).st_size if error.errno == errno.ENXIO else at
    finally:
        os.lseek(number, before, os.SEEK_SET)
