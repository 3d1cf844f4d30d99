"""Puts a label onto a picture of any mode, upright for its viewer, and sees whether it is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from PIL import Image, ImageChops, ImageStat

from ._files._boxes import Broken
from ._image_palette import with_greys
from ._image_tile import Box, Tile

Transpose = Image.Transpose
Colour = int | tuple[int, ...]

ORIENTATION = 0x0112
_COLOURS: Mapping[str, tuple[Colour, Colour]] = {
    "1": (0, 255),
    "L": (0, 255),
    "LA": ((0, 255), (255, 255)),
    "RGB": ((0, 0, 0), (255, 255, 255)),
    "RGBX": ((0, 0, 0, 255), (255, 255, 255, 255)),
    "RGBA": ((0, 0, 0, 255), (255, 255, 255, 255)),
    "CMYK": ((0, 0, 0, 255), (0, 0, 0, 0)),
    "YCbCr": ((0, 128, 128), (255, 128, 128)),
    "I;16": (0, 65535),
    "I;16L": (0, 65535),
    "I;16B": (0, 65535),
}
"""Black and white, opaque. Grey has no hue that a colour profile could turn."""
_BACK: Mapping[int, Transpose] = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_90,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_270,
}
"""From what a viewer shows to what is stored, by EXIF orientation."""
_APART = 48.0
"""The most that a part of a label may differ from what was drawn, of 255, to be taken for it.

Measured: JPEG of quality 10 differs by 41 at most, one other character by 112 at least.
"""
_SOLID, _HALF = 250, 128


def orientation_of(image: Image.Image) -> int:
    """Return the EXIF orientation of `image`, 1 where there is none.

    XMP has one too, but viewers go by EXIF.
    """
    data = image.info.get("exif")
    if not isinstance(data, bytes):
        return 1
    exif = Image.Exif()
    try:
        exif.load(data)
    except (SyntaxError, ValueError, LookupError, OSError):
        return 1  # no EXIF that a viewer could read either
    found = exif.get(ORIENTATION)
    return found if isinstance(found, int) and found in _BACK else 1


def viewed_size(image: Image.Image) -> tuple[int, int]:
    """Return width and height as the viewer sees them."""
    width, height = image.size
    return (height, width) if orientation_of(image) >= 5 else (width, height)


def put(image: Image.Image, tile: Tile) -> Image.Image:
    """Return a copy of `image`, of the same mode, with `tile` on it.

    Args:
        image: of `viewed_size`, for which the tile was made.
        tile: the label.

    Raises:
        Broken: the mode is none that has an opaque black and white.
    """
    tile = _stored(tile, image)
    plate, ink = tile.plate, tile.ink
    if image.mode == "P":
        drawn, indexes = with_greys(image)
        table = [indexes[min(indexes, key=lambda shade: abs(shade - v))] for v in range(256)]
        drawn.paste(ink.point(table), tile.box, _where(plate, _HALF, 255))
        return drawn
    if image.mode not in _COLOURS:
        raise Broken(
            f"has pixels of the kind {image.mode!r}, in which black and white are not fixed; "
            "convert it to RGB first"
        )
    drawn = image.copy()
    black, white = _black_and_white(image)
    if image.mode == "1":
        plate, ink = _where(plate, _HALF, 255), _where(ink, _HALF, 255)
    drawn.paste(black, tile.box, plate)
    drawn.paste(white, tile.box, ink)
    return drawn


def shows(image: Image.Image, tile: Tile) -> bool:
    """Return whether `image` has `tile` on it already, even after lossy compression.

    Compared are the letters and what is around them, in parts as large as a letter: one other
    letter is enough to tell.
    """
    tile = _stored(tile, image)
    grey, alpha = _grey(image.crop(tile.box))
    off = ImageChops.lighter(ImageChops.difference(grey, tile.ink), ImageChops.invert(alpha))
    black = ImageChops.multiply(_where(tile.ink, 0, 0), _where(tile.plate, 255, 255))
    if max(_errors(off, black, tile.height), default=0) > _APART:
        return False
    for least in _SOLID, _HALF:  # letters of thin fonts have no pixel that is all white
        errors = list(_errors(off, _where(tile.ink, least, 255), tile.height))
        if errors:
            return max(errors) <= _APART
    return False


def _errors(off: Image.Image, mask: Image.Image, step: int) -> Iterator[float]:
    """Return the mean of `off` under `mask` for each part that has enough pixels to count."""
    for top in range(0, off.height, step):
        for left in range(0, off.width, step):
            part = (left, top, min(left + step, off.width), min(top + step, off.height))
            under = mask.crop(part)
            if under.histogram()[255] >= step:
                yield ImageStat.Stat(off.crop(part), under).mean[0]


def _where(mask: Image.Image, least: int, most: int) -> Image.Image:
    return mask.point(lambda value: 255 * (least <= value <= most))


def _black_and_white(image: Image.Image) -> tuple[Colour, Colour]:
    """Return both for the mode of `image`, none of them the one colour that PNG calls clear."""
    black, white = _COLOURS[image.mode]
    clear = image.info.get("transparency")
    if clear is None or image.mode in ("LA", "RGBA"):
        return black, white
    if image.mode == "1":
        raise Broken(
            "has two colours of which one is transparent, so that a label would be, too; convert "
            "it to RGBA first"
        )
    return (
        _next(black, 1) if clear == black else black,
        _next(white, -1) if clear == white else white,
    )


def _next(colour: Colour, step: int) -> Colour:
    return colour + step if isinstance(colour, int) else tuple(v + step for v in colour)


def _grey(region: Image.Image) -> tuple[Image.Image, Image.Image]:
    """Return the grey of a region, and how opaque it is (both mode L)."""
    if region.mode.startswith("I;16"):
        grey = region.convert("I").point(lambda value: value * (1 / 257)).convert("L")
        return grey, Image.new("L", grey.size, 255)
    has_alpha = region.mode in ("LA", "RGBA") or "transparency" in region.info
    alpha = region.convert("RGBA").getchannel("A") if has_alpha else None
    grey = region.convert("RGB").convert("L")
    return grey, alpha or Image.new("L", grey.size, 255)


def _stored(tile: Tile, image: Image.Image) -> Tile:
    """Return `tile` as it must be put on the stored pixels, to be upright when viewed."""
    turn = orientation_of(image)
    if turn == 1:
        return tile
    left, top, right, bottom = tile.box
    width, height = viewed_size(image)
    box = {
        2: Box(width - right, top, width - left, bottom),
        3: Box(width - right, height - bottom, width - left, height - top),
        4: Box(left, height - bottom, right, height - top),
        5: Box(top, left, bottom, right),
        6: Box(top, width - right, bottom, width - left),
        7: Box(height - bottom, width - right, height - top, width - left),
        8: Box(height - bottom, left, height - top, right),
    }[turn]
    back = _BACK[turn]
    return replace(tile, box=box, plate=tile.plate.transpose(back), ink=tile.ink.transpose(back))
