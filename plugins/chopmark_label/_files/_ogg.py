"""Ogg (RFC 3533): the pieces of a file, and the packet of comments in each.

Pages are walked by their headers, and those of comments are written by mutagen, which numbers the
ones behind them anew where their count changes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import Any, BinaryIO, NamedTuple

from ._boxes import Broken
from ._errors import MISREAD
from ._rewrite import Edit, rewrite
from ._vorbis_comment import Comments, parse_comments

_BLOCK = 1 << 20
_HEADER = 27
_MOST_PAGES, _MOST_PIECES = 4_000_000, 1_000
"""Pages of some 4 KB, of which 4 are a second of sound, and joined files."""
_LARGEST = 64 << 20
"""Bytes of the longest comments, with the pages between theirs; a cover picture has some MB."""
_BEGINS = 2
"""The flag of the page that begins a logical stream."""
# How a stream of each kind begins, and how its packet of comments does.
_KINDS = {
    b"\x01vorbis": b"\x03vorbis",
    b"OpusHead": b"OpusTags",
    b"\x7fFLAC": b"",
    b"Speex   ": b"",
}
_FLAC = b"\x7fFLAC"
_FLAC_COMMENTS = 4


class Piece(NamedTuple):
    """A physical stream, of which joined files have several: where it is, and its sound."""

    start: int
    end: int
    serial: int
    kind: bytes


def pieces(file: BinaryIO) -> list[Piece]:
    """Return the pieces of an Ogg file; what is behind its last page is not looked at.

    Raises:
        Broken: it does not begin with a page, ends inside one, or has no sound that we know.
    """
    size = file.seek(0, os.SEEK_END)
    starts: list[int] = []
    sounds: list[tuple[int, bytes]] = []
    at, begun, count = 0, False, 0
    while True:
        count += 1
        if count > _MOST_PAGES or len(starts) > _MOST_PIECES:
            raise Broken(
                f"has more than {_MOST_PAGES:,} pages of Ogg, or {_MOST_PIECES:,} joined files; "
                "split it"
            )
        file.seek(at)
        header = file.read(_HEADER)
        if header[:4] != b"OggS" or len(header) < _HEADER:
            break
        table = file.read(header[26])
        end = at + _HEADER + header[26] + sum(table)
        if end > size or len(table) < header[26]:
            raise Broken("ends inside a page of Ogg; is the file complete?")
        if header[5] & _BEGINS:
            if not begun:
                starts.append(at)
            head = file.read(8)
            kind = next((kind for kind in _KINDS if head.startswith(kind)), None)
            if kind is not None and len(sounds) < len(starts):  # the first one that is sound
                sounds.append((int.from_bytes(header[14:18], "little"), kind))
        begun = bool(header[5] & _BEGINS)
        at = end
    if not starts:
        raise Broken("does not begin with a page of Ogg; is it an Ogg file?")
    if len(sounds) < len(starts):
        raise Broken("is Ogg without Vorbis, Opus, FLAC or Speex; its comments cannot be found")
    bounds = zip(starts, [*starts[1:], at], sounds, strict=True)
    return [Piece(start, end, serial, kind) for start, end, (serial, kind) in bounds]


def ogg_comments(file: BinaryIO, piece: Piece) -> Comments:
    """Return the comments of the sound in a piece.

    Raises:
        Broken: they are none, or cut off.
    """
    with _named():
        return _Packet(file, piece).comments


def label_ogg(file: BinaryIO, out: BinaryIO, joined: Sequence[Piece], block: str) -> None:
    """Copy an Ogg file to the empty `out`, with `block` in the comments of its first piece only.

    Each piece is labelled alone: mutagen would number the pages of the next one, too, where it has
    the same serial number, and trips over what stands behind the last.

    Raises:
        Broken: comments are none, or cut off.
    """
    size = file.seek(0, os.SEEK_END)
    for number, piece in enumerate(joined):
        with TemporaryFile() as part:
            rewrite(file, part, [Edit(0, piece.start, b""), Edit(piece.end, size, b"")])
            with _named():
                packet = _Packet(part, piece._replace(start=0))
                new = packet.comments.packed(None if number else block)
                if new != packet.body:
                    packet.replace(part, new)
            part.seek(0)
            copyfileobj(part, out, _BLOCK)
    file.seek(joined[-1].end)
    copyfileobj(file, out, _BLOCK)


def copy_with_comments(file: BinaryIO, out: BinaryIO, entries: Sequence[bytes]) -> None:
    """Copy an Ogg file of one piece to the empty `out`, with these comments in place of its own.

    Raises:
        Broken: comments are none, or cut off.
    """
    (piece,) = pieces(file)
    with TemporaryFile() as part, _named():
        file.seek(0)
        copyfileobj(file, part, _BLOCK)
        packet = _Packet(part, piece)
        packet.replace(part, packet.comments._replace(entries=tuple(entries)).whole())
        part.seek(0)
        copyfileobj(part, out, _BLOCK)


class _Packet:
    """The packet of comments, in the pages that it stands in."""

    def __init__(self, file: BinaryIO, piece: Piece) -> None:
        self._ogg: Any = import_module("mutagen.ogg").OggPage
        self._kind = piece.kind
        self._pages = self._found(file, piece)
        self._packets: list[bytes] = self._ogg.to_packets(self._pages, strict=False)
        head = _KINDS[piece.kind]
        packet = self._packets[0] if self._packets else b""
        is_right = packet.startswith(head)
        if piece.kind == _FLAC:
            is_right = len(packet) >= 4 and packet[0] & 0x7F == _FLAC_COMMENTS
        if not is_right:
            raise Broken("has no comments behind the head of its sound; is the file complete?")
        size = 4 if piece.kind == _FLAC else len(head)
        self._head, self.body = packet[:size], packet[size:]
        self.comments = parse_comments(self.body)

    def replace(self, file: BinaryIO, body: bytes) -> None:
        """Write another body of the packet."""
        head = self._head
        if self._kind == _FLAC:
            if len(body) >> 24:
                raise Broken("would get more than 16 MB of comments; take pictures out of them")
            head = head[:1] + len(body).to_bytes(3, "big")
        packets = [head + body, *self._packets[1:]]
        pages = self._ogg.from_packets(packets, self._pages[0].sequence)
        self._ogg.replace(file, self._pages, pages)

    def _found(self, file: BinaryIO, piece: Piece) -> list[Any]:
        file.seek(piece.start)
        page = self._ogg(file)
        while page.serial != piece.serial:
            page = self._ogg(file)
        pages: list[Any] = []
        end = min(piece.end, file.tell() + _LARGEST)
        while not pages or not (pages[-1].complete or len(pages[-1].packets) > 1):
            if file.tell() >= end:
                raise Broken(
                    "has pages of Ogg that cannot be read: its comments end in none of them, or "
                    f"are longer than {_LARGEST:,} bytes; is it complete?"
                )
            page = self._ogg(file)
            if page.serial == piece.serial:
                pages.append(page)
        return pages


@contextmanager
def _named() -> Iterator[None]:
    """Turn what mutagen raises to what this module does."""
    from mutagen import MutagenError

    try:
        yield
    except Broken:
        raise
    except (MutagenError, *MISREAD) as error:
        raise Broken(f"has pages of Ogg that cannot be read ({error}); is it complete?") from error
