"""Normalises a text to NFC as it goes by, which is what the hash of a C2PA text is taken of.

A character waits only while what follows could still change it: none at all behind Chinese,
digits or punctuation, one behind a Latin letter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from typing import NamedTuple

LIMIT = 30
"""Marks on one character beyond which a text is not normalised (UAX 15, Stream-Safe Text: 30).

Sorting a longer run would take quadratic time."""

_HANGUL_FIRST = (range(0x1100, 0x1113), range(0xAC00, 0xD7A4))
_HANGUL_SECOND = (range(0x1161, 0x1176), range(0x11A8, 0x11C3))
_LAST = 0x1FFFF  # no character above it takes part in a composition or has a combining class


class NfcText:
    """One text in progress. What comes out, put together, is the NFC of what was fed.

    Where a character carries more than `LIMIT` marks, `refused` becomes True, and the text goes
    out as it is from that character on.
    """

    def __init__(self) -> None:
        self.refused = False
        self._held = ""

    def feed(self, text: str) -> str:
        """Take the next piece, and return what nothing that follows can change."""
        if self.refused:
            return text
        text = self._held + text
        if text.isascii():
            at = len(text) - 1 if text and _tables().opens.match(text[-1]) else len(text)
            self._held = text[at:]
            return text[:at]
        long = _tables().long.search(text)
        if long:
            at = max(0, long.start() - 1)
            self.refused, self._held = True, ""
            return unicodedata.normalize("NFC", text[:at]) + text[at:]
        at = _border(text)
        self._held = text[at:]
        return unicodedata.normalize("NFC", text[:at])

    def finish(self) -> str:
        """Return the rest."""
        held, self._held = self._held, ""
        return unicodedata.normalize("NFC", held)


def nfc(text: str) -> str | None:
    """Return `text` in NFC, or None where a character carries more than `LIMIT` marks."""
    whole = NfcText()
    out = whole.feed(text) + whole.finish()
    return None if whole.refused else out


class _Tables(NamedTuple):
    """Characters by what they do, as expressions that match one of them, or a long run."""

    joins: re.Pattern[str]  # may become one with, or move before, what is in front of them
    opens: re.Pattern[str]  # may change by what comes behind them
    long: re.Pattern[str]


@cache
def _tables() -> _Tables:
    """Read the characters off this Python's Unicode: 30 ms, once, where the first text is."""
    first, second, marks, split = set[int](), set[int](), set[int](), set[int]()
    for code in range(0x80, _LAST + 1):
        character = chr(code)
        if unicodedata.combining(character):
            marks.add(code)
        parts = unicodedata.decomposition(character)
        if parts and not parts.startswith("<"):
            whole = [int(p, 16) for p in parts.split()]
            split.add(code)
            first.add(whole[0])
            second.update(whole[1:])
            if unicodedata.combining(unicodedata.normalize("NFD", character)[0]):
                marks.add(code)
    joins = marks | second.union(*_HANGUL_SECOND)
    opens = joins | split | first.union(*_HANGUL_FIRST)
    long = f"[{_ranges(joins)}]{{{LIMIT + 1}}}"
    return _Tables(
        re.compile(f"[{_ranges(joins)}]"), re.compile(f"[{_ranges(opens)}]"), re.compile(long)
    )


def _ranges(codes: Iterable[int]) -> str:
    ordered = sorted(codes)
    starts = [ordered[0], *(b for a, b in pairwise(ordered) if b != a + 1)]
    ends = [*(a for a, b in pairwise(ordered) if b != a + 1), ordered[-1]]
    return "".join(f"\\U{a:08x}-\\U{b:08x}" for a, b in zip(starts, ends, strict=True))


def _border(text: str) -> int:
    """Return how much of `text` is sure: before the last character that stands by itself."""
    tables = _tables()
    if not tables.opens.match(text[-1]):
        return len(text)
    at = len(text) - 1
    while at and tables.joins.match(text[at]):
        at -= 1
    return at
