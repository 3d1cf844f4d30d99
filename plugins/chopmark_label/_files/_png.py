"""PNG and APNG: the block in the XMP packet of an iTXt chunk, uncompressed (ISO 16684-3, 1.1.5).

TC260-PG-20259A puts it there; its Annex B shows a text chunk `AIGC` with the wrapped block, which
is read, and taken out when a file is labelled.
"""

from __future__ import annotations

import zlib
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

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_XMP = b"XML:com.adobe.xmp"
_KEYWORD = b"AIGC"
_TEXTS = (b"tEXt", b"iTXt", b"zTXt")
_LARGEST = 16 << 20
"""Text that gets longer, in one chunk or in all, is no metadata but an attack."""


class _Chunk(NamedTuple):
    kind: bytes
    start: int
    end: int
    data: bytes


class Png(ImageFile):
    """Files of ISO 15948, with or without animation."""

    name = "PNG"
    suffixes = (".png", ".apng")

    def fits(self, head: bytes) -> bool:
        """Return whether a file begins as PNG does."""
        return head.startswith(_SIGNATURE)

    def find(self, data: bytes) -> list[Place]:
        """Return the blocks of XMP, of text chunks of that name, and of EXIF."""
        places: list[Place] = []
        left, packets = _LARGEST, Packets()
        for chunk in chunks_of(data):
            keyword = _keyword(chunk)
            if keyword == _XMP or keyword.upper() == _KEYWORD:
                text = _text(chunk)
                left -= len(text)
                if left < 0:
                    raise _too_long(chunk)
            if keyword == _XMP:
                places.extend(Place(block, WHERE) for block in packets.blocks_in(text))
            elif keyword.upper() == _KEYWORD:
                where = f"PNG {chunk.kind.decode()} {keyword.decode()}"
                places.append(Place(_decoded(text), where))
            elif chunk.kind == b"eXIf":
                places.extend(comments_in(chunk.data))
        return places

    def mark(self, data: bytes, block: str) -> tuple[list[Edit], str]:
        """Return the edits that put `block` into the packet, or a new one behind the header."""
        edits: list[Edit] = []
        header = None
        is_there = False
        for chunk in chunks_of(data):
            keyword = _keyword(chunk)
            if chunk.kind == b"IHDR" and header is None:
                header = chunk.end
            elif chunk.kind == b"caBX":
                raise refuse_signed("PNG caBX")
            elif keyword == _XMP:
                old = _text(chunk)
                new = without_block(old) if is_there else with_block(old, block)
                is_there = True
                if new != old:
                    edits.append(Edit(chunk.start, chunk.end, _packed_xmp(new)))
            elif keyword.upper() == _KEYWORD:
                edits.append(Edit(chunk.start, chunk.end, b""))
            elif chunk.kind == b"eXIf" and comments_in(chunk.data):
                exif = bytearray(chunk.data)
                for start, end, blank in blanked(chunk.data, 0):
                    exif[start:end] = blank
                edits.append(Edit(chunk.start, chunk.end, _packed(b"eXIf", bytes(exif))))
        if header is None:
            raise BrokenFileError("is damaged: it has no IHDR chunk; get the file again")
        if not is_there:
            edits.append(Edit(header, header, _packed_xmp(with_block(None, block))))
        return edits, WHERE


PNG = Png()


def chunks_of(data: bytes) -> Iterator[_Chunk]:
    """Return the chunks up to the last; only those that may hold metadata have their data."""
    at, count = len(_SIGNATURE), 0
    while True:
        count += 1
        refuse_more(count, MOST, "chunks")
        size = number(data, at, 4)
        kind = taken(data, at + 4, 4)
        end = at + 12 + size
        taken(data, end - 4, 4)
        is_picture = kind in (b"IDAT", b"fdAT")
        yield _Chunk(kind, at, end, b"" if is_picture else data[at + 8 : end - 4])
        if kind == b"IEND":
            return
        at = end


def _keyword(chunk: _Chunk) -> bytes:
    return chunk.data.partition(b"\0")[0] if chunk.kind in _TEXTS else b""


def _text(chunk: _Chunk) -> bytes:
    """Return what a text chunk says, not compressed."""
    rest = chunk.data.partition(b"\0")[2]
    if chunk.kind == b"tEXt":
        return rest
    if chunk.kind == b"zTXt":
        return _inflated(rest[1:], chunk)
    is_compressed = rest[:1] == b"\1"
    text = rest[2:].partition(b"\0")[2].partition(b"\0")[2]  # behind language, translated keyword
    return _inflated(text, chunk) if is_compressed else text


def _inflated(data: bytes, chunk: _Chunk) -> bytes:
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(data, _LARGEST)
    except zlib.error as error:
        raise BrokenFileError(
            f"has a {chunk.kind.decode()} chunk at byte {chunk.start} that cannot be decompressed "
            f"({error}); get the file again"
        ) from error
    if not inflater.eof:
        raise _too_long(chunk)
    return text


def _too_long(chunk: _Chunk) -> BrokenFileError:
    return BrokenFileError(
        f"has a {chunk.kind.decode()} chunk at byte {chunk.start} that is cut off, or with those "
        f"before it longer than {_LARGEST:,} bytes; take it out of the file"
    )


def _decoded(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")  # what tEXt is by its standard


def _packed_xmp(packet: bytes) -> bytes:
    return _packed(b"iTXt", _XMP + b"\0\0\0\0\0" + packet)


def _packed(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return len(data).to_bytes(4, "big") + kind + data + check.to_bytes(4, "big")
