"""The font of labels on images: ours, or the operator's; how high it is, and what it lacks."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, features

from chopmark import MarkError

from ._files._whole import read_whole

_OURS = "ChopmarkLabelSans-Medium.otf"
_UNMAPPED = "\U0010ffff"  # no character, so every font draws it as what it lacks
_SHOWN = 128
"""The least coverage of a pixel, of 255, at which it is part of a letter."""
_PROBE = 200
_MOST = 20_000


@dataclass(frozen=True, slots=True)
class LabelFont:
    """A font in any size, for one text."""

    text: str
    name: str
    data: bytes
    engine: ImageFont.Layout

    def at(self, size: int) -> ImageFont.FreeTypeFont:
        """Return the font with characters of `size` pixels."""
        return ImageFont.truetype(BytesIO(self.data), size, layout_engine=self.engine)

    def at_height(self, height: int) -> tuple[ImageFont.FreeTypeFont, int]:
        """Return the smallest font whose text is at least `height` pixels high, and how high it is.

        Raises:
            MarkError: the font cannot draw the text that large.
        """
        ratio = text_height(self.at(_PROBE), self.text) / _PROBE
        size = max(1, int(height / ratio) - 2) if ratio else _MOST
        while size < _MOST:
            font = self.at(size)
            found = text_height(font, self.text)
            if found >= height:
                return font, found
            size += 1
        raise MarkError(
            f"the font {self.name} does not draw {self.text!r} {height} pixels high; give another "
            "one as font"
        )


def load_font(text: str, path: Path | None = None) -> LabelFont:
    """Return the font at `path`, else the one that is built in, checked for `text`.

    Args:
        text: of the label.
        path: a TrueType or OpenType font; of a collection, its first font.

    Raises:
        MarkError: the font cannot be read, lacks a character, or needs a library to shape them.
    """
    name = str(path) if path else "that is built in"
    data = read_whole(path) if path else (files(__package__) / "fonts" / _OURS).read_bytes()
    font = LabelFont(text, name, data, _engine(text))
    try:
        probe = font.at(_PROBE)
    except OSError as error:
        raise MarkError(
            f"the font {name} cannot be read ({error}); give a TrueType or OpenType file"
        ) from error
    lacking = next(_lacking(probe, text), None)
    if lacking is not None:
        known = unicodedata.name(lacking, "a character without a name")
        raise MarkError(
            f"the font {name} has no {lacking!r} (U+{ord(lacking):04X}, {known}), which stands in "
            f"{text!r}; give the path of a font that has it as font, such as one of Noto Sans"
        )
    return font


def text_height(font: ImageFont.FreeTypeFont, text: str) -> int:
    """Return how high the characters of full height in `text` are, in pixels of ink.

    Capitals and digits are, each of them, and the highest of those without case: 一 is flat. The
    lower of both is the height of a text that mixes them. Of a text in small letters, the lowest
    counts. A pixel counts where a letter covers half of it.
    """
    capitals, others = full_height(text)
    heights = [min(ink_height(font, c) for c in capitals)] if capitals else []
    heights += [max(ink_height(font, c) for c in others)] if others else []
    if not heights:
        heights = [ink_height(font, c) for c in set(text) if c.isalpha()]
    return min(heights, default=0)


def full_height(text: str) -> tuple[set[str], set[str]]:
    """Return the capitals and digits in `text`, and its letters without case."""
    capitals = {c for c in text if c.isupper() or c.isdigit()}
    return capitals, {c for c in text if unicodedata.category(c) == "Lo"}


def ink_height(font: ImageFont.FreeTypeFont, text: str) -> int:
    """Return the height of what is drawn of `text`, in pixels of at least half coverage."""
    left, top, right, bottom = font.getbbox(text)
    size = (int(right - left) + 2, int(bottom - top) + 2)
    canvas = Image.new("L", size)
    ImageDraw.Draw(canvas).text((1 - left, 1 - top), text, fill=255, font=font)
    box = canvas.point(lambda value: 255 * (value >= _SHOWN)).getbbox()
    return box[3] - box[1] if box else 0


def _lacking(font: ImageFont.FreeTypeFont, text: str) -> Iterator[str]:
    """Return the characters that are drawn as one that no font has."""
    none = _drawn(font, _UNMAPPED)
    for char in dict.fromkeys(text):
        is_mark = unicodedata.category(char)[0] == "M"  # drawn with the one before it
        if not char.isspace() and not is_mark and _drawn(font, char) == none:
            yield char


def _drawn(font: ImageFont.FreeTypeFont, char: str) -> tuple[object, ...]:
    mask, offset = font.getmask2(char, mode="L")
    return mask.size, offset, bytes(mask)


def _engine(text: str) -> ImageFont.Layout:
    """Return what lays out `text`: the basic one, the same everywhere, where it can.

    Raises:
        MarkError: the text runs from right to left, or its letters join, and Raqm is not there.
    """
    needs = any(
        unicodedata.category(c)[0] == "M" or unicodedata.bidirectional(c) in ("R", "AL", "AN")
        for c in text
    )
    if not needs:
        return ImageFont.Layout.BASIC
    if not features.check("raqm"):
        raise MarkError(
            f"{text!r} runs from right to left, or has letters that join, and this Pillow cannot "
            "lay that out; install Pillow from its wheels, which have Raqm"
        )
    return ImageFont.Layout.RAQM
