"""TIFF and BigTIFF: the block in the XMP packet of tag 0x2BC in IFD0 (ISO 16684-3, 1.1.8).

TC260-PG-20259A puts it there. What is in a TIFF file is found by its position, so nothing moves:
a new packet, and the directory with one more field, go to the end of the file.
"""

from __future__ import annotations

from ._exif import blanked, comments_in
from ._format import Place
from ._ifd import MAGIC, Directory, Entry, Tiff, check_apart, open_tiff
from ._image_file import BrokenFileError, ImageFile, refuse_signed
from ._rewrite import Edit
from ._xmp import WHERE, Packets, with_block, without_block

_XMP = 0x2BC
_C2PA = 0xCD41
_BYTE = 1
"""ISO 16684-3 takes this and UNDEFINED; exiftool warns of the latter."""


class Tiff6(ImageFile):
    """Files of TIFF 6.0 and BigTIFF, with one page or more."""

    name = "TIFF"
    suffixes = (".tif", ".tiff")

    def fits(self, head: bytes) -> bool:
        """Return whether a file begins as TIFF does."""
        return head.startswith(MAGIC)

    def find(self, data: bytes) -> list[Place]:
        """Return the blocks of XMP, of every page, and of EXIF."""
        tiff = open_tiff(data)
        fields = [page.find(_XMP) for page in tiff.chain()]
        check_apart(tiff, fields)
        packets = Packets()
        places = [
            Place(block, WHERE)
            for field in fields
            if field is not None
            for block in packets.blocks_in(tiff.value(field))
        ]
        return places + comments_in(data)

    def mark(self, data: bytes, block: str) -> tuple[list[Edit], str]:
        """Return the edits that put `block` into the packet of the first page, or a new one."""
        tiff = open_tiff(data)
        pages = list(tiff.chain())
        if not pages:
            raise BrokenFileError("is damaged: it has no page; get the file again")
        if any(page.find(_C2PA) for page in pages):
            raise refuse_signed(f"TIFF tag 0x{_C2PA:X}")
        changes = _Changes(tiff)
        for index, page in enumerate(pages):
            field = page.find(_XMP)
            old = tiff.value(field) if field is not None else None
            if index == 0:
                new = with_block(old, block)
            elif old is not None:
                new = without_block(old)
            if field is None and index == 0:
                changes.add(page, new)
            elif field is not None and new != old:
                changes.replace(field, new)
        return [*changes.edits(), *blanked(data, 0)], WHERE


TIFF = Tiff6()


class _Changes:
    """The edits of one file, and what they put at its end."""

    def __init__(self, tiff: Tiff) -> None:
        self._tiff = tiff
        self._edits: list[Edit] = []
        self._tail = bytearray()

    def edits(self) -> list[Edit]:
        """Return all edits."""
        size = len(self._tiff.data)
        if (size + len(self._tail)) >> (8 * self._tiff.wide):
            raise BrokenFileError(
                "would get longer than the 4 GB that TIFF can say; write it as BigTIFF first"
            )
        return [*self._edits, Edit(size, size, bytes(self._tail))] if self._tail else self._edits

    def replace(self, field: Entry, packet: bytes) -> None:
        """Put `packet` where the old one is, or at the end of the file where it is longer."""
        wide = self._tiff.wide
        is_apart = field.size > wide
        if is_apart and len(packet) <= field.size:
            new = packet.ljust(field.size)  # white space behind XML means nothing
            self._edits.append(Edit(field.value, field.value + field.size, new))
            return
        if is_apart:  # or who looks for packets finds the old one too
            self._edits.append(Edit(field.value, field.value + field.size, bytes(field.size)))
        entry = self._entry(packet)
        self._edits.append(Edit(field.at, field.at + len(entry), entry))

    def add(self, page: Directory, packet: bytes) -> None:
        """Write the directory of the first page anew, with one more field."""
        tiff = self._tiff
        count = len(page.entries) + 1
        if count >> (8 * tiff.many):
            raise BrokenFileError(f"has {count - 1} fields in its first page, as many as can be")
        entries = [tiff.data[e.at : e.at + tiff.entry] for e in page.entries]
        # Fields stand in the order of their tags; where they do not, no reader can ask for it.
        index = next((i for i, e in enumerate(page.entries) if e.tag > _XMP), len(entries))
        entries.insert(index, self._entry(packet))
        link = tiff.data[page.link : page.link + tiff.wide]
        at = self._append(tiff.packed(count, tiff.many) + b"".join(entries) + link)
        start = tiff.header_link
        self._edits.append(Edit(start, start + tiff.wide, tiff.packed(at, tiff.wide)))

    def _entry(self, packet: bytes) -> bytes:
        tiff = self._tiff
        head = tiff.packed(_XMP, 2) + tiff.packed(_BYTE, 2)
        at = self._append(packet)
        return head + tiff.packed(len(packet), tiff.wide) + tiff.packed(at, tiff.wide)

    def _append(self, new: bytes) -> int:
        """Return where `new` will stand, on an even byte."""
        self._tail += bytes((len(self._tiff.data) + len(self._tail)) % 2)
        at = len(self._tiff.data) + len(self._tail)
        self._tail += new
        return at
