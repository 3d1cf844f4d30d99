"""ID3v2 tags: the user text frame `TXXX` with the description `AIGC`, as TC260-PG-202510A has it.

A tag is bytes here, so that it may stand at the head of an MP3 or in a chunk of a WAV.
"""

from __future__ import annotations

from importlib import import_module
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

from ._boxes import Broken
from ._errors import MISREAD, FileError, missing

HEAD = 10
KEY = "AIGC"
_C2PA = ("application/x-c2pa-manifest-store", "application/c2pa")
# mutagen looks for an ID3v1 tag in the last 128 bytes, and would take a picture's for one.
_APART = bytes(256)


def tag_length(head: bytes) -> int:
    """Return the length of the tag that begins with the ten bytes `head`, 0 where none does.

    Raises:
        Broken: the length is not one.
    """
    if head[:3] != b"ID3" or len(head) < HEAD:
        return 0
    if any(byte >> 7 for byte in head[6:10]):
        raise Broken("has an ID3v2 tag without a right length")
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte
    has_footer = head[3] == 4 and head[5] & 0x10
    return HEAD + size + (HEAD if has_footer else 0)


def tag_blocks(path: Path, tag: bytes) -> list[str]:
    """Return the block of each frame of `tag` that has one.

    Raises:
        FileError: the tag is broken, or mutagen is not installed.
    """
    return [text for frame in _frames(_load(path, tag)) for text in frame.text]


def label_tag(path: Path, tag: bytes, block: str | None) -> bytes:
    """Return `tag`, which may be empty, with `block` and no other, or with none for None.

    A tag stays in its version, where mutagen can write that: 2.2 becomes 2.3, and a new one is
    2.3, which more programs read than 2.4.

    Raises:
        FileError: the tag is broken or has a C2PA manifest, or mutagen is not installed.
    """
    tags = _load(path, tag)
    if any(getattr(frame, "mime", "") in _C2PA for frame in tags.getall("GEOB")):
        raise FileError(
            path,
            "carries a C2PA manifest, whose signature a label would break; label the file first "
            "and sign it then",
        )
    for frame in _frames(tags):
        del tags[frame.HashKey]
    id3 = _mutagen(path)
    from mutagen import MutagenError

    version = 4 if tag and tags.version >= (2, 4, 0) else 3
    if block is not None:
        wide = id3.Encoding.UTF8 if version == 4 else id3.Encoding.UTF16
        encoding = id3.Encoding.LATIN1 if block.isascii() else wide
        tags.add(id3.TXXX(encoding=encoding, desc=KEY, text=[block]))
    out = BytesIO(tag + _APART)
    try:
        tags.save(
            out,
            v2_version=version,
            v23_sep=None,
            padding=lambda info: info.padding if info.padding >= 0 else 1024,
        )
    except (MutagenError, *MISREAD) as error:
        raise FileError(path, f"has an ID3v2 tag that cannot be written ({error})") from error
    return out.getvalue()[: -len(_APART)]


def _load(path: Path, tag: bytes) -> Any:  # mutagen's tags have no types
    id3 = _mutagen(path)
    from mutagen import MutagenError

    try:
        return id3.ID3(
            BytesIO(tag + _APART),
            known_frames=_each_frame(id3),
            translate=tag[3:4] == b"\2",
            v2_version=3,
            load_v1=False,
        )
    except id3.ID3NoHeaderError:
        return id3.ID3()
    except (MutagenError, *MISREAD) as error:
        raise FileError(
            path, f"has a broken ID3v2 tag ({error}); write it anew with ffmpeg -i FILE -c copy NEW"
        ) from error


def _mutagen(path: Path) -> Any:
    try:
        return import_module("mutagen.id3")
    except ImportError as error:
        raise missing(path, "mutagen") from error


def _frames(tags: Any) -> list[Any]:
    return [frame for frame in tags.getall("TXXX") if frame.desc.upper() == KEY]


def _each_frame(id3: Any) -> dict[str, Any]:
    """Return the known frames with a `TXXX` that is not merged with an equal one.

    mutagen makes one of two frames with the same description, and drops the text of the second
    where it is the same; but GB 45438-2025 6.1 allows one block only, so two must be seen as two.
    """
    number = count()

    class TXXX(id3.TXXX):  # type: ignore[misc]  # of any type
        @property
        def HashKey(self) -> str:  # noqa: N802  mutagen's name
            if not hasattr(self, "_number"):
                self._number = next(number)
            return f"TXXX:{self.desc}:{self._number:06}"

    class TXX(TXXX):
        pass

    return {**id3.Frames, **id3.Frames_2_2, "TXXX": TXXX, "TXX": TXX}
