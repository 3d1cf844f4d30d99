"""Sees a term in base64, in hexadecimal, in percent and other escapes, and in ROT13.

Nothing is decoded: the term is encoded in every way that is looked for, and found as it is. So a
text costs the same whatever it holds. In base64 a term may begin at any of three places of a
group, and of its first and last character only part may be its own: those are left out. Where
words end inside base64 and hexadecimal is not known; so short words are not looked for there.
"""

from __future__ import annotations

import base64
import codecs
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from . import _evidence as evidence
from ._fold import fold
from ._lane import Match, Plain, Spelling, Table

FEWEST = 5
"""The fewest bytes of a term that is looked for in base64 and in hexadecimal."""

WIDEST = 4
"""The most signs between two characters of a code, as in `0xe5, 0x86`."""


_LETTER = re.compile("[A-Za-z\uff21-\uff5a]").search


class Encoded(Plain):
    """The sight of codes."""

    name = "code"

    def __init__(self) -> None:
        self.table = Table(_kept)

    def spell(self, term: str) -> Iterable[Spelling]:
        """Return `term` in every code, in small letters without signs."""
        for code, clue in {pair for written in _styles(term) for pair in _codes(written)}:
            yield Spelling("".join(map(_kept, code)), (), clue=clue)

    def weigh(self, spelling: Spelling, match: Match) -> float:
        """Return CERTAIN where it is the code, to the letter if that matters, in one piece."""
        return evidence.CERTAIN if self._is(spelling, match) else 0.0

    def _is(self, spelling: Spelling, match: Match) -> bool:
        raw, sources = match.raw, match.sources
        place = raw[sources[0] : sources[-1] + 1]
        if any(len(gap) > WIDEST for gap in evidence.gaps(raw, sources)):
            return False
        if spelling.clue == "#":
            return "#" in place
        if spelling.clue:
            standard = "".join(place.split()).replace("-", "+").replace("_", "/")
            return standard == spelling.clue.strip("+/")
        return True

    def joins(self, edge: str, neighbour: str, *, before: bool) -> bool:
        """Return False: codes have no words."""
        return False


class Rotated(Plain):
    """The sight of ROT13: plain folding, with the alphabet turned half round."""

    name = "rot13"
    lettered = True

    def __init__(self) -> None:
        self.table = Table(lambda char: codecs.encode(fold(char), "rot13"))

    def spell(self, term: str) -> Iterable[Spelling]:
        """Return `term` folded, where it is made of ASCII with letters enough."""
        folded = fold(term)
        if folded.isascii() and sum(map(str.isalpha, folded)) >= FEWEST:
            yield Spelling(folded, ())

    def weigh(self, spelling: Spelling, match: Match) -> float:
        """Return CERTAIN: it is the term."""
        return evidence.CERTAIN

    def worth(self, raw: str) -> bool:
        """Return whether there are letters."""
        return _LETTER(raw) is not None


def _kept(char: str) -> str:
    return "".join([one for one in fold(char) if one.isalnum() or not one.isascii()])


def _styles(term: str) -> Iterable[str]:
    """Return the ways in which people write `term` before they encode it."""
    folded = fold(term)
    return {term, folded, folded.upper(), folded.capitalize(), folded.title()}


def _codes(term: str) -> Iterator[tuple[str, str]]:
    """Return `term` in each code, with the clue by which to tell it from others."""
    data = term.encode()
    if "%" in quote(term):
        yield quote(term), ""
    wide = term.encode("utf-16-be")
    yield "".join(f"u{wide[n : n + 2].hex()}" for n in range(0, len(wide), 2)), ""
    if not term.isascii():
        yield "".join(f"x{ord(char):x}" for char in term), ""
        yield "".join(f"{ord(char)}" for char in term), "#"
    if len(data) < FEWEST:
        return
    for mark in ("", "x", "0x"):
        yield "".join(f"{mark}{byte:02x}" for byte in data), ""
    for skipped in range(3):
        code = base64.b64encode(b"\0" * skipped + data).decode()
        own = code[-(-skipped * 8 // 6) : (skipped + len(data)) * 8 // 6]
        yield own, own
