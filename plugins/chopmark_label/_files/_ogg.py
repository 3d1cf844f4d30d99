"""Pages of Ogg (RFC 3533), walked by their headers: the pieces of a file, and what is in them."""

from __future__ import annotations

import io
import os
from typing import BinaryIO, NamedTuple

from ._boxes import Broken

_HEADER = 27
_BEGINS = 2
"""The flag of the page that begins a logical stream."""


class Piece(NamedTuple):
    """A physical stream, of which joined files have several, and how its logical ones begin."""

    start: int
    heads: tuple[bytes, ...]


def pieces(file: BinaryIO) -> list[Piece]:
    """Return the pieces of an Ogg file; what is behind its last page is not looked at.

    Raises:
        Broken: it does not begin with a page, or ends inside one.
    """
    size = file.seek(0, os.SEEK_END)
    found: list[tuple[int, list[bytes]]] = []
    at, begun = 0, False
    while True:
        file.seek(at)
        header = file.read(_HEADER)
        if header[:4] != b"OggS" or len(header) < _HEADER:
            break
        table = file.read(header[26])
        end = at + _HEADER + header[26] + sum(table)
        if end > size or len(table) < header[26]:
            raise Broken("ends inside a page of Ogg; is the file complete?")
        if header[5] & _BEGINS:
            if not begun:
                found.append((at, []))
            if found:
                found[-1][1].append(file.read(8))
        begun = bool(header[5] & _BEGINS)
        at = end
    if not found:
        raise Broken("does not begin with a page of Ogg; is it an Ogg file?")
    return [Piece(start, tuple(heads)) for start, heads in found]


class Rest(io.RawIOBase):
    """A file from a position on, as a file of its own."""

    def __init__(self, file: BinaryIO, start: int) -> None:
        super().__init__()
        self._file = file
        self._start = start
        file.seek(start)

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def read(self, size: int | None = -1) -> bytes:
        """Return up to `size` bytes."""
        return self._file.read(-1 if size is None else size)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a position, and return it."""
        if whence == os.SEEK_SET:
            if offset < 0:
                raise ValueError(f"{offset} is before the beginning of the file")
            offset += self._start
        return self._file.seek(offset, whence) - self._start

    def tell(self) -> int:
        """Return the position."""
        return self._file.tell() - self._start
