"""Carries over what a file says beside its pixels, byte for byte, to the one coded anew.

Pillow reads much of it, but writes less; so the segments and chunks are copied as they stand.
What belongs to the old pixels alone stays behind: a thumbnail would show the picture without its
label.
"""

from __future__ import annotations

import zlib

from ._files._gif import blocks_of
from ._files._ifd import open_tiff
from ._files._image_file import BrokenFileError
from ._files._jpeg import segments_of
from ._files._png import chunks_of

_APP0, _APP1, _APP2, _APP14, _APP15, _COMMENT = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE
_EXIF = b"Exif\0\0"
_JFIF = b"JFIF\0"
_DENSITY = slice(7, 12)
"""Of a JFIF header: its unit, and both resolutions."""
_PNG_COLOUR = frozenset((b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"mDCV", b"cLLI", b"sPLT"))
_PNG_HEAD = 8 + 25
"""Bytes up to the end of IHDR."""
_GIF_APPLICATION = 0xFF
_GIF_LOOP = (b"NETSCAPE2.0", b"ANIMEXTS1.0")


def kept_jpeg(old: bytes, new: bytes) -> bytes:
    """Return `new` with the metadata of `old`: EXIF, XMP, ICC, IPTC, comments, resolution.

    Args:
        old: a whole file.
        new: one that Pillow wrote without metadata, so that only a JFIF header may come first.
    """
    density = None
    kept = []
    for segment in segments_of(old):
        marker, body = segment.marker, segment.body
        if marker == _APP0:
            if body.startswith(_JFIF) and density is None:
                density = body[_DENSITY]
        elif marker == _APP1 and body.startswith(_EXIF):
            kept.append(_segment(marker, _EXIF + without_thumbnail(body[len(_EXIF) :])))
        elif marker == _APP2 and body.startswith(b"MPF\0"):
            continue  # says where other pictures are, behind this one
        elif (_APP1 <= marker <= _APP15 and marker != _APP14) or marker == _COMMENT:
            kept.append(_segment(marker, body))
    head = b""
    first = next(segments_of(new))
    if first.marker == _APP0:
        body = first.body
        if density is not None:
            body = body[: _DENSITY.start] + density + body[_DENSITY.stop :]
        head = _segment(_APP0, body)
    rest = new[first.end if head else first.start :]
    return b"".join((new[:2], head, *kept, rest))


def kept_png(old: bytes, new: bytes) -> bytes:
    """Return `new` with the chunks of `old` that do not belong to its pixels (PNG 3, 14.2)."""
    kept = []
    for chunk in chunks_of(old):
        if chunk.kind == b"eXIf":
            kept.append(_chunk(chunk.kind, without_thumbnail(chunk.data)))
        elif chunk.kind in _PNG_COLOUR or chunk.kind[3:].islower():  # "safe to copy"
            kept.append(old[chunk.start : chunk.end])
    return new[:_PNG_HEAD] + b"".join(kept) + new[_PNG_HEAD:]


def kept_gif(old: bytes, new: bytes) -> bytes:
    """Return `new` with the application extensions of `old`, but the one that counts loops."""
    kept = [
        old[block.start : block.end]
        for block in blocks_of(old)
        if block.label == _GIF_APPLICATION and not block.body.startswith(_GIF_LOOP)
    ]
    if not kept:
        return new
    at = next(block.start for block in blocks_of(new) if block.label != _GIF_APPLICATION)
    return b"".join((b"GIF89a", new[6:at], *kept, new[at:]))


def without_thumbnail(exif: bytes) -> bytes:
    """Return EXIF (a TIFF structure) whose second directory, that of the thumbnail, is unlinked.

    Nothing moves, so notes of camera makers stay readable. What is no EXIF stays as it is.
    """
    try:
        tiff = open_tiff(exif)
        first = next(tiff.chain(), None)
    except BrokenFileError:
        return exif
    if first is None:
        return exif
    return exif[: first.link] + bytes(tiff.wide) + exif[first.link + tiff.wide :]


def _segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return len(data).to_bytes(4, "big") + kind + data + check.to_bytes(4, "big")
