"""Finds the parts of a text that are for machines and that no reader is shown.

Descriptions of images, titles and comments: text in them that speaks to an assistant is not there
for a reader.
"""

from __future__ import annotations

import re
from bisect import bisect_right

_sign = re.compile(r"\\[!-/:-@\[-`{-~]|!?\[|\]|\n[ \t\r]{0,16}\n").finditer
_attribute = re.compile(
    r"\b(?:alt|title|aria-label|aria-description|longdesc|summary|placeholder)\s{0,4}=\s{0,4}"
    r"(?:([\"'])|(?=[^\s>\"']))"
).finditer
_word_end = re.compile(r"[\s>]").search
_LONGEST = 1000
_LONGEST_VALUE = 10_000


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


def may_have(text: str) -> bool:
    """Return whether there may be such a part in `text`: cheap, and wrong only with yes."""
    return "![" in text or "<" in text


def regions(text: str) -> Regions:
    """Return the parts of `text` in Markdown image descriptions, HTML attributes and comments."""
    return Regions([*_images(text), *_attributes(text), *_comments(text)])


def _images(text: str) -> list[tuple[int, int]]:
    """Return where images are described; brackets in a description are paired (CommonMark 6.4)."""
    parts: list[tuple[int, int]] = []
    if "![" not in text:
        return parts
    opened: list[int] = []  # where an image begins, -1 for other brackets
    for found in _sign(text):
        sign = found.group()
        if sign[-1] == "[" and sign[0] != "\\":
            opened.append(found.start() if sign[0] == "!" else -1)
        elif sign == "]" and opened:
            start = opened.pop()
            if start >= 0:
                parts.append((start, _described(text, found.start())))
        elif sign[-1] == "\n":
            opened.clear()  # a paragraph ended, and no description goes on into the next
    return parts


def _described(text: str, end: int) -> int:
    """Return where what belongs to an image ends, whose description ends at `end`."""
    if text[end + 1 : end + 2] != "(":
        return end
    closed = text.find(")", end, end + _LONGEST)  # the title stands behind the address
    return end if closed < 0 else closed


def _attributes(text: str) -> list[tuple[int, int]]:
    if "<" not in text:
        return []
    parts: list[tuple[int, int]] = []
    bare = 0  # where the last value without quotes ends: one within it ends there, too
    for found in _attribute(text):
        start, quote = found.end(), found.group(1)
        if quote:
            end = text.find(quote, start, start + _LONGEST_VALUE)
        elif start < bare:
            continue
        else:
            word = _word_end(text, start, start + _LONGEST_VALUE)
            end = word.start() if word else -1
        # What does not end is cut, as a reader's program takes it to go on.
        parts.append((start, end if end >= 0 else min(len(text), start + _LONGEST_VALUE)))
        if not quote:
            bare = parts[-1][1]
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
