"""Sounds and videos that ask for more than they are long."""

from __future__ import annotations

import struct
import zlib

from tests.plugins.label.hostile._blocks import (
    BLOCK,
    packet_of_elements,
)


def box(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body) + 8) + kind + body


_FTYP = box(b"ftyp", b"isom\0\0\0\0isom")


def mp4_boxes(size: int) -> bytes:
    return _FTYP + box(b"moov", box(b"free") * (size // 8))


def mp4_outside(size: int) -> bytes:
    return _FTYP + box(b"moov") + box(b"free") * (size // 8)


def mp4_absurd(size: int) -> bytes:
    return _FTYP + b"\0\0\0\1moov\xff\xff\xff\xff\xff\xff\xff\xff" + bytes(size)


def mp4_items(size: int) -> bytes:
    item = box(b"AIGC", box(b"data", bytes(8) + BLOCK.encode()))
    meta = box(b"meta", bytes(4) + box(b"ilst", item * (size // len(item))))
    return _FTYP + box(b"moov", box(b"udta", meta))


def mp4_keys(size: int) -> bytes:
    key = box(b"mdta")
    item = box(b"\0\0\0\1")
    meta = box(
        b"meta",
        bytes(4) + box(b"keys", bytes(8) + key * (size // 16)) + box(b"ilst", item * (size // 16)),
    )
    return _FTYP + box(b"moov", box(b"udta", meta))


def mp4_xmp(size: int) -> bytes:
    packet = bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + packet_of_elements(size)
    return _FTYP + box(b"moov") + box(b"uuid", packet)


def _spread(size: int) -> bytes:
    return bytes(size >> bits & 0x7F for bits in (21, 14, 7, 0))


def _tag(body: bytes, version: int = 4) -> bytes:
    return b"ID3" + bytes((version, 0, 0)) + _spread(len(body)) + body


_FRAME = b"\xff\xfb\x90\0" + bytes(413)


def mp3_frames(size: int) -> bytes:
    return _tag((b"TPE1" + bytes(6)) * (size // 10)) + _FRAME * 3


def mp3_texts(size: int) -> bytes:
    frame = b"TXXX" + _spread(7) + bytes(2) + b"\0AIGC\0x"
    return _tag(frame * (size // len(frame))) + _FRAME * 3


def mp3_doubtful(size: int) -> bytes:
    """A tag whose frames have lengths that can be read in two ways."""
    frame = b"TPE1" + struct.pack(">I", 256) + bytes(2) + b"\1" * 256
    return _tag(frame * (size // len(frame)) + b"TPE1" + _spread(1) + bytes(3)) + _FRAME * 3


def mp3_bombs(size: int) -> bytes:
    """A tag with packed frames, each of 16 MiB."""
    packed = zlib.compress(b"\0AIGC\0" + b"a" * (16 << 20), 9)
    data = _spread(16 << 20) + packed
    frame = b"TXXX" + _spread(len(data)) + b"\0\x09" + data
    return _tag(frame * max(1, size // (16 << 20))) + _FRAME * 3


def mp3_tags(size: int) -> bytes:
    return _tag(bytes(2 << 20)) * (size // (2 << 20)) + _FRAME * 3


def flac_blocks(size: int) -> bytes:
    info = bytes.fromhex(
        "1000100000000000000a0ac440f0000000000000000000000000000000000000"
    ) + bytes(2)
    return (
        b"fLaC\0\0\0\x22"
        + info
        + b"\1\0\0\0" * (size // 4)
        + b"\x81\0\0\0"
        + b"\xff\xf8"
        + bytes(99)
    )


def _comments(count: int) -> bytes:
    return bytes(4) + struct.pack("<I", count) + bytes(4) * count


def flac_comments(size: int) -> bytes:
    info = bytes.fromhex(
        "1000100000000000000a0ac440f0000000000000000000000000000000000000"
    ) + bytes(2)
    body = _comments(min(size, 15 << 20) // 4)
    one = b"\4" + len(body).to_bytes(3, "big") + body
    return (
        b"fLaC\0\0\0\x22"
        + info
        + one * max(1, size // len(one))
        + b"\x81\0\0\0"
        + b"\xff\xf8"
        + bytes(99)
    )


def _page(serial: int, flags: int, data: bytes, segments: bytes) -> bytes:
    return (
        b"OggS\0"
        + bytes((flags,))
        + bytes(8)
        + struct.pack("<III", serial, 0, 0)
        + bytes((len(segments),))
        + segments
        + data
    )


def ogg_pages(size: int) -> bytes:
    head = _page(1, 2, b"OpusHead\1\1\0\0\0\0\0\0\0\0\0", b"\x13")
    tags = _page(1, 0, b"OpusTags" + _comments(0), b"\x10")
    return head + tags + _page(1, 0, b"", b"") * (size // 27)


def ogg_pieces(size: int) -> bytes:
    """Joined files, in none of which the comments end."""
    head = _page(1, 2, b"OpusHead\1\1\0\0\0\0\0\0\0\0\0", b"\x13")
    open_ = _page(1, 0, b"OpusTags" + bytes(247), b"\xff")
    return (head + open_) * (size // (len(head) + len(open_)))


def wav_chunks(size: int) -> bytes:
    body = (
        b"WAVE"
        b"fmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0"
        + b"aaaa\0\0\0\0" * (size // 8)
        + b"data\0\0\0\0"
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def wav_list(size: int) -> bytes:
    inside = b"INFO" + b"AIGC\2\0\0\0{}" * (size // 10)
    body = (
        b"WAVE"
        b"fmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0"
        b"LIST" + struct.pack("<I", len(inside)) + inside + b"data\0\0\0\0"
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def wav_fast(size: int) -> bytes:
    """A sound with so many samples a second that ten minutes of it are the whole file."""
    body = (
        b"WAVE"
        b"fmt \x10\0\0\0\1\0\1\0"
        + struct.pack("<II", 0x7FFFFFFF, 0x7FFFFFFF)
        + b"\1\0\x08\0"
        + b"data"
        + struct.pack("<I", size)
        + bytes(size)
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body
