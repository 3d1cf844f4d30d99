"""MP3: the block in a `TXXX` frame of the ID3v2 tag; the sound, and what is behind it, stay."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

from ._boxes import Broken
from ._errors import MISREAD, FileError, missing
from ._format import Place
from ._id3 import TEXT, label_tag, tag_blocks
from ._id3_frames import HEAD, LARGEST, length_in
from ._rewrite import Edit, opened, rewrite_file

_PLACE = "ID3v2 {}"


class Mp3:
    """Files of MPEG-1 or -2 layer III."""

    name = "MP3"
    suffixes = (".mp3",)

    def fits(self, head: bytes) -> bool:
        """Return whether a file begins with an ID3v2 tag or a frame of layer III."""
        try:
            end = length_in(head[:HEAD])
        except Broken:
            return False
        if end:
            return head[end : end + 4] != b"fLaC"
        return _is_frame(head)

    def read(self, path: Path) -> list[Place]:
        """Return the blocks of every ID3v2 tag at the head of the file."""
        with opened(path) as file:
            tags = _tags(path, file)
        return [
            Place(block.text, _PLACE.format(block.where))
            for tag in tags
            for block in tag_blocks(path, tag)
        ]

    def write(self, source: Path, target: Path, block: str) -> str:
        """Write `source` with `block` in its first ID3v2 tag, and in no other, to `target`."""
        with opened(source) as file:
            tags = _tags(source, file)
            _check_sound(source, file, sum(map(len, tags)))
        edits, at = [], 0
        for number, tag in enumerate(tags or [b""]):
            is_first = number == 0
            if is_first or tag_blocks(source, tag):
                new = label_tag(source, tag, block if is_first else None)
                edits.append(Edit(at, at + len(tag), new))
            at += len(tag)
        rewrite_file(source, target, edits)
        return _PLACE.format(TEXT)


MP3 = Mp3()


def _tags(path: Path, file: BinaryIO) -> list[bytes]:
    """Return the ID3v2 tags at the head of a file, which must be followed by a frame of sound."""
    size = file.seek(0, os.SEEK_END)
    tags: list[bytes] = []
    at = 0
    while True:
        file.seek(at)
        head = file.read(HEAD)
        try:
            length = length_in(head)
        except Broken as error:
            raise FileError(path, f"{error}; is it an MP3 file?") from error
        if not length:
            break
        if at + length > size:
            raise FileError(path, "ends inside its ID3v2 tag; is the file complete?")
        if at + length > LARGEST:
            raise FileError(
                path,
                f"has ID3v2 tags of more than {LARGEST:,} bytes, which are not read; take pictures "
                "out of them",
            )
        file.seek(at)
        tags.append(file.read(length))
        at += length
    if not tags and not _is_frame(head):
        raise FileError(path, "begins with neither an ID3v2 tag nor MPEG sound; is it an MP3 file?")
    return tags


def _check_sound(path: Path, file: BinaryIO, at: int) -> None:
    try:
        mp3: Any = import_module("mutagen.mp3")
    except ImportError as error:
        raise missing(path, "mutagen") from error
    try:
        mp3.MPEGInfo(file, at)
    except (mp3.error, *MISREAD) as error:
        raise FileError(
            path, "has no MPEG sound behind its tag; is the file complete, and an MP3?"
        ) from error


def _is_frame(head: bytes) -> bool:
    """Return whether `head` is the header of a frame of layer III (ISO 11172-3, 2.4.2.3)."""
    return (
        len(head) >= 4
        and head[0] == 0xFF
        and head[1] & 0xE6 == 0xE2
        and head[2] >> 4 != 0xF
        and head[2] >> 2 & 3 != 3
    )
