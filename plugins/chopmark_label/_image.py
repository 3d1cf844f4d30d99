"""Visible labels on images, as GB 45438-2025 5.2 asks for them.

The label is text with both elements, in a corner or at an edge, in a legible typeface, and at least
5 % of the shortest side high. Here the letters themselves are that high: their ink, not the box
that a font gives them. They stand white on a black plate, so that no background matters.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chopmark import MarkError

from ._files._boxes import Broken
from ._files._errors import FileError
from ._files._whole import read_whole
from ._image_wish import LEAST_HEIGHT, ImageLabel, ImagePlace, Wish, make_wish
from ._wording import Language, Style

if TYPE_CHECKING:
    from PIL.Image import Image


def label_image(
    path: Path,
    *,
    out: Path | None = None,
    text: str | None = None,
    language: Language = "zh",
    style: Style = "gb45438",
    place: ImagePlace = "bottom-right",
    height: float = LEAST_HEIGHT,
    font: Path | None = None,
    quality: int | None = None,
) -> ImageLabel:
    """Put a visible label onto the image at `path`, every frame of it, and read it back.

    Size, mode, EXIF, XMP with an implicit label in it, ICC profile and resolution stay; only a
    thumbnail in EXIF, which would show the image without its label, is unlinked. The orientation of
    EXIF stays, too, and the label is upright for who sees the image; a TIFF is stored upright. Both
    kinds of labels may be put on in any order, but a C2PA manifest only afterwards: it signs the
    pixels, so a file that has one is refused.

    PNG, BMP, TIFF and still GIF keep all other pixels (of a GIF or PNG that uses all 256 colours,
    the rarest gives way to black or white). JPEG is coded anew with its own tables and
    subsampling (with quality 75 where those are too coarse for letters), WebP lossless where it
    was, else with quality 90. Each frame of an animated GIF
    gets a palette of its own.

    The same label at the same place is not put on twice: it is recognised by its pixels, also
    after JPEG, and the file is then copied as it is. A label of another text, place, height or
    font, or of an image that was scaled since, is not recognised; nothing is recorded in the file.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from PIL import Image
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder, "cat.png")
        ...     Image.new("RGB", (1024, 768), "orange").save(path)
        ...     label = label_image(path, language="en")
        >>> label.lines, label.height, label.share >= 0.05
        (('AI生成 · AI-generated',), 39, True)

    Args:
        path: a BMP, GIF, JPEG, PNG, TIFF of one page, or WebP.
        out: where the labelled image goes; by default over `path`. Of the same format.
        text: your own words, one line; by default those of `language` and `style`.
        language: of the built-in words.
        style: `gb45438`, so that both elements of the standard must stand in the text, or `plain`.
        place: a corner or the middle of an edge.
        height: of the letters, as a part of the shortest side; 0.05 or more. Never less than 9
            pixels, below which nobody could read them.
        font: a TrueType or OpenType font for characters that the built-in one lacks.
        quality: 1 to 100, of JPEG and lossy WebP, instead of what is said above.

    Raises:
        FileError: the file cannot be read, labelled, or written; `out` is then as it was.
        MarkError: an argument cannot be, or Pillow is missing.
    """
    wish = make_wish(text, language, style, place, height, font)
    target = out or path
    data = read_whole(path)
    try:
        made, label = _labelled(data, wish, quality)
    except Broken as error:
        raise FileError(path, str(error)) from error
    if made is not data or target != path:
        _engine().write(path, target, made, label)
    return label


def label_image_bytes(
    data: bytes,
    *,
    text: str | None = None,
    language: Language = "zh",
    style: Style = "gb45438",
    place: ImagePlace = "bottom-right",
    height: float = LEAST_HEIGHT,
    font: Path | None = None,
    quality: int | None = None,
) -> tuple[bytes, ImageLabel]:
    """Return an image file, given as bytes, with a visible label on it, and what was put on.

    For answers of a model that are images. Arguments and promises are those of `label_image`.

    Raises:
        MarkError: the image cannot be read or labelled, or an argument cannot be.
    """
    wish = make_wish(text, language, style, place, height, font)
    try:
        return _labelled(data, wish, quality)
    except Broken as error:
        raise MarkError(f"the image {error}") from error


def draw_label(
    image: Image,
    text: str | None = None,
    *,
    language: Language = "zh",
    style: Style = "gb45438",
    place: ImagePlace = "bottom-right",
    height: float = LEAST_HEIGHT,
    font: Path | None = None,
) -> Image:
    """Return a copy of a Pillow image, of the same mode and size, with a visible label on it.

    Of an animation, this is the current frame. The same label is not drawn twice; see
    `label_image`, whose arguments these are.

    Raises:
        MarkError: the label does not fit, the mode has no black and white, an argument cannot be,
            or Pillow is missing.
    """
    wish = make_wish(text, language, style, place, height, font)
    try:
        drawn: Image = _engine().drawn(image, wish)
        return drawn
    except Broken as error:
        raise MarkError(f"the image {error}") from error


def _labelled(data: bytes, wish: Wish, quality: int | None) -> tuple[bytes, ImageLabel]:
    if quality is not None and not 1 <= quality <= 100:
        raise MarkError(f"quality is {quality!r}; it may be 1 to 100")
    made: tuple[bytes, ImageLabel] = _engine().labelled(data, wish, quality)
    return made


def _engine() -> Any:
    """Return what does the work: imported late, since Pillow is not everywhere.

    Raises:
        MarkError: Pillow is missing.
    """
    try:
        import_module("PIL.Image")
    except ImportError as error:
        raise MarkError(
            "labels on images need the package pillow; pip install 'chopmark[files]'"
        ) from error
    return import_module(f"{__package__}._image_label")
