"""What label on an image is wanted, checked, and what was put on."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from chopmark import MarkError

from ._wording import DEFAULTS, LANGUAGES, LONGEST, STANDARD, Language, Style, check_wording

ImagePlace = Literal[
    "top-left", "top", "top-right", "left", "right", "bottom-left", "bottom", "bottom-right"
]
IMAGE_PLACES: tuple[ImagePlace, ...] = get_args(ImagePlace)
LEAST_HEIGHT = 0.05
"""Of the shortest side: the least height of text, GB 45438-2025 5.2."""
_MOST_HEIGHT = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageLabel:
    """What was put onto an image, and where. Pixels are those that a viewer sees, upright."""

    format: str
    """Of the file: BMP, GIF, JPEG, PNG, TIFF or WEBP."""
    text: str
    lines: tuple[str, ...]
    """The text as it was broken."""
    place: str
    box: tuple[int, int, int, int]
    """The plate: left, top, right, bottom."""
    height: int
    """Of the letters, in pixels of ink."""
    share: float
    """The same, as a part of the shortest side: 0.05 or more."""
    frames: int
    """How many were labelled: more than one in an animation."""
    already: bool
    """Whether the same label was there, so that nothing was written but a copy."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What label is wanted, as far as it can be checked without the image."""

    text: str
    place: ImagePlace
    height: float
    font: Path | None


def make_wish(
    text: str | None,
    language: Language,
    style: Style,
    place: ImagePlace,
    height: float,
    font: Path | None,
) -> Wish:
    """Return what is wanted; see `label_image`.

    Raises:
        MarkError: it cannot be.
    """
    if place not in IMAGE_PLACES:
        raise MarkError(f"a label cannot be at {place!r}; give one of {', '.join(IMAGE_PLACES)}")
    if not LEAST_HEIGHT <= height <= _MOST_HEIGHT:
        raise MarkError(
            f"the height of a label is {height!r} of the shortest side; {STANDARD} 5.2 asks for "
            f"{LEAST_HEIGHT} at least, and {_MOST_HEIGHT} is as much as makes sense"
        )
    if language not in LANGUAGES or style not in DEFAULTS:
        raise MarkError(
            f"there are no words of language {language!r} and style {style!r}; languages are "
            f"{', '.join(LANGUAGES)}, styles are {', '.join(DEFAULTS)}"
        )
    if text is None:
        return Wish(DEFAULTS[style][language], place, height, font)
    words = unicodedata.normalize("NFC", text).strip()
    hidden = next((c for c in words if unicodedata.category(c)[0] in "CZ" and c != " "), None)
    if not words or hidden is not None or len(words) > LONGEST:
        raise MarkError(
            f"the text of a label is {text!r}; it must be one line of 1 to {LONGEST} visible "
            "characters"
        )
    missing = check_wording(words) if style == "gb45438" else ()
    if missing:
        raise MarkError(
            f"the text of a label is {text!r}; {STANDARD} 5.2 asks for an AI element (人工智能 or "
            f"AI) and a generation element (生成 or 合成), and the {' and the '.join(missing)} "
            f"element is missing; write for example {DEFAULTS['gb45438'][language]!r}, or give "
            "style='plain' where the standard does not hold"
        )
    return Wish(words, place, height, font)
