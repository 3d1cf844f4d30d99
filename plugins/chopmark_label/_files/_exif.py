"""EXIF UserComment (tag 0x9286) with a wrapped block: found, and blanked in place.

The practice guide for image files, Annex B, shows it there, after the code `ASCII`. We write XMP
only, since a file has exactly one block (GB 45438-2025 6.1 c); one in a comment is overwritten
with spaces, so that nothing else in EXIF moves.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ._format import Place
from ._ifd import EXIF_IFD, MOST_FIELDS, Entry, Tiff, check_apart, open_tiff
from ._image_file import BrokenFileError, refuse_more
from ._rewrite import Edit
from ._wrapped import wrapped_in

WHERE = "EXIF UserComment"
_USER_COMMENT = 0x9286
_CODE = 8
"""Bytes before the text that name its character code."""


class _Comment(NamedTuple):
    text: str
    at: int
    codec: str


def comments_in(data: bytes) -> list[Place]:
    """Return the blocks in the user comments of EXIF `data` (a TIFF structure).

    EXIF that cannot be read holds none: cameras write much that is broken, and it stays as it is.
    """
    try:
        return [
            Place(comment.text[span.start : span.end], WHERE)
            for comment in _comments(open_tiff(data))
            for span in wrapped_in(comment.text)
        ]
    except BrokenFileError:
        return []


def blanked(data: bytes, offset: int) -> list[Edit]:
    """Return the edits that blank every block; `offset` is where `data` begins in the file.

    Raises:
        BrokenFileError: a comment holds other data in one object with the block.
    """
    if not comments_in(data):
        return []
    edits = []
    for text, at, codec in _comments(open_tiff(data)):
        for span in wrapped_in(text):
            if not span.alone:
                raise BrokenFileError(
                    f"has an AIGC block within other data in its {WHERE} ({text[:80]!r}); take "
                    "it out of there first, since a file may have only one"
                )
            start = offset + at + len(text[: span.start].encode(codec, "surrogatepass"))
            blank = (" " * (span.end - span.start)).encode(codec)
            size = len(text[span.start : span.end].encode(codec, "surrogatepass"))
            edits.append(Edit(start, start + size, blank.ljust(size, b" ")))
    return edits


def _comments(tiff: Tiff) -> Iterator[_Comment]:
    found: dict[int, Entry] = {}
    fields = 0
    for directory in tiff.chain():
        link = directory.find(EXIF_IFD)
        holders = [directory]
        if link is not None and link.size >= 4:
            holders.append(tiff.directory(tiff.number(link.value, min(link.size, tiff.wide))))
            fields += len(holders[1].entries)
            refuse_more(fields, MOST_FIELDS, "fields")
        for holder in holders:
            entry = holder.find(_USER_COMMENT)
            if entry is not None and entry.size > _CODE:
                found.setdefault(entry.value, entry)
    check_apart(tiff, found.values())
    for entry in found.values():
        yield _decoded(tiff, tiff.value(entry), entry.value + _CODE)


def _decoded(tiff: Tiff, value: bytes, at: int) -> _Comment:
    code, body = value[:_CODE], value[_CODE:]
    if code == b"UNICODE\0":
        # UTF-16 in the order of the file, says EXIF; many write the other one.
        own = "utf-16-le" if tiff.order == "little" else "utf-16-be"
        other = "utf-16-be" if tiff.order == "little" else "utf-16-le"
        for codec in (own, other):
            text = body[: len(body) // 2 * 2].decode(codec, "replace")
            if "AIGC" in text:
                return _Comment(text, at, codec)
    return _Comment(body.decode("latin-1"), at, "latin-1")
