"""GIF: the block in the XMP packet of the application extension `XMP Data` (ISO 16684-3, 1.1.2).

TC260-PG-20259A puts it there. The packet stands as it is, not cut into sub-blocks; the 258 bytes
behind it lead every reader that takes its bytes for lengths to the end of the extension.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ._format import Place
from ._image_file import BrokenFileError, ImageFile, number, refuse_more, refuse_signed, taken
from ._rewrite import Edit
from ._xmp import WHERE, Packets, with_block, without_block

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_CONTROL, _PLAIN_TEXT, _APPLICATION = 0xF9, 0x01, 0xFF
_XMP = b"XMP DataXMP"
_C2PA = b"C2PA_GIF"
_LEAD = bytes((1, *range(255, -1, -1)))
_HEADER = 13
_MOST_BLOCKS, _MOST = 100_000, 4_000_000
"""Frames with what belongs to them, and pieces of up to 255 bytes: a gigabyte of pictures."""


class _Block(NamedTuple):
    """An extension, or with the label -1 a picture."""

    label: int
    start: int
    end: int
    body: bytes
    """Of an application extension, what is behind its length, without the last zero byte."""


class Gif(ImageFile):
    """Files of GIF87a and GIF89a; a labelled one is GIF89a, which brought extensions."""

    name = "GIF"
    suffixes = (".gif",)

    def fits(self, head: bytes) -> bool:
        """Return whether a file begins as GIF does."""
        return head.startswith((b"GIF87a", b"GIF89a"))

    def find(self, data: bytes) -> list[Place]:
        """Return the blocks of XMP."""
        packets = Packets()
        return [
            Place(text, WHERE)
            for block in blocks_of(data)
            if block.body.startswith(_XMP)
            for text in packets.blocks_in(_packet(block))
        ]

    def mark(self, data: bytes, block: str) -> tuple[list[Edit], str]:
        """Return the edits that put `block` into the packet, or a new one before the picture."""
        edits: list[Edit] = []
        picture = None
        is_there = False
        for part in blocks_of(data):
            if part.label in (-1, _CONTROL, _PLAIN_TEXT) and picture is None:
                picture = part.start
            if part.body.startswith(_C2PA):
                raise refuse_signed("GIF C2PA_GIF")
            if part.body.startswith(_XMP):
                old = _packet(part)
                new = without_block(old) if is_there else with_block(old, block)
                is_there = True
                if new != old:
                    edits.append(Edit(part.start, part.end, _packed(new)))
        if picture is None:
            raise BrokenFileError("has no picture; get the file again")
        if not is_there:
            edits.append(Edit(picture, picture, _packed(with_block(None, block))))
        if data[:6] == b"GIF87a":
            edits.append(Edit(4, 5, b"9"))
        return edits, WHERE


GIF = Gif()


def blocks_of(data: bytes) -> Iterator[_Block]:
    """Return the extensions and pictures, in order."""
    at = _HEADER + _table(number(data, 10, 1))
    left, count = _MOST, 0
    while True:
        count += 1
        refuse_more(count, _MOST_BLOCKS, "blocks")
        start, kind = at, number(data, at, 1)
        if kind == _TRAILER:
            return
        if kind == _EXTENSION:
            label = number(data, at + 1, 1)
            at, left = _behind_sub_blocks(data, at + 2, left)
            is_ours = label == _APPLICATION
            yield _Block(label, start, at, data[start + 3 : at - 1] if is_ours else b"")
        elif kind == _IMAGE:
            # Position and size, a table of colours, the size of codes.
            begin = at + 11 + _table(number(data, at + 9, 1))
            at, left = _behind_sub_blocks(data, begin, left)
            yield _Block(-1, start, at, b"")
        elif kind == 0:
            at += 1  # some writers leave one between blocks, and readers pass over it
            left -= 1
        else:
            raise BrokenFileError(
                f"is damaged: no GIF block begins at byte {at}; get the file again"
            )
        refuse_more(_MOST - left, _MOST, "pieces of blocks")


def _table(flags: int) -> int:
    """Return the size of the table of colours that the flags speak of."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _behind_sub_blocks(data: bytes, at: int, left: int) -> tuple[int, int]:
    """Return where the block ends whose first piece is at `at`, and how many pieces are left."""
    while length := number(data, at, 1):
        at += 1 + length
        left -= 1
        if left < 0:
            break
    return at + 1, left - 1


def _packet(block: _Block) -> bytes:
    body = block.body[len(_XMP) :]
    if body.endswith(_LEAD):
        return body[: -len(_LEAD)]
    parts, at = [], 0  # a writer that cut the packet up
    while at < len(body):
        parts.append(taken(body, at + 1, body[at]))
        at += 1 + body[at]
    return b"".join(parts)


def _packed(packet: bytes) -> bytes:
    head = bytes((_EXTENSION, _APPLICATION, len(_XMP)))
    return head + _XMP + packet + _LEAD + b"\0"
