"""Sees a Chinese term of which characters are written as the initials of their pinyin."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice, product

from . import _evidence as evidence
from ._fold import fold
from ._lane import Match, Plain, Spelling, Table
from ._letters import is_han, letter
from ._tables import simplified, sounds

SPELLINGS = 4
"""The most spellings of a term whose characters have readings with several initials."""

_LETTERS = re.compile("[A-Za-z\uff21-\uff5a]").search


class Initials(Plain):
    """The sight of initials: `傻b`, `c你妈`, `bdhdfk` beside the characters themselves."""

    name = "initial"

    def __init__(self) -> None:
        self.table = Table(initialled)

    def spell(self, term: str) -> Iterable[Spelling]:
        """Return a spelling for each way to abbreviate `term`; it must have two Han characters."""
        chars = [simplified().get(char, char) for char in fold(term) if char.isalnum()]
        if sum(map(is_han, chars)) < 2:
            return
        several = sounds().several
        firsts = [
            tuple(dict.fromkeys(syllable[0] for syllable in several.get(char, ())))
            or (initialled(char) or char,)
            for char in chars
        ]
        units = tuple((char, 1) for char in chars)
        for first in islice(product(*firsts), SPELLINGS):
            yield Spelling("".join(first), units)

    def weigh(self, spelling: Spelling, match: Match) -> float:
        """Return the bits where letters stand for some characters, the rest as in the term."""
        shown = [fold(match.raw[n]) for n in match.sources]
        pairs = [*zip(spelling.units, shown, strict=True)]
        short = sum(1 for (char, _), seen in pairs if is_han(char) and seen.isascii())
        if not short:
            return 0.0
        gaps = evidence.gaps(match.raw, match.sources)
        bits = evidence.strewn(gaps)
        if bits is None or (any(gaps) and short == len(shown) and not all(gaps)):
            return 0.0
        last = -2
        for n, ((char, _), seen) in enumerate(pairs):
            if simplified().get(seen, seen) == char:
                bits += evidence.same(char, beside=last + 1 == match.sources[n])
                last = match.sources[n]
            elif seen.isascii():
                bits += evidence.INITIAL if short < len(shown) else evidence.ACRONYM
            else:
                return 0.0
        return bits

    def worth(self, raw: str) -> bool:
        """Return whether there are letters."""
        return _LETTERS(raw) is not None

    def holds(self, raw: str) -> bool:
        """Return whether there are letters: else the sight of sounds waits for the same."""
        return _LETTERS(raw) is not None


def initialled(char: str) -> str:
    """Return the first letter of what `char` is read as, itself, or nothing for a sign."""
    found = []
    for one in fold(char):
        syllable = sounds().usual.get(simplified().get(one, one))
        if syllable:
            found.append(syllable[0])
        elif one.isalpha():
            found.append(letter(one))
        elif one.isalnum():
            found.append(one)
    return "".join(found)
