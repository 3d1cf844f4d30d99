"""WebP: the block in the XMP packet of the chunk `XMP ` (RFC 9649, 2.7.1.5).

TC260-PG-20259A puts it there. A file of the simple form becomes one of the extended form, whose
header says that there is metadata; the picture in it is copied.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ._exif import blanked, comments_in
from ._format import Place
from ._image_file import (
    MOST,
    BrokenFileError,
    ImageFile,
    number,
    refuse_more,
    refuse_signed,
    taken,
)
from ._rewrite import Edit
from ._xmp import WHERE, Packets, with_block, without_block

_HAS_XMP, _HAS_ALPHA = 0x04, 0x10
_XMP = b"XMP "


class _Chunk(NamedTuple):
    kind: bytes
    start: int
    body: int
    stop: int
    """Where the body ends."""
    end: int
    """Where the next chunk begins: one byte later for an odd size."""


class WebP(ImageFile):
    """Files of RFC 9649: lossy, lossless, animated."""

    name = "WebP"
    suffixes = (".webp",)

    def fits(self, head: bytes) -> bool:
        """Return whether a file begins as WebP does."""
        return head[:4] == b"RIFF" and head[8:12] == b"WEBP"

    def find(self, data: bytes) -> list[Place]:
        """Return the blocks of XMP and EXIF."""
        places: list[Place] = []
        packets = Packets()
        for chunk in chunks_of(data):
            body = data[chunk.body : chunk.stop]
            if chunk.kind == _XMP:
                places.extend(Place(block, WHERE) for block in packets.blocks_in(body))
            elif chunk.kind == b"EXIF":
                places.extend(comments_in(body[_exif_head(body) :]))
        return places

    def mark(self, data: bytes, block: str) -> tuple[list[Edit], str]:
        """Return the edits that put `block` into the packet, or a new one behind all chunks."""
        chunks = list(chunks_of(data))
        if not chunks:
            raise BrokenFileError("is damaged: it has no picture; get the file again")
        edits = [_flag(data, chunks[0])]
        is_there = False
        for chunk in chunks:
            body = data[chunk.body : chunk.stop]
            if chunk.kind == b"C2PA":
                raise refuse_signed("WebP C2PA")
            if chunk.kind == b"EXIF":
                head = _exif_head(body)
                edits.extend(blanked(body[head:], chunk.body + head))
            elif chunk.kind == _XMP:
                new = without_block(body) if is_there else with_block(body, block)
                is_there = True
                if new != body:
                    edits.append(Edit(chunk.start, chunk.end, _packed(_XMP, new)))
        if not is_there:
            last = chunks[-1]
            missing = (last.stop - last.body) % 2 - (last.end - last.stop)  # its filling byte
            new = bytes(missing) + _packed(_XMP, with_block(None, block))
            edits.append(Edit(last.end, last.end, new))
        size = number(data, 4, 4, "little") + sum(edit.growth for edit in edits)
        if size >> 32:
            raise BrokenFileError("would get longer than the 4 GB that WebP can say; make it less")
        return [Edit(4, 8, size.to_bytes(4, "little")), *edits], WHERE


WEBP = WebP()


def chunks_of(data: bytes) -> Iterator[_Chunk]:
    """Return the chunks of the file, in order."""
    whole = 8 + number(data, 4, 4, "little")
    taken(data, 0, whole)
    at, count = 12, 0
    while at < whole:
        count += 1
        refuse_more(count, MOST, "chunks")
        size = number(data, at + 4, 4, "little")
        stop = at + 8 + size
        if stop > whole:
            raise BrokenFileError(
                f"is damaged: the chunk at byte {at} goes on behind the end; get the file again"
            )
        end = min(stop + size % 2, whole)
        yield _Chunk(data[at : at + 4], at, at + 8, stop, end)
        at = end


def _exif_head(body: bytes) -> int:
    return 6 if body.startswith(b"Exif\0\0") else 0  # not of the format, but in the wild


def _flag(data: bytes, first: _Chunk) -> Edit:
    """Return the edit that makes the header say that there is XMP."""
    body = first.body
    if first.kind == b"VP8X":
        flags = number(data[: first.stop], body, 1) | _HAS_XMP
        return Edit(body, body + 1, bytes((flags,)))
    if first.kind == b"VP8 " and taken(data, body, 10)[3:6] == b"\x9d\x01\x2a":
        width = number(data, body + 6, 2, "little") & 0x3FFF
        height = number(data, body + 8, 2, "little") & 0x3FFF
        flags = _HAS_XMP
    elif first.kind == b"VP8L" and taken(data, body, 5)[0] == 0x2F:
        bits = number(data, body + 1, 4, "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        flags = _HAS_XMP | (_HAS_ALPHA if bits >> 28 & 1 else 0)
    else:
        raise BrokenFileError(
            f"is damaged: its first chunk is {first.kind!r}, no picture and no header; get the "
            "file again"
        )
    if not width or not height:
        raise BrokenFileError(f"is damaged: its picture is {width} x {height}; get the file again")
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return Edit(first.start, first.start, _packed(b"VP8X", bytes((flags, 0, 0, 0)) + canvas))


def _packed(kind: bytes, data: bytes) -> bytes:
    return kind + len(data).to_bytes(4, "little") + data + bytes(len(data) % 2)
