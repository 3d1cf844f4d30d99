"""What a label on an image looks like: white text on a black plate, and where the plate stands.

The plate covers what is behind it, so the contrast is the same on every picture, 21 to 1 by WCAG
2.2 (1.4.3 asks for 4.5 to 1), and who knows the tile can see whether a picture has it already.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from chopmark import MarkError

from ._image_font import LabelFont, full_height
from ._image_lines import break_text
from ._image_wish import LEAST_HEIGHT, ImagePlace

LEGIBLE = 9
"""Pixels: letters that are lower cannot be told apart on a screen, whatever 5 % would be."""

_ROOMY, _TIGHT = (0.6, 0.65, 0.5), (0.0, 0.35, 0.3)
"""Margin outside, padding beside and above the text, in heights of the text."""
_LEADING = 0.65
_RADIUS = 0.4
_FINE = 4


class Box(NamedTuple):
    """A rectangle in pixels; right and bottom are the first ones outside."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A label as it is put onto a picture: two masks (mode L) and their place."""

    box: Box
    plate: Image.Image
    ink: Image.Image
    lines: tuple[str, ...]
    height: int
    """Of the text, in pixels of ink."""


def make_tile(size: tuple[int, int], font: LabelFont, place: ImagePlace, height: float) -> Tile:
    """Return the label for a picture of `size`, as its viewer sees it.

    Args:
        size: width and height, in pixels.
        font: with the text.
        place: a corner or the middle of an edge.
        height: of the text, as a part of the shortest side.

    Raises:
        MarkError: the label does not fit into the picture.
    """
    least = max(math.ceil(height * min(size)), LEGIBLE)
    face, found = font.at_height(least)
    for margin, beside, above in _ROOMY, _TIGHT:
        outside = _Outside(round(margin * found), round(beside * found), round(above * found))
        for lines in break_text(
            font.text, face.getlength, size[0] - 2 * (outside.margin + outside.beside)
        ):
            tile = _draw(size, face, found, lines, outside, place)
            if tile is not None:
                return tile
    raise MarkError(
        f"{font.text!r} does not fit into {size[0]} x {size[1]} pixels with letters {found} pixels "
        f"high; {LEAST_HEIGHT:.0%} of the shortest side, and {LEGIBLE} pixels, are the least, so "
        "label a larger picture, or give a shorter text"
    )


class _Outside(NamedTuple):
    margin: int
    beside: int
    above: int


def _draw(
    size: tuple[int, int],
    face: ImageFont.FreeTypeFont,
    height: int,
    lines: tuple[str, ...],
    outside: _Outside,
    place: ImagePlace,
) -> Tile | None:
    """Return the tile of these lines, None where it is larger than the picture."""
    text = "".join(lines)
    full = "".join(set().union(*full_height(text))) or text
    # Padding is seen from the letters of full height; what hangs below them must only not touch.
    top = min(face.getbbox(line, anchor="ls")[1] for line in lines)
    bottom = face.getbbox(full, anchor="ls")[3]
    hanging = max(face.getbbox(line, anchor="ls")[3] for line in lines)
    step = math.ceil(max(hanging - top, height * (1 + _LEADING)))
    boxes = [face.getbbox(line, anchor="ls") for line in lines]
    below = max(outside.above, math.ceil(hanging - bottom + 0.15 * height))
    wide = math.ceil(max(box[2] - box[0] for box in boxes)) + 2 * outside.beside
    high = outside.above + math.ceil(bottom - top) + (len(lines) - 1) * step + below
    if wide > size[0] - 2 * outside.margin or high > size[1] - 2 * outside.margin:
        return None
    ink = Image.new("L", (wide, high))
    draw = ImageDraw.Draw(ink)
    for index, (line, box) in enumerate(zip(lines, boxes, strict=True)):
        left = outside.beside - box[0]
        if len(lines) > 1:
            left += _shift(place, wide - 2 * outside.beside - (box[2] - box[0]))
        draw.text((left, outside.above - top + index * step), line, 255, face, anchor="ls")
    return Tile(
        box=_place(size, (wide, high), outside.margin, place),
        plate=_plate((wide, high), round(_RADIUS * height)),
        ink=ink,
        lines=lines,
        height=height,
    )


def _shift(place: ImagePlace, room: float) -> int:
    """Return how far a line is from the left of the plate: it keeps to the side of the picture."""
    if place.endswith("left"):
        return 0
    return round(room if place.endswith("right") else room / 2)


def _place(size: tuple[int, int], tile: tuple[int, int], margin: int, place: ImagePlace) -> Box:
    free = size[0] - tile[0], size[1] - tile[1]
    left, top = free[0] // 2, free[1] // 2
    if place.endswith("left"):
        left = margin
    elif place.endswith("right"):
        left = free[0] - margin
    if place.startswith("top"):
        top = margin
    elif place.startswith("bottom"):
        top = free[1] - margin
    return Box(left, top, left + tile[0], top + tile[1])


def _plate(size: tuple[int, int], radius: int) -> Image.Image:
    """Return a filled rectangle with round corners, smoothed."""
    plate = Image.new("L", size, 255)
    if radius < 1:
        return plate
    fine = Image.new("L", (2 * radius * _FINE, 2 * radius * _FINE))
    ImageDraw.Draw(fine).ellipse((0, 0, fine.width - 1, fine.height - 1), fill=255)
    disc = fine.reduce(_FINE)
    for x, y in ((0, 0), (1, 0), (0, 1), (1, 1)):
        corner = disc.crop((x * radius, y * radius, (x + 1) * radius, (y + 1) * radius))
        plate.paste(corner, (x * (size[0] - radius), y * (size[1] - radius)))
    return plate
