"""Which format a file is of, by what it begins with and by its name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path

from ._errors import FileError
from ._format import FileFormat
from ._whole import unreadable

_BY_CONTENT = (
    "_ooxml.OOXML", "_pdf.PDF", "_jpeg.JPEG", "_png.PNG", "_webp.WEBP", "_tiff.TIFF", "_gif.GIF",
    "_mp4.MP4", "_mp3.MP3", "_wav.WAV", "_vorbis.VORBIS",
)  # fmt: skip
_BY_NAME = ("_html.HTML", "_markdown.MARKDOWN")  # any text may begin as these do
_HEAD = 4096

DOCUMENT = "PDF"
"""Name of the format of documents whose objects are counted before they are read."""
PICTURES = ("JPEG", "PNG", "WebP", "TIFF", "GIF")
"""Names of the formats of pictures."""
SOUNDS = ("WAV", "MP3", "FLAC and Ogg", "MP4")
"""Names of the formats that hold sound; MP4 holds videos, too."""


@cache
def _load(names: Sequence[str]) -> tuple[FileFormat, ...]:
    found = []
    for name in names:
        module, _, attribute = name.partition(".")
        found.append(getattr(import_module(f"{__package__}.{module}"), attribute))
    return tuple(found)


def formats() -> tuple[FileFormat, ...]:
    """Return every format, imported now: without the libraries that a file may need."""
    return _load((*_BY_CONTENT, *_BY_NAME))


def suffixes() -> list[str]:
    """Return the endings of file names that can carry an implicit label."""
    return sorted({suffix for form in formats() for suffix in form.suffixes})


def format_of(path: Path) -> FileFormat | None:
    """Return the format of the file at `path`, None where it is of none that can carry a block.

    Where a name's ending and the content disagree, the content decides, if it has a signature.

    Raises:
        FileError: the file cannot be read.
    """
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for, and gone when read
            raise FileError(path, "is no regular file; copy what is in it to one")
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise unreadable(path, error) from error
    suffix = path.suffix.lower()
    fitting = [form for form in _load(_BY_CONTENT) if form.fits(head)]
    named = [form for form in (*fitting, *_load(_BY_NAME)) if suffix in form.suffixes]
    return next((form for form in (*named, *fitting) if form.fits(head)), None)
