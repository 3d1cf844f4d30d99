"""ID3v2 tags: the user text frame `TXXX` with the description `AIGC`, as TC260-PG-202510A has it.

A tag is bytes here, so that it may stand at the head of an MP3 or in a chunk of a WAV. Its frames
are copied as they are, and mutagen reads those that may be ours, each alone. A tag that mutagen
writes whole was measured and changes more: it merges frames of one name, sorts them, and drops
those that it does not know or that are empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

from ._boxes import Broken
from ._errors import MISREAD, FileError, missing
from ._format import Place
from ._id3_frames import Frame, Tag, new_tag, parse_tag
from ._packet import take_packet

KEY = "AIGC"
TEXT = f"TXXX:{KEY}"
_TEXTS = (b"TXXX", b"TXX")
_OBJECTS = (b"GEOB", b"GEO")
_C2PA = (b"application/x-c2pa-manifest-store", b"application/c2pa")
_XMP = b"XMP\0"
_PACKED = {3: 0x80, 4: 0x08}
"""By version, the flag of a frame that mutagen unpacks, as far as it goes: to a thousand times."""
_MOST_PACKED = 64 * 2**10
# mutagen looks for an ID3v1 tag in the last 128 bytes, and would take a text's for one.
_APART = bytes(256)


def tag_blocks(path: Path, tag: bytes) -> list[Place]:
    """Return the block of each frame of `tag` that has one, also in a packet of XMP.

    Raises:
        FileError: the tag is broken, or mutagen is not installed.
    """
    found: list[Place] = []
    with naming(path):
        parsed = _parsed(tag)
        for frame in parsed.frames:
            _without(parsed, frame, found)
    return found


def label_tag(path: Path, tag: bytes, block: str | None) -> bytes:
    """Return `tag`, which may be empty, with `block` and no other, or with none for None.

    A tag stays in its version; a new one is 2.3, which more programs read than 2.4.

    Raises:
        FileError: the tag is broken or has a C2PA manifest, or mutagen is not installed.
    """
    with naming(path):
        parsed = _parsed(tag) if tag else new_tag()
        if any(_is_manifest(frame) for frame in parsed.frames):
            raise Broken(
                "carries a C2PA manifest, whose signature a label would break; label the file "
                "first and sign it then"
            )
        kept = [_without(parsed, frame, []) for frame in parsed.frames]
        frames = [frame for frame in kept if frame is not None]
        if block is not None:
            frames.append(parsed.frame(_TEXTS[parsed.version == 2], _text(parsed, block)))
        return parsed.packed(frames)


def _is_manifest(frame: Frame) -> bool:
    return frame.name in _OBJECTS and frame.data[1:].partition(b"\0")[0].lower() in _C2PA


def _text(tag: Tag, block: str) -> bytes:
    if block.isascii():
        return b"\0" + KEY.encode() + b"\0" + block.encode()
    if tag.version == 4:
        return b"\3" + KEY.encode() + b"\0" + block.encode()
    return b"\1" + f"{KEY}".encode("utf-16") + bytes(2) + block.encode("utf-16")


def _without(tag: Tag, frame: Frame, found: list[Place]) -> Frame | None:
    """Add the blocks in a frame to `found`; return it without them, None where nothing is left."""
    if frame.name in _TEXTS:
        texts = _user_texts(tag, frame)
        found.extend(Place(text, TEXT) for text in texts)
        return None if texts else frame
    if frame.name == b"PRIV" and frame.data.startswith(_XMP):
        packet = frame.data[len(_XMP) :]
        left = take_packet(packet, found, "PRIV")
        return frame if left == packet else tag.frame(frame.name, _XMP + left)
    return frame


def _user_texts(tag: Tag, frame: Frame) -> list[str]:
    """Return the texts of a user text frame that is called AIGC; one that nobody can read is not.

    A frame may be packed, and text is coded in four ways: mutagen knows.
    """
    id3: Any = import_module("mutagen.id3")
    from mutagen import MutagenError

    alone = tag.alone(frame)
    try:
        read = id3.ID3(BytesIO(alone + _APART), translate=False, load_v1=False)
    except (MutagenError, *MISREAD):
        return []
    return [text for each in read.getall("TXXX") if each.desc.upper() == KEY for text in each.text]


def _parsed(tag: bytes) -> Tag:
    """Return the frames of a tag; raises Broken also where its packed texts may be bombs."""
    parsed = parse_tag(tag)
    flag = _PACKED.get(parsed.version, 0)
    packed = sum(
        len(frame.data)
        for frame in parsed.frames
        if frame.name in _TEXTS and frame.flags and flag & frame.flags[-1]
    )
    if packed > _MOST_PACKED:
        raise Broken(
            f"has {packed:,} bytes of packed texts in its ID3v2 tag, and {_MOST_PACKED:,} are "
            "unpacked at most; write it anew with ffmpeg -i FILE -c copy NEW"
        )
    return parsed


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Name the file in the errors of the body, also that mutagen is not there."""
    try:
        yield
    except ImportError as error:
        raise missing(path, "mutagen") from error
    except Broken as error:
        raise FileError(path, str(error)) from error
