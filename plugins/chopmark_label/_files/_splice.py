"""A copy of a file that differs in a few places: what an edit does not name cannot change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ._whole import nothing_left, unreadable

_STEP = 1 << 20


class Edit(NamedTuple):
    """Bytes `start` to `end` of a file, and what stands there afterwards."""

    start: int
    end: int
    new: bytes

    @property
    def growth(self) -> int:
        """By how many bytes the file gets longer."""
        return len(self.new) - (self.end - self.start)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file to read it.

    Raises:
        FileError: it cannot be opened or read.
    """
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise unreadable(path, error) from error


def splice_file(source: Path, target: Path, edits: Sequence[Edit]) -> None:
    """Write `source` with `edits` made to `target`; they must not overlap.

    Raises:
        FileError: one cannot be read or the other written; then there is no target.
    """
    with opened(source) as file, nothing_left(target), target.open("wb") as copy:
        at = 0
        for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
            _copy(file, copy, at, edit.start)
            copy.write(edit.new)
            at = edit.end
        _copy(file, copy, at, None)


def _copy(file: BinaryIO, copy: BinaryIO, start: int, end: int | None) -> None:
    file.seek(start)
    left = end - start if end is not None else None
    while left is None or left > 0:
        piece = file.read(_STEP if left is None else min(_STEP, left))
        if not piece:
            return
        copy.write(piece)
        left = None if left is None else left - len(piece)
