"""What a file format must be able to do, so that its files can carry an implicit label."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Protocol

MOST_BLOCKS = 100
"""Blocks of one file that are read: one may stand in it (GB 45438-2025, 6.1 c)."""


class Place(NamedTuple):
    """A metadata block as it stands in a file, and where: bare or wrapped, well-formed or not."""

    text: str
    where: str


class FileFormat(Protocol):
    """One format. Without state; heavy libraries are imported when a file is read or written.

    Nothing here judges a block: what stands in the place is returned as it is.
    """

    name: str
    suffixes: tuple[str, ...]
    """Of file names, in lower case, with the dot."""

    def fits(self, head: bytes) -> bool:
        """Return whether a file that begins with `head` (up to 4,096 bytes) is of this format."""
        ...

    def read(self, path: Path) -> list[Place]:
        """Return every block in the file, also those in places of older or other practice.

        Behind `MOST_BLOCKS` and one more it may stop.

        Raises:
            FileError: the file cannot be read as this format; names file and cure.
        """
        ...

    def write(self, source: Path, target: Path, block: str) -> str:
        """Write `source` with the bare `block` to `target`, and return where it stands.

        A block that was there is replaced, in every place, so that there is exactly one; nothing
        else of the file changes. `target` is a new file beside the final one: who calls this
        moves it into place when reading it back has given the same block.

        Raises:
            FileError: the file is broken, encrypted, signed, or of a kind that cannot carry it.
        """
        ...
