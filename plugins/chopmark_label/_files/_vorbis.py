"""FLAC and Ogg (Vorbis, Opus, FLAC, Speex): the Vorbis comment `AIGC` of TC260-PG-202510A."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

from ._boxes import Broken
from ._errors import MISREAD, FileError, missing
from ._format import Place
from ._ogg import Rest, pieces
from ._rewrite import opened, rewrite_file
from ._whole import nothing_left

_KEY = "AIGC"
_PLACE = f"Vorbis comment {_KEY}"
_OGG = {
    b"\x01vorbis": ("mutagen.oggvorbis", "OggVorbis"),
    b"OpusHead": ("mutagen.oggopus", "OggOpus"),
    b"\x7fFLAC": ("mutagen.oggflac", "OggFLAC"),
    b"Speex   ": ("mutagen.oggspeex", "OggSpeex"),
}


class Vorbis:
    """FLAC files, and Ogg files whose sound has Vorbis comments."""

    name = "FLAC and Ogg"
    suffixes = (".flac", ".ogg", ".oga", ".opus", ".spx")

    def fits(self, head: bytes) -> bool:
        """Return whether a file begins as FLAC or Ogg does."""
        return head[:4] in (b"fLaC", b"OggS")

    def read(self, path: Path) -> list[Place]:
        """Return the comments of that name, of each piece where Ogg files were joined."""
        with opened(path) as file:
            texts = [
                text
                for sound in _open(path, file)
                for text in (sound.tags.get(_KEY, []) if sound.tags is not None else [])
            ]
        return [Place(text, _PLACE) for text in texts]

    def write(self, source: Path, target: Path, block: str) -> str:
        """Write `source` with `block` as its one comment of that name to `target`."""
        with opened(source) as file:
            count = len(_open(source, file))
        if count > 1:
            raise FileError(
                source,
                f"is {count} Ogg files joined, each with its own comments; take them apart and "
                "label each",
            )
        rewrite_file(source, target, [])
        with nothing_left(target), target.open("r+b") as copy:
            _label(source, copy, block)
        return _PLACE


VORBIS = Vorbis()


def _label(path: Path, copy: BinaryIO, block: str) -> None:
    from mutagen import MutagenError

    (sound,) = _open(path, copy)
    if sound.tags is None:
        sound.add_tags()
    sound.tags[_KEY] = [block]
    copy.seek(0)
    try:
        sound.save(copy, padding=lambda info: info.padding if info.padding >= 0 else 1024)
    except (MutagenError, *MISREAD) as error:
        raise FileError(path, f"cannot be labelled ({error})") from error


def _open(path: Path, file: BinaryIO) -> list[Any]:
    """Return what mutagen reads in a file, once for each piece."""
    try:
        from mutagen import MutagenError
    except ImportError as error:
        raise missing(path, "mutagen") from error
    try:
        return [_load(file, *kind) for kind in _kinds(file)]
    except (MutagenError, Broken, *MISREAD) as error:
        raise FileError(path, f"cannot be read ({error}); is the file complete?") from error


def _kinds(file: BinaryIO) -> list[tuple[int, str, str]]:
    """Return where each piece of a file begins, and the module and class that read it."""
    file.seek(0)
    if file.read(4) != b"OggS":
        return [(0, "mutagen.flac", "FLAC")]
    found = []
    for piece in pieces(file):
        kinds = [
            kind for head in piece.heads for begin, kind in _OGG.items() if head.startswith(begin)
        ]
        if not kinds:
            raise Broken("it is Ogg without Vorbis, Opus, FLAC or Speex")
        found.append((piece.start, *kinds[0]))
    return found


def _load(file: BinaryIO, start: int, module: str, name: str) -> Any:
    return getattr(import_module(module), name)(Rest(file, start))
