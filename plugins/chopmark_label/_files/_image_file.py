"""What the formats of images share: a format says which bytes to replace, the rest is copied.

Pillow codes a picture anew to write it; pyexiv2 does not, but is GPL-3 and does not write GIF;
piexif writes EXIF only.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import pairwise
from pathlib import Path

from ._errors import FileError
from ._format import Place
from ._rewrite import Edit, rewrite_file
from ._whole import read_whole

LARGEST = 2**30
"""Bytes of the longest picture: it is read whole."""
MOST = 1_000_000
"""Pieces of one kind that a file may have, such as chunks: no picture has nearly as many, and each
takes a microsecond or two.
"""


class BrokenFileError(Exception):
    """The bytes are not those of such a file, or cannot carry a label; says what and the cure."""


class ImageFile(ABC):
    """A format of images: finds blocks in bytes, and says which bytes to replace."""

    name: str
    suffixes: tuple[str, ...]

    @abstractmethod
    def fits(self, head: bytes) -> bool:
        """Return whether a file that begins with `head` is of this format."""

    @abstractmethod
    def find(self, data: bytes) -> list[Place]:
        """Return every block; raises BrokenFileError."""

    @abstractmethod
    def mark(self, data: bytes, block: str) -> tuple[list[Edit], str]:
        """Return what to replace so that `block` is the only one, and where it then stands.

        Raises:
            BrokenFileError: it cannot be done.
        """

    def read(self, path: Path) -> list[Place]:
        """Return every block in the file; see `FileFormat.read`."""
        try:
            return self.find(self._load(path))
        except BrokenFileError as error:
            raise FileError(path, str(error)) from error

    def write(self, source: Path, target: Path, block: str) -> str:
        """Write `source` with `block` to `target`; see `FileFormat.write`."""
        try:
            data = self._load(source)
            found = self.find(data)  # which also bounds what there is to change
            edits, where = self.mark(data, block)
            if found == [Place(block, where)]:
                edits = []  # it is there already: writing twice is the same as once
            _check_apart(edits)
        except BrokenFileError as error:
            raise FileError(source, str(error)) from error
        rewrite_file(source, target, edits)
        return where

    def _load(self, path: Path) -> bytes:
        data = read_whole(path, LARGEST)
        if not self.fits(data[:4096]):
            raise BrokenFileError(f"is not a {self.name} file; its first bytes say otherwise")
        return data


def _check_apart(edits: list[Edit]) -> None:
    """Refuse a damaged file in which one field lies within another."""
    ordered = sorted(edits, key=lambda edit: (edit.start, edit.end))
    for before, after in pairwise(ordered):
        if after.start < before.end:
            raise BrokenFileError(
                f"has two fields that share byte {after.start}, so that neither can be changed "
                "alone; write it anew with the program that made it"
            )


def number(data: bytes, at: int, size: int, order: str = "big") -> int:
    """Return the unsigned number of `size` bytes at `at`, or say that the file is cut off."""
    return int.from_bytes(taken(data, at, size), "little" if order == "little" else "big")


def taken(data: bytes, at: int, size: int) -> bytes:
    """Return `size` bytes at `at`, or say that the file is cut off."""
    if at < 0 or size < 0 or at + size > len(data):
        raise BrokenFileError(
            f"is cut off or damaged: bytes {at} to {at + size} are needed and it has {len(data)}; "
            "get the whole file"
        )
    return data[at : at + size]


def refuse_more(count: int, most: int, what: str) -> None:
    """Raise `BrokenFileError` where a file has more of something than any picture has."""
    if count > most:
        raise BrokenFileError(
            f"has more than {most:,} {what}, which no picture has; write it anew with another "
            "program, or do not open it"
        )


def refuse_signed(where: str) -> BrokenFileError:
    """Return the error of a file whose bytes a C2PA manifest signs."""
    return BrokenFileError(
        f"carries a signed C2PA manifest ({where}), which any change would break; write the label "
        "first and sign afterwards"
    )
