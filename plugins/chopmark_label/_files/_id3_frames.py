"""ID3v2 as frames: versions 2.2, 2.3 and 2.4, taken apart and put together byte for byte.

By the informal standards of id3.org, and by what is found in files: lengths of frames in 2.4 that
are written as in 2.3, an extended header that is announced and not there, frames that end in
something else than zeros.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from ._boxes import Broken

HEAD = 10
_UNSYNCHRONISED, _EXTENDED, _FOOTER = 0x80, 0x40, 0x10
_COMPRESSED_2_2 = 0x40
_PADDING = 1024
LARGEST = 64 << 20
"""Bytes of the tags of one file that are read; a cover picture has some MB."""
_MOST = 10_000
"""Frames of one tag: real ones have some dozens."""
_RAW = re.compile(rb"\xff(?:[\xe0-\xff]|\Z)")
_NAME = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


class Frame(NamedTuple):
    """One frame: its name, its flags (none in 2.2), what it holds, and all its bytes."""

    name: bytes
    flags: bytes
    data: bytes
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A tag. `rest` is behind its last frame: mostly zeros, which others may write into."""

    version: int
    revision: int
    flags: int
    extended: bytes
    frames: tuple[Frame, ...]
    rest: bytes
    is_plain: bool = False
    """Whether lengths in 2.4 are written as in 2.3: some programs read a tag in one way only."""

    def frame(self, name: bytes, data: bytes) -> Frame:
        """Return a new frame of this tag's version, without flags."""
        if len(data) >> 24:
            raise Broken(f"would get a {name.decode()} frame of {len(data):,} bytes; make it less")
        if self.version == 2:
            return Frame(name, b"", data, name + len(data).to_bytes(3, "big") + data)
        is_spread = self.version == 4 and not self.is_plain
        size = _spread(len(data)) if is_spread else len(data).to_bytes(4, "big")
        return Frame(name, bytes(2), data, name + size + bytes(2) + data)

    def alone(self, frame: Frame) -> bytes:
        """Return a tag with this frame only, its length written as the standard has it."""
        body = replace(self, is_plain=False).frame(frame.name, frame.data).raw
        if frame.flags:
            body = body[:8] + frame.flags + frame.data
        flags = self.flags & _UNSYNCHRONISED
        return b"ID3" + bytes((self.version, 0, flags)) + _spread(len(body)) + body

    def packed(self, frames: Sequence[Frame]) -> bytes:
        """Return the tag with these frames; it gets longer only where its zeros do not suffice."""
        body = self.extended + b"".join(frame.raw for frame in frames)
        has_footer = self.version == 4 and self.flags & _FOOTER
        if self.rest.strip(b"\0"):
            body += self.rest
        elif not has_footer:  # which forbids padding
            whole = len(self.extended) + sum(len(f.raw) for f in self.frames) + len(self.rest)
            body = body.ljust(whole if len(body) <= whole else len(body) + _PADDING, b"\0")
        if len(body) >> 28:
            raise Broken("would get an ID3v2 tag of more than 256 MB; take pictures out of it")
        head = bytes((self.version, self.revision, self.flags)) + _spread(len(body))
        return b"ID3" + head + body + (b"3DI" + head if has_footer else b"")


def new_tag() -> Tag:
    """Return an empty tag of version 2.3."""
    return Tag(version=3, revision=0, flags=0, extended=b"", frames=(), rest=b"")


def length_in(head: bytes) -> int:
    """Return the length of the tag that begins with the ten bytes `head`, 0 where none does.

    Raises:
        Broken: the length is not one.
    """
    if head[:3] != b"ID3" or len(head) < HEAD or head[3] not in (2, 3, 4) or head[4] == 0xFF:
        return 0
    if any(byte >> 7 for byte in head[6:10]):
        raise Broken("has an ID3v2 tag without a right length")
    has_footer = head[3] == 4 and head[5] & _FOOTER
    return HEAD + _joined(head[6:10]) + (HEAD if has_footer else 0)


def parse_tag(tag: bytes) -> Tag:
    """Return the frames of a whole tag.

    Raises:
        Broken: it is none, or is of 2.2 and compressed, which no program ever wrote.
    """
    if not length_in(tag[:HEAD]):
        raise Broken("has no ID3v2 tag where one should be")
    version, revision, flags = tag[3:6]
    body = tag[HEAD : HEAD + _joined(tag[6:10])]
    if version == 2 and flags & _COMPRESSED_2_2:
        raise Broken("has a compressed ID3v2.2 tag; write it anew with ffmpeg -i FILE -c copy NEW")
    is_whole = version < 4 and flags & _UNSYNCHRONISED  # in 2.4 it is of each frame
    if is_whole and not _RAW.search(body):  # some programs say it and do not do it
        body = body.replace(b"\xff\0", b"\xff")
        flags &= ~_UNSYNCHRONISED
    at = _behind_extended(version, flags, body)
    extended, frames = body[:at], []
    filled = len(body.rstrip(b"\0"))
    while (frame := _frame(version, body, at, filled)) is not None:
        frames.append(frame)
        at += len(frame.raw)
        if len(frames) > _MOST:
            raise Broken(
                f"has more than {_MOST:,} frames in its ID3v2 tag; write it anew with ffmpeg -i "
                "FILE -c copy NEW"
            )
    return Tag(
        version=version, revision=revision, flags=flags,
        extended=extended, frames=tuple(frames), rest=body[at:],
        is_plain=version == 4 and any(_spread(len(f.data)) != f.raw[4:8] for f in frames),
    )  # fmt: skip


def _behind_extended(version: int, flags: int, body: bytes) -> int:
    if version == 2 or not flags & _EXTENDED or _is_name(body[:4]):
        return 0
    end = _joined(body[:4]) if version == 4 else 4 + int.from_bytes(body[:4], "big")
    if end > len(body):
        raise Broken("has an ID3v2 tag whose extended header is longer than the tag")
    return end


def _frame(version: int, body: bytes, at: int, filled: int) -> Frame | None:
    """Return the frame at `at`, None for none; behind `filled` there are only zeros."""
    wide, head = (3, 6) if version == 2 else (4, 10)
    name = body[at : at + wide]
    if not _is_name(name) or at + head > len(body):
        return None
    size = int.from_bytes(body[at + wide : at + 2 * wide], "big")
    if version == 4:
        size = _size(body, at, size, filled)
    end = at + head + size
    if end > len(body):
        return None
    return Frame(name, body[at + 2 * wide : at + head], body[at + head : end], body[at:end])


def _size(body: bytes, at: int, plain: int, filled: int) -> int:
    """Return the size of a frame of 2.4: seven bits a byte, but iTunes wrote eight for years."""
    raw = body[at + 4 : at + 8]
    size = _joined(raw)
    if any(byte >> 7 for byte in raw):
        return plain
    if not _goes_on(body, at + 10 + size, filled) and _goes_on(body, at + 10 + plain, filled):
        return plain
    return size


def _goes_on(body: bytes, at: int, filled: int) -> bool:
    """Return whether a frame, the end, or zeros up to it are at `at`."""
    return at <= len(body) and (_is_name(body[at : at + 4]) or at >= filled)


def _is_name(name: bytes) -> bool:
    """Return whether this names a frame; some programs write the shorter ones of 2.2, filled."""
    return len(name) >= 3 and _NAME.issuperset(name[:3]) and _NAME.union(b" \0").issuperset(name)


def _joined(raw: bytes) -> int:
    size = 0
    for byte in raw:
        size = size << 7 | byte & 0x7F
    return size


def _spread(size: int) -> bytes:
    return bytes(size >> bits & 0x7F for bits in (21, 14, 7, 0))
