"""Boxes of ISO 14496-12 and QuickTime files: found by their headers, never read whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

_MOST = 1_000_000
"""More boxes side by side than any real file has; so a hostile one cannot keep us busy."""


class Broken(ValueError):  # noqa: N818  says what a file is
    """Bytes that are not what their format says; the message completes "the file ..."."""


class Box(NamedTuple):
    """Where a box is: `start` of its header, `body` of what it holds, `end` of both."""

    kind: bytes
    start: int
    body: int
    end: int


def file_boxes(file: BinaryIO) -> list[Box]:
    """Return the boxes of a file, in order.

    Raises:
        Broken: a box is longer than the file, or shorter than its own header.
    """
    size = file.seek(0, os.SEEK_END)
    found: list[Box] = []
    at = 0
    while at + 8 <= size:
        file.seek(at)
        box = _box(file.read(16), 0, at, size)
        if box.end > size:
            raise Broken(
                f"ends inside its {_name(box.kind)} box, which should be {box.end - at} bytes "
                f"long and is {size - at}; is the file complete?"
            )
        found.append(box)
        at = box.end
        if len(found) > _MOST:
            raise Broken(f"has more than {_MOST:,} boxes; it is no video or sound file")
    return found


def boxes(data: bytes, start: int = 0) -> Iterator[Box]:
    """Yield the boxes that stand in `data` from `start`, up to what is none.

    QuickTime ends a list of user data with four zero bytes; they, and other short leftovers, are
    not boxes and stay where they are.

    Raises:
        Broken: a box is longer than what holds it, or shorter than its own header.
    """
    at = start
    while at + 8 <= len(data):
        if data[at : at + 4] == bytes(4):
            return
        box = _box(data, at, at, len(data))
        if box.end > len(data):
            raise Broken(f"has a {_name(box.kind)} box that is longer than the box around it")
        yield box
        at = box.end


def pack(kind: bytes, body: bytes) -> bytes:
    """Return a box."""
    size = len(body) + 8
    if size >> 32:
        return b"\0\0\0\1" + kind + (size + 8).to_bytes(8, "big") + body
    return size.to_bytes(4, "big") + kind + body


def _box(data: bytes, offset: int, at: int, limit: int) -> Box:
    """Return the box whose header is at `offset` of `data`, and which begins at `at`."""
    size = int.from_bytes(data[offset : offset + 4], "big")
    kind = data[offset + 4 : offset + 8]
    head = 8
    if size == 1:
        head = 16
        size = int.from_bytes(data[offset + 8 : offset + 16], "big")
    elif size == 0:  # to the end of the file
        size = limit - at
    if size < head:
        raise Broken(f"has a {_name(kind)} box of {size} bytes, shorter than its own header")
    return Box(kind, at, at + head, at + size)


def _name(kind: bytes) -> str:
    return repr(kind.decode("latin-1"))
