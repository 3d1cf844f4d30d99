"""Sees a Chinese term of which characters are written as the initials of their pinyin."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice, product

from . import _evidence as evidence
from ._fold import fold
from ._lane import Match, Plain, Spelling, Table
from ._letters import count_han, in_simplified, is_han, letter
from ._tables import simplified, sounds

SPELLINGS = 4
"""The most spellings of a term whose characters have readings with several initials."""

_LETTERS = re.compile("[A-Za-z\uff21-\uff5a]").search


class Initials(Plain):
    """The sight of initials: `傻b`, `c你妈`, `bdhdfk` beside the characters themselves."""

    name = "initial"
    lettered = True

    def __init__(self) -> None:
        self.table = Table(initialled)
        self._firsts: dict[str, Sequence[str]] = {}

    def spell(self, term: str) -> Iterable[Spelling]:
        """Return a spelling for each way to abbreviate `term`; it must have two Han characters."""
        units = tuple((char, 1) for char in in_simplified(term))
        for text in self.texts(term):
            yield Spelling(text, units)

    def texts(self, term: str) -> Iterable[str]:
        """Return the texts of those."""
        chars = in_simplified(term)
        if count_han(chars) < 2:
            return ()
        known = self._firsts
        for char in chars:
            if char not in known:
                firsts = dict.fromkeys(syllable[0] for syllable in sounds().several(char))
                known[char] = tuple(firsts) or (initialled(char) or char,)
        return map("".join, islice(product(*[known[char] for char in chars]), SPELLINGS))

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
        syllable = sounds().usual(simplified().get(one, one))
        if syllable:
            found.append(syllable[0])
        elif one.isalpha():
            found.append(letter(one))
        elif one.isalnum():
            found.append(one)
    return "".join(found)
