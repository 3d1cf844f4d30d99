"""Finds the parts of a text that are for machines and that no reader is shown.

Descriptions of images, titles and comments: text in them that speaks to an assistant is not there
for a reader.
"""

from __future__ import annotations

import re
from bisect import bisect_right

_attribute = re.compile(
    r"\b(?:alt|title|aria-label|aria-description|longdesc|summary|placeholder)\s{0,4}=\s{0,4}([\"'])"
).finditer
_LONGEST = 1000


class Regions:
    """Parts of a text. They may overlap."""

    def __init__(self, parts: list[tuple[int, int]]) -> None:
        parts.sort()
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in parts:
            if self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)

    def holds(self, place: int) -> bool:
        """Return whether `place` is in one of the parts."""
        n = bisect_right(self._starts, place)
        return n > 0 and place < self._ends[n - 1]


def regions(text: str) -> Regions:
    """Return the parts of `text` in Markdown image descriptions, HTML attributes and comments."""
    return Regions([*_images(text), *_attributes(text), *_comments(text)])


def _images(text: str) -> list[tuple[int, int]]:
    parts = []
    at = text.find("![")
    while at >= 0:
        end = text.find("]", at, at + _LONGEST)
        if end < 0:
            end = at + 2
        elif text[end + 1 : end + 2] == "(":
            closed = text.find(")", end, end + _LONGEST)  # the title stands behind the address
            end = end if closed < 0 else closed
        parts.append((at, end))
        at = text.find("![", end)
    return parts


def _attributes(text: str) -> list[tuple[int, int]]:
    if "<" not in text:
        return []
    parts = []
    for found in _attribute(text):
        end = text.find(found.group(1), found.end(), found.end() + _LONGEST)
        if end >= 0:
            parts.append((found.end(), end))
    return parts


def _comments(text: str) -> list[tuple[int, int]]:
    parts: list[tuple[int, int]] = []
    at = text.find("<!--")
    while at >= 0:
        end = text.find("-->", at)
        if end < 0:
            return [*parts, (at, len(text))]
        parts.append((at, end))
        at = text.find("<!--", end)
    return parts
