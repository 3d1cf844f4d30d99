"""The metadata blocks of FLAC (RFC 9639, 8): found by their headers, the sound is never read."""

from __future__ import annotations

from typing import BinaryIO, NamedTuple

from ._boxes import Broken
from ._rewrite import Edit
from ._vorbis_comment import Comments, parse_comments

_COMMENTS = 4
_LAST = 0x80
_INVALID = 127
_HEAD = 4
_MOST = 10_000
"""Blocks of metadata: real files have some ten."""
_LARGEST = 1 << 24
"""Bytes of all blocks of comments: what one may have."""


class Block(NamedTuple):
    """One block: its kind, where its header begins and it ends."""

    kind: int
    start: int
    body: bytes
    """Empty where it is not of comments."""
    end: int


def flac_comments(file: BinaryIO, at: int) -> list[Comments]:
    """Return the comments of the FLAC stream at `at`; more than one block of them is against RFC.

    Raises:
        Broken: it is no FLAC stream, or is cut off.
    """
    return [parse_comments(b.body) for b in flac_blocks(file, at) if b.kind == _COMMENTS]


def flac_edits(file: BinaryIO, at: int, block: str) -> list[Edit]:
    """Return the edits that make `block` the only one in the comments of a FLAC stream.

    Raises:
        Broken: it is no FLAC stream, is cut off, or its comments get too long.
    """
    blocks = flac_blocks(file, at)
    edits: list[Edit] = []
    for part in blocks:
        if part.kind == _COMMENTS:
            comments = parse_comments(part.body)
            new = comments.packed(None if edits else block)
            edits.append(Edit(part.start, part.end, _packed(new, part is blocks[-1])))
    if edits:
        return edits
    first = blocks[0]  # of the stream's rate and length; it must come first
    new = _packed(Comments(b"", (), b"").packed(block), len(blocks) == 1)
    flag = Edit(first.start, first.start + 1, bytes((first.kind,)))
    return [flag, Edit(first.end, first.end, new)]


def flac_blocks(file: BinaryIO, at: int) -> list[Block]:
    """Return the metadata blocks of the FLAC stream at `at`.

    Raises:
        Broken: it is no FLAC stream, or is cut off.
    """
    file.seek(at)
    if file.read(4) != b"fLaC":
        raise Broken("does not begin as FLAC does; is it a FLAC or Ogg file?")
    at += 4
    found: list[Block] = []
    is_last, left = False, _LARGEST
    while not is_last:
        file.seek(at)
        head = file.read(_HEAD)
        kind, size = (head[0] & ~_LAST if head else 0), int.from_bytes(head[1:], "big")
        if len(head) < _HEAD or kind == _INVALID or (kind == 0) != (not found):
            raise Broken("has metadata that is not FLAC's; is the file complete?")
        left -= size if kind == _COMMENTS else 0
        if left < 0 or len(found) == _MOST:
            raise Broken(
                f"has more metadata than is read: {_LARGEST:,} bytes of comments in {_MOST:,} "
                "blocks; write it anew with ffmpeg -i FILE -c copy NEW"
            )
        body = file.read(size) if kind == _COMMENTS else b""
        found.append(Block(kind, at, body, at + _HEAD + size))
        at, is_last = found[-1].end, bool(head[0] & _LAST)
    file.seek(at)
    sync = file.read(2)
    if len(sync) < 2 or sync[0] != 0xFF or sync[1] & 0xFC != 0xF8:
        raise Broken("has no FLAC sound behind its metadata; is the file complete?")
    return found


def _packed(comments: bytes, is_last: bool) -> bytes:
    if len(comments) >> 24:
        raise Broken("would get more than 16 MB of comments; take pictures out of them")
    return bytes((_COMMENTS | _LAST * is_last,)) + len(comments).to_bytes(3, "big") + comments
