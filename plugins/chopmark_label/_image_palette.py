"""Makes room for greys in the palette of a picture, so that it can carry a label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image

_SHADES = (0, 255, 146, 73, 219, 36, 182, 109)
"""The greys of smoothed letters, the most useful first; the first two are needed."""
_OPAQUE = 255
Colour = tuple[int, ...]


class Greys(NamedTuple):
    """A picture of mode P, and the indexes of the greys that it has now, by grey."""

    image: Image.Image
    indexes: dict[int, int]


def with_greys(image: Image.Image) -> Greys:
    """Return a copy of `image`, of mode P, whose palette has black, white, and what greys fit.

    Entries that no pixel uses are taken; where there are none, the rarest colour gives way, and
    its pixels take the nearest other one. No other pixel changes, and transparent ones stay so.
    """
    palette = image.palette
    mode = palette.mode if palette is not None else "RGB"
    colours = _colours(image, mode)
    clear = _clear(image)
    counts = image.histogram()
    fixed = {*clear, image.info.get("background", -1)}
    free = [i for i in range(256) if i not in fixed and not counts[i]]
    indexes: dict[int, int] = {}
    image = image.copy()
    for shade in _SHADES:
        colour = (shade,) * 3 + (_OPAQUE,) * (len(mode) - 3)
        there = [i for i, c in enumerate(colours) if c == colour and i not in clear]
        if there:
            indexes[shade] = there[0]
            if there[0] in free:
                free.remove(there[0])
            continue
        if not free and shade in _SHADES[:2]:
            taken = {*fixed, *indexes.values()}
            rarest = min((i for i in range(256) if i not in taken), key=counts.__getitem__)
            others = [i for i in range(256) if i not in clear and i != rarest]
            image = _merged(image, rarest, _nearest(colours, rarest, others))
            free = [rarest]
        if free:
            index = free.pop(0)
            indexes[shade] = index
            colours += [(0,) * len(mode)] * (index + 1 - len(colours))
            colours[index] = colour
    image.putpalette([value for colour in colours for value in colour], mode)
    alphas = image.info.get("transparency")
    if isinstance(alphas, bytes):  # one for each index from the first, where not all are opaque
        image.info["transparency"] = bytes(
            _OPAQUE if i in indexes.values() else alpha for i, alpha in enumerate(alphas)
        )
    return Greys(image, indexes)


def _colours(image: Image.Image, mode: str) -> list[Colour]:
    flat = image.getpalette(mode) or []
    return [tuple(flat[i : i + len(mode)]) for i in range(0, len(flat), len(mode))]


def _clear(image: Image.Image) -> set[int]:
    """Return the indexes that are not opaque, and that pixels have."""
    alpha = image.info.get("transparency")
    if isinstance(alpha, bytes):
        counts = image.histogram()
        return {i for i, value in enumerate(alpha) if value < _OPAQUE and counts[i]}
    return {alpha} if isinstance(alpha, int) else set()


def _merged(image: Image.Image, old: int, new: int) -> Image.Image:
    table = list(range(256))
    table[old] = new
    merged = image.point(table)
    merged.info = dict(image.info)
    return merged


def _nearest(colours: Sequence[Colour], index: int, others: Sequence[int]) -> int:
    mine = colours[index]
    return min(
        (i for i in others if i < len(colours)),
        key=lambda i: sum((a - b) ** 2 for a, b in zip(colours[i], mine, strict=True)),
    )
