"""The directories (IFDs) of TIFF 6.0 and BigTIFF, which EXIF uses too: read only, never moved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ._image_file import BrokenFileError, number, refuse_more, taken

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_BIG_SIZES = {**_SIZES, 16: 8, 17: 8, 18: 8}
EXIF_IFD = 0x8769
MOST_DIRECTORIES = 4096
MOST_FIELDS = 200_000
"""Fields of all pages: directories may lie over each other, and a page has some twenty."""
MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


class Entry(NamedTuple):
    """One field: where its entry stands, and where its value does."""

    tag: int
    kind: int
    number: int
    at: int
    value: int
    size: int


class Directory(NamedTuple):
    """One IFD: where it stands, where its link to the next one does, its fields."""

    at: int
    link: int
    entries: tuple[Entry, ...]

    def find(self, tag: int) -> Entry | None:
        """Return the first field with `tag`."""
        return next((entry for entry in self.entries if entry.tag == tag), None)


@dataclass(frozen=True, slots=True)
class Tiff:
    """The header of TIFF data: byte order, and the widths in which BigTIFF differs."""

    data: bytes
    order: str
    big: bool

    @property
    def wide(self) -> int:
        """Bytes of an offset or count."""
        return 8 if self.big else 4

    @property
    def many(self) -> int:
        """Bytes of the number of fields."""
        return 8 if self.big else 2

    @property
    def entry(self) -> int:
        """Bytes of a field's entry."""
        return 20 if self.big else 12

    @property
    def header_link(self) -> int:
        """Where the header's link to the first directory stands."""
        return 8 if self.big else 4

    def number(self, at: int, size: int) -> int:
        """Return the number of `size` bytes at `at`."""
        return number(self.data, at, size, self.order)

    def packed(self, value: int, size: int) -> bytes:
        """Return `value` in this byte order."""
        return value.to_bytes(size, "little" if self.order == "little" else "big")

    def directory(self, at: int) -> Directory:
        """Return the directory at `at`."""
        count = self.number(at, self.many)
        refuse_more(count, MOST_FIELDS, "fields")
        start = at + self.many
        link = start + count * self.entry
        taken(self.data, start, count * self.entry + self.wide)
        return Directory(at, link, tuple(self._entries(range(start, link, self.entry))))

    def chain(self) -> Iterator[Directory]:
        """Return the directories of the pages, in order."""
        seen: set[int] = set()
        fields = 0
        at = self.number(self.header_link, self.wide)
        while at:
            if at in seen or len(seen) > MOST_DIRECTORIES:
                raise BrokenFileError(
                    f"is damaged: its directory of pages leads back to byte {at}; repair the file"
                )
            seen.add(at)
            fields += self.number(at, self.many)
            refuse_more(fields, MOST_FIELDS, "fields")
            directory = self.directory(at)
            yield directory
            at = self.number(directory.link, self.wide)

    def _entries(self, places: range) -> Iterator[Entry]:
        sizes = _BIG_SIZES if self.big else _SIZES
        for at in places:
            tag, kind = self.number(at, 2), self.number(at + 2, 2)
            count = self.number(at + 4, self.wide)
            size = count * sizes.get(kind, 0)  # an unknown type: readers skip the field
            inline = at + 4 + self.wide
            value = inline if size <= self.wide else self.number(inline, self.wide)
            yield Entry(tag, kind, count, at, value, size)

    def value(self, entry: Entry) -> bytes:
        """Return the bytes of a field's value."""
        return taken(self.data, entry.value, entry.size)


def check_apart(tiff: Tiff, fields: Iterable[Entry | None]) -> None:
    """Raise `BrokenFileError` where these values are longer than the file, so lie over each other.

    Those that are one, as the pages of some programs have it, count once.
    """
    if sum(size for _, size in {(f.value, f.size) for f in fields if f}) > len(tiff.data):
        raise BrokenFileError(
            "is damaged: its pages have metadata that lie over each other; write it anew with the "
            "program that made it"
        )


def open_tiff(data: bytes) -> Tiff:
    """Return the header of TIFF data.

    Raises:
        BrokenFileError: it is none.
    """
    if data[:4] not in MAGIC:
        raise BrokenFileError(f"has no TIFF header but {data[:4]!r}; get the whole file")
    return Tiff(data, "little" if data[:1] == b"I" else "big", data[2:4] in (b"+\0", b"\0+"))
