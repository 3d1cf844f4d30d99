"""Labels the bytes of an image file, and reads back what was made before it is written."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from PIL import Image

from ._files._boxes import Broken
from ._files._errors import FileError
from ._image_draw import put, shows, viewed_size
from ._image_font import load_font
from ._image_open import Picture, blocks, open_picture, suffixes
from ._image_save import encode
from ._image_tile import Tile, make_tile
from ._image_wish import ImageLabel, Wish

_LEGIBLE_QUALITY = 75
"""Of JPEG: at which letters of any size can be read, where the file's own tables are too coarse."""


def drawn(image: Image.Image, wish: Wish) -> Image.Image:
    """Return a copy of `image` with its label, which is not drawn where it is already.

    Raises:
        Broken: the mode is none that can carry it.
        MarkError: it does not fit, or the font lacks a character.
    """
    tile = _tile(image, wish)
    return image.copy() if shows(image, tile) else put(image, tile)


def labelled(data: bytes, wish: Wish, quality: int | None) -> tuple[bytes, ImageLabel]:
    """Return a file with its label, and what it is; `data` itself where the label was there.

    Raises:
        Broken: it cannot be done, or what was made does not show the label.
    """
    picture = open_picture(data)
    tile = _tile(picture.frames[0], wish)
    label = _describe(picture, tile, wish)
    there = [shows(frame, tile) for frame in picture.frames]
    if all(there):
        return data, replace(label, already=True)
    pairs = zip(picture.frames, there, strict=True)
    frames = [frame if has else put(frame, tile) for frame, has in pairs]
    made = encode(picture, frames, quality)
    if quality is None and picture.format == "JPEG" and not shows(open_picture(made).image, tile):
        made = encode(picture, frames, _LEGIBLE_QUALITY)
    _check(picture, made, tile)
    return made, label


def _tile(image: Image.Image, wish: Wish) -> Tile:
    return make_tile(viewed_size(image), load_font(wish.text, wish.font), wish.place, wish.height)


def _describe(picture: Picture, tile: Tile, wish: Wish) -> ImageLabel:
    return ImageLabel(
        format=picture.format,
        text=wish.text,
        lines=tile.lines,
        place=wish.place,
        box=tile.box,
        height=tile.height,
        share=tile.height / min(picture.frames[0].size),
        frames=len(picture.frames),
        already=False,
    )


def _check(picture: Picture, made: bytes, tile: Tile) -> None:
    """Read back what was made.

    Raises:
        Broken: it is another image, has another implicit label, or does not show this one.
    """
    again = open_picture(made)
    if (again.format, again.image.size) != (picture.format, picture.image.size):
        raise Broken("was not given back in its size and format; nothing was kept")
    if blocks(again) != blocks(picture):
        raise Broken(
            "would lose its implicit label; put the visible label on first, and then that one"
        )
    if not all(shows(frame, tile) for frame in again.frames):
        raise Broken(
            "is compressed so strongly that the label cannot be read; give a higher quality, such "
            f"as {_LEGIBLE_QUALITY}"
        )


def write(source: Path, target: Path, data: bytes, label: ImageLabel) -> None:
    """Write `target` in one step, with the permissions that it or `source` had.

    Raises:
        FileError: its name is that of another format, or it cannot be written.
    """
    suffix = target.suffix.lower()
    if suffix != source.suffix.lower() and suffix not in suffixes(label.format):
        raise FileError(
            target,
            f"has the name of another format than {source.name!r}, which is {label.format}, and an "
            f"image is labelled in its own; end it with {suffixes(label.format)[0]}",
        )
    if target.exists() and not target.is_file():
        raise FileError(target, "is no file that can be replaced; give another path as out")
    if target.exists() and not os.access(target, os.W_OK):
        raise FileError(target, "may not be written; give another path as out")
    made = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        made = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        made.chmod((target if target.exists() else source).stat().st_mode & 0o7777)
        made.replace(target)
    except OSError as error:
        raise FileError(
            target, f"cannot be written ({error.strerror}); check the folder and the free space"
        ) from error
    finally:
        if made is not None:
            with suppress(FileNotFoundError):
                made.unlink()
