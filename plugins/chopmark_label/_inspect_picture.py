"""Recognises the visible label of this plugin on a picture, by its pixels.

A label of other words, of another height or font, or on a picture that was scaled since is not
recognised: reading any label takes a program that reads letters.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from chopmark import Mark, MarkError

from ._files._boxes import Broken
from ._image_wish import IMAGE_PLACES, LEAST_HEIGHT
from ._marking import KIND, NAME
from ._wording import Wording

LARGEST = 100_000_000
"""Pixels of the largest picture that is looked at."""


def find_drawn(path: Path, wordings: Iterable[Wording]) -> list[Mark]:
    """Return the labels of `wordings` on the first frame of a picture.

    Raises:
        MarkError: Pillow is missing, or cannot read the picture.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise MarkError(
            "looking at pictures needs pillow; pip install 'chopmark[files]'"
        ) from error
    from ._image_draw import shows, viewed_size
    from ._image_font import load_font
    from ._image_tile import make_tile

    found: dict[str, Wording] = {}
    try:
        with Image.open(path) as image:
            if image.width * image.height > LARGEST:
                raise MarkError(f"the picture has more than {LARGEST:,} pixels")
            image.load()
            size = viewed_size(image)
            for wording in {wording.text: wording for wording in wordings}.values():
                font = load_font(wording.text)
                for place in IMAGE_PLACES:
                    try:
                        there = shows(image, make_tile(size, font, place, LEAST_HEIGHT))
                    except (Broken, MarkError):  # it does not fit, so it is not there
                        continue
                    before = found.get(place)  # whose words may begin with these
                    if there and (before is None or len(before.text) < len(wording.text)):
                        found[place] = wording
    except MarkError:
        raise
    except (OSError, SyntaxError, ValueError, Warning, Image.DecompressionBombError) as error:
        raise MarkError(f"the picture cannot be read: {error}") from error
    return [
        Mark(
            marker=NAME,
            kind=KIND,
            where=place,
            data={**wording.data(), "match": "pixels", "wording": wording.text},
        )
        for place, wording in found.items()
    ]
