"""Sees a term in letters through look-alikes, digits for letters, and signs or spaces strewn in.

Every letter becomes the plain one that it looks like, digits and signs that stand for letters
become those, other signs and spaces nothing: `fυck`, `sh1t`, `f.u.c.k`, `b o m b`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from . import _evidence as evidence
from ._fold import fold
from ._lane import Match, Plain, Spelling, Table, joints
from ._letters import count_han, letter
from ._scripts import joint

FEWEST = 3
"""The fewest letters of a term that this sight looks for."""

GLUED = 12
"""The fewest letters of a term that is seen without the spaces between its words."""

BROKEN = 7
"""The fewest letters of a term of several words that is seen with one space more."""

FOR_LETTERS: Mapping[str, str] = {
    "0": "o", "1": "i", "2": "z", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g",
    "@": "a", "$": "s", "!": "i", "€": "e", "£": "i", "¢": "c", "l": "i",
}  # fmt: skip


_ASCII = re.compile("[0-9A-Za-z]").search


class Words(Plain):
    """The sight of words in letters."""

    name = "look"

    def __init__(self) -> None:
        self.table = Table(_written)
        self._letters = Table(_letter)

    def texts(self, term: str) -> Iterable[str]:
        """Return the text of its one spelling."""
        if not term.isascii():
            return () if count_han(term) else super().texts(term)
        kept = "".join(filter(str.isalnum, term))
        fit = sum(map(str.isalpha, kept)) >= FEWEST
        return (kept.translate(self._letters),) if fit else ()

    def spell(self, term: str) -> Iterable[Spelling]:
        """Return the one spelling of `term`; it must be letters, figures and signs alone."""
        units: list[tuple[str, int]] = []
        breaks: set[int] = set()
        apart = False
        for char in fold(term):
            if char.isalnum():
                if not joint(char):
                    return
                if apart and units:
                    breaks.add(len(units))
                units.append((char, 1))
            apart = not char.isalnum()
        if sum(char.isalpha() for char, _ in units) >= FEWEST:
            text = "".join(_letter(char) for char, _ in units)
            yield Spelling(text, tuple(units), frozenset(breaks))

    def weigh(self, spelling: Spelling, match: Match) -> float:
        """Return the bits of the letters, if what stands between them is as in the term."""
        raw, sources = match.raw, match.sources
        shown = [raw[n] for n in sources]
        bits = evidence.WORD
        same = plain = other = 0
        for (char, _), seen in zip(spelling.units, shown, strict=True):
            if char in fold(seen):
                same += 1
                plain += seen.isascii()
                bits += evidence.LETTER
            elif seen in "iIlL" and not _mistaken(char, seen, shown):
                return 0.0
            else:
                foreign = not seen.isascii() and seen.isalpha()
                other += foreign
                bits += evidence.LETTER if foreign else evidence.ALIKE
        if (same + other) * 3 < len(shown) or not plain or not _together(spelling, raw, sources):
            return 0.0
        return bits

    def worth(self, raw: str) -> bool:
        """Return whether there is a letter or a figure that is not disguised: `weigh` asks it."""
        return _ASCII(raw) is not None

    def unseen(self, char: str) -> bool:
        """Return whether nobody sees `char`, or it is an accent or a stroke through a letter."""
        return super().unseen(char) or unicodedata.combining(char) != 0

    def joins(self, edge: str, neighbour: str, *, before: bool) -> bool:
        """Return whether `neighbour` belongs to the word; to a digit for a letter, anything."""
        inner, outer = (0, 1) if before else (1, 0)
        one, other = joints(edge)[inner], joints(neighbour)[outer]
        return other != "" and (one == other or one != "letter")


def _written(char: str) -> str:
    if char.isspace():
        return ""
    return "".join([_letter(one) for one in _unaccented(char)])


def _unaccented(char: str) -> str:
    kept = letter(char)  # a capital may look like another letter than its small one
    return kept if kept != char.casefold() else fold(char)


def _letter(char: str) -> str:
    """Return the letter that `char` is taken for, nothing for other signs."""
    plain = letter(char)
    found = FOR_LETTERS.get(plain)
    if found is None:
        found = plain if plain.isalnum() else ""
    return found


def _mistaken(char: str, seen: str, shown: Sequence[str]) -> bool:
    """Return whether `seen` can be taken for `char`: I among small letters, l among capitals."""
    small = any(other.islower() for other in shown if other not in "iIlL")
    return (char == "l" and seen == "I" and small) or (char == "i" and seen == "l" and not small)


def _together(spelling: Spelling, raw: str, sources: Sequence[int]) -> bool:
    """Return whether the gaps of a place are those of the term, or of one who spaces it out."""
    inner: list[str] = []
    glued = False
    for n in range(1, len(sources)):
        one, other = sources[n - 1], sources[n]
        gap = "" if other <= one + 1 else evidence.visible(raw[one + 1 : other])
        if len(gap) > evidence.WIDEST:
            return False
        if n not in spelling.breaks:
            inner.append(gap)
        elif not gap:
            glued = True
        elif not evidence.CLAUSE.isdisjoint(gap):
            return False
    if glued and len(sources) < GLUED:
        return False
    if inner and all(inner):
        return True
    spaced = [gap for gap in inner if gap]
    if any(gap in "'’" or not evidence.CLAUSE.isdisjoint(gap) for gap in spaced):
        return False
    blank = sum(1 for gap in spaced if any(char.isspace() for char in gap))
    return blank == 0 or (blank == 1 and (not spelling.breaks or len(sources) >= BROKEN))
