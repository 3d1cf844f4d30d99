"""Chunks of RIFF files: found by their headers, sizes of 64 bits of RF64 included."""

from __future__ import annotations

import os
from typing import BinaryIO, NamedTuple

from ._boxes import Broken

UNKNOWN = 0xFFFFFFFF
"""The size of a chunk whose writer did not know it, or whose size `ds64` has."""
_GUESSED = 0x7FFF0000
_MOST = 1_000_000


class Chunk(NamedTuple):
    """Where a chunk is: `start` of its header, `body` and `end` of what it holds, `after` it."""

    kind: bytes
    start: int
    body: int
    end: int
    after: int


class Wave(NamedTuple):
    """The chunks of a wave file.

    `form` is RIFF, RF64 or BW64 (EBU Tech 3306, ITU-R BS.2088). `endless` says that a program
    wrote it to a pipe, so that the sound goes to the end of the file, whatever its header says.
    """

    form: bytes
    chunks: tuple[Chunk, ...]
    endless: bool

    @property
    def end(self) -> int:
        """Where its last chunk ends."""
        return self.chunks[-1].after if self.chunks else 12


def wave_chunks(file: BinaryIO) -> Wave:
    """Return the chunks of a wave file.

    Raises:
        Broken: it is none, or ends inside a chunk.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(12)
    form = head[:4]
    if form not in (b"RIFF", b"RF64", b"BW64") or head[8:12] != b"WAVE":
        raise Broken("does not begin as a WAV file does; is it one?")
    declared = int.from_bytes(head[4:8], "little")
    limit = size if declared in (0, UNKNOWN) else min(size, declared + 8)
    large: dict[bytes, int] = {}
    found: list[Chunk] = []
    at = 12
    while at + 8 <= limit:
        file.seek(at)
        header = file.read(8)
        kind, length = header[:4], int.from_bytes(header[4:], "little")
        if kind == b"ds64" and form != b"RIFF":
            large, limit = _large(file.read(min(length, 1 << 20)), size)
        is_unknown = _is_endless(length, declared) or _is_guess(length, size - at - 8)
        if kind == b"data" and form == b"RIFF" and is_unknown:
            found.append(Chunk(kind, at, at + 8, size, size))
            return Wave(form, tuple(found), endless=True)
        if length == UNKNOWN:
            length = large.get(kind, length)
        end = at + 8 + length
        if end > size:
            raise Broken(
                f"ends inside its {kind.decode('latin-1')!r} chunk, which should be {length:,} "
                f"bytes long and is {size - at - 8:,}; is the file complete?"
            )
        found.append(Chunk(kind, at, at + 8, end, min(end + length % 2, size)))
        at = end + length % 2
        if len(found) > _MOST:
            raise Broken(f"has more than {_MOST:,} chunks; it is no sound file")
    return Wave(form, tuple(found), endless=False)


def chunk(kind: bytes, body: bytes) -> bytes:
    """Return a chunk, padded to an even length."""
    return kind + len(body).to_bytes(4, "little") + body + bytes(len(body) % 2)


def sub_chunks(body: bytes) -> list[Chunk]:
    """Return the chunks in the body of a `LIST` chunk, behind its type.

    Raises:
        Broken: one is longer than the list.
    """
    found: list[Chunk] = []
    at = 4
    while at + 8 <= len(body):
        length = int.from_bytes(body[at + 4 : at + 8], "little")
        end = at + 8 + length
        if end > len(body):
            raise Broken("has a 'LIST' chunk that is shorter than what it holds")
        found.append(Chunk(body[at : at + 4], at, at + 8, end, min(end + length % 2, len(body))))
        at = end + length % 2
        if len(found) > _MOST:
            raise Broken(f"has more than {_MOST:,} chunks in a list; it is no sound file")
    return found


def _is_endless(length: int, declared: int) -> bool:
    return length == UNKNOWN or (length == 0 and declared in (0, UNKNOWN))


def _is_guess(length: int, left: int) -> bool:
    """Return whether a program such as sox wrote the greatest length it knows, to a pipe."""
    return left < length and _GUESSED <= length < 1 << 31


def _large(body: bytes, size: int) -> tuple[dict[bytes, int], int]:
    """Return the sizes in the body of a `ds64` chunk, and where the file ends by it."""
    if len(body) < 28:
        raise Broken("has a 'ds64' chunk that is too short")
    large = {b"data": int.from_bytes(body[8:16], "little")}
    count = int.from_bytes(body[24:28], "little")
    for at in range(28, min(28 + 12 * count, len(body) - 11), 12):
        large[body[at : at + 4]] = int.from_bytes(body[at + 4 : at + 12], "little")
    declared = int.from_bytes(body[:8], "little")
    return large, min(size, declared + 8) if declared else size
