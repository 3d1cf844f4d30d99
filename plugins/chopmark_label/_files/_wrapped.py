"""The wrapped block `{"AIGC":{...}}` inside free text, such as a comment.

The practice guide for image files, Annex B, shows it in EXIF UserComment and PNG text.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from ._format import MOST_BLOCKS

_OPENING = re.compile(r'\{\s*"AIGC"\s*:')


class Span(NamedTuple):
    """Where a wrapped block stands in a text, and whether it can be cut out alone."""

    start: int
    end: int
    alone: bool


def wrapped_in(text: str) -> list[Span]:
    """Return the wrapped blocks in `text`, up to one more than are read.

    Where JSON cannot tell its end, the block goes to the end of the text. An object that holds
    more than the block is one span that cannot be cut out.
    """
    spans: list[Span] = []
    at = 0
    while len(spans) <= MOST_BLOCKS and (found := _OPENING.search(text, at)):
        try:
            value, at = json.JSONDecoder().raw_decode(text, found.start())
            alone = len(value) == 1
        except (ValueError, RecursionError):
            at, alone = len(text), True
        spans.append(Span(found.start(), at, alone))
    if not spans and '"AIGC"' in text:
        spans.append(Span(0, len(text), False))
    return spans
