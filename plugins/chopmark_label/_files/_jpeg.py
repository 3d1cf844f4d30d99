"""JPEG: the block in the XMP packet of an APP1 segment (ISO 16684-3, 1.1.3).

TC260-PG-20259A puts it there, and shows EXIF UserComment in its Annex B. Segments up to the first
scan are looked at; everything else is copied.
"""

from __future__ import annotations

import re
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
from ._mpf import SIGNATURE as MPF
from ._mpf import index_edits
from ._rewrite import Edit
from ._xmp import WHERE, Packets, blocks_in, with_block, without_block

_APP0, _APP1, _APP2, _APP11 = 0xE0, 0xE1, 0xE2, 0xEB
_SCAN, _END = 0xDA, 0xD9
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_MORE = b"http://ns.adobe.com/xmp/extension/\0"
_MORE_HEAD = len(_MORE) + 32 + 4 + 4
"""Signature, digest of the whole, its length, offset of this part."""
_EXIF = b"Exif\0"
_EXIF_HEAD = 6
_LONGEST = 0xFFFF
_MOST_FILLED = 4096  # other readers take them one by one
_FILLED = re.compile(rb"\xff*")  # any number of them may stand before a marker


class _Segment(NamedTuple):
    marker: int
    start: int
    end: int
    body: bytes

    def holds(self, marker: int, signature: bytes) -> bool:
        return self.marker == marker and self.body.startswith(signature)


class Jpeg(ImageFile):
    """Files of ISO 10918-1, sequential and progressive."""

    name = "JPEG"
    suffixes = (".jpg", ".jpeg", ".jpe", ".jfif")

    def fits(self, head: bytes) -> bool:
        """Return whether a file begins as JPEG does."""
        return head.startswith(b"\xff\xd8\xff")

    def find(self, data: bytes) -> list[Place]:
        """Return the blocks of XMP, extended XMP and EXIF."""
        segments = list(segments_of(data))
        packets = Packets()
        places = [
            Place(block, WHERE)
            for segment in segments
            if segment.holds(_APP1, _XMP)
            for block in packets.blocks_in(segment.body[len(_XMP) :])
        ]
        for packet in _extensions(segments):
            places.extend(Place(block, f"extended {WHERE}") for block in packets.blocks_in(packet))
        for segment in segments:
            if segment.holds(_APP1, _EXIF):
                places.extend(comments_in(segment.body[_EXIF_HEAD:]))
        return places

    def mark(self, data: bytes, block: str) -> tuple[list[Edit], str]:
        """Return the edits that put `block` into the packet, or a new one before the picture."""
        segments = list(segments_of(data))
        _check(data, segments)
        edits: list[Edit] = []
        is_there = False
        at = 2
        for segment in segments:
            is_exif = segment.holds(_APP1, _EXIF)
            if segment.start == at and (segment.marker == _APP0 or is_exif):
                at = segment.end  # JFIF and EXIF ask to come first
            if is_exif:
                start = segment.end - len(segment.body) + _EXIF_HEAD
                edits.extend(blanked(segment.body[_EXIF_HEAD:], start))
            if not segment.holds(_APP1, _XMP):
                continue
            old = segment.body[len(_XMP) :]
            new = without_block(old) if is_there else with_block(old, block)
            is_there = True
            if new != old:
                edits.append(Edit(segment.start, segment.end, _packed(new)))
        if not is_there:
            edits.append(Edit(at, at, _packed(with_block(None, block))))
        for segment in segments:
            if segment.holds(_APP2, MPF):
                start = segment.end - len(segment.body) + len(MPF)
                edits += index_edits(segment.body[len(MPF) :], start, edits)
        return edits, WHERE


JPEG = Jpeg()


def segments_of(data: bytes) -> Iterator[_Segment]:
    """Return the segments up to the first scan."""
    at, count = 2, 0
    while True:
        start = at
        count += 1
        refuse_more(count, MOST, "segments")
        if number(data, at, 1) != 0xFF:
            raise BrokenFileError(
                f"is damaged: no JPEG segment begins at byte {at}; get the file again"
            )
        at = _FILLED.match(data, at).end()  # type: ignore[union-attr]  # it may be empty
        refuse_more(at - start, _MOST_FILLED, "bytes in a row that fill a gap")
        number(data, at, 1)
        marker = data[at]
        at += 1
        if marker in (_SCAN, _END):
            return
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:
            continue  # these stand alone
        length = number(data, at, 2)
        if length < 2:
            raise BrokenFileError(
                f"is damaged: the JPEG segment at byte {start} has the length {length}; get the "
                "file again"
            )
        yield _Segment(marker, start, at + length, taken(data, at + 2, length - 2))
        at += length


def _extensions(segments: list[_Segment]) -> list[bytes]:
    """Return the packets that were cut into several segments, in one piece."""
    parts: dict[bytes, dict[int, bytes]] = {}
    for segment in segments:
        if segment.holds(_APP1, _MORE) and len(segment.body) >= _MORE_HEAD:
            digest = segment.body[len(_MORE) : len(_MORE) + 32]
            offset = number(segment.body, _MORE_HEAD - 4, 4)
            parts.setdefault(digest, {})[offset] = segment.body[_MORE_HEAD:]
    return [b"".join(cut[at] for at in sorted(cut)) for cut in parts.values()]


def _check(data: bytes, segments: list[_Segment]) -> None:
    end = segments[-1].end if segments else 2
    if data.find(b"\xff\xd9", end) < 0:
        raise BrokenFileError("is cut off: it has no end of image; get the whole file")
    if any(s.holds(_APP11, b"JP") and b"c2pa" in s.body for s in segments):
        raise refuse_signed("JPEG APP11")
    if any(blocks_in(packet) for packet in _extensions(segments)):
        raise BrokenFileError(
            "has an AIGC block in its extended XMP, where other data is bound to its digest; write "
            "its metadata anew with the program that made it"
        )


def _packed(packet: bytes) -> bytes:
    length = 2 + len(_XMP) + len(packet)
    if length > _LONGEST:
        raise BrokenFileError(
            f"has an XMP packet that would get {length:,} bytes long, and a JPEG segment has "
            f"{_LONGEST:,} at most; take some metadata out of it first"
        )
    return bytes((0xFF, _APP1)) + length.to_bytes(2, "big") + _XMP + packet
