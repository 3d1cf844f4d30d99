"""Sees a Chinese term by its sounds: homophones, pinyin, traditional forms, signs strewn in.

Every Han character becomes the syllable that it is usually read as, digits too, and signs become
nothing: so `傻逼`, `煞笔`, `sha逼`, `SHA-BI` and `傻 逼` are spelled alike. The bits of what each
character shows decide which of them is the term.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice, product

from . import _evidence as evidence
from ._fold import fold
from ._lane import Match, Plain, Spelling, Table
from ._letters import count_han, in_simplified, is_han, letter
from ._tables import DIGITS, english, simplified, sounds

SPELLINGS = 8
"""The most spellings of a term whose characters have several readings."""

BACKWARDS = 4
"""The fewest characters of a term that is seen written backwards, in its own characters."""


class Sounds(Plain):
    """The sight of sounds."""

    name = "sound"

    def __init__(self) -> None:
        self.table = Table(sounded)
        self._readings: dict[str, Sequence[str]] = {}

    def spell(self, term: str) -> Iterable[Spelling]:
        """Return a spelling for each way to read `term`; it must have two Han characters."""
        chars = in_simplified(term)
        for reading in self._read(chars):
            units = tuple(zip(chars, map(len, reading), strict=True))
            yield Spelling("".join(reading), units)
        back = self._back(chars)
        if back:
            units = tuple(zip(reversed(chars), map(len, back), strict=True))
            yield Spelling("".join(back), units, clue="back")

    def texts(self, term: str) -> Iterable[str]:
        """Return the texts of those."""
        chars = in_simplified(term)
        yield from map("".join, self._read(chars))
        back = self._back(chars)
        if back:
            yield "".join(back)

    def _back(self, chars: str) -> Sequence[str]:
        """Return what `chars` are usually read as, from the last to the first, if that is seen."""
        if count_han(chars) < BACKWARDS or chars == chars[::-1]:
            return ()
        return [sounded(char) or char for char in reversed(chars)]

    def _read(self, chars: str) -> Iterable[Sequence[str]]:
        if count_han(chars) < 2:
            return ()
        known = self._readings
        for char in chars:
            if char not in known:
                known[char] = sounds().several(char) or (sounded(char) or char,)
        return islice(product(*[known[char] for char in chars]), SPELLINGS)

    def weigh(self, spelling: Spelling, match: Match) -> float:
        """Return the bits of what the characters share with the term."""
        raw, sources = match.raw, match.sources
        gaps = evidence.gaps(raw, sources)
        bits = evidence.strewn(gaps)
        if bits is None:
            return 0.0
        at = 0
        same: list[int] = []
        written: list[tuple[int, int, str]] = []  # syllables in letters: first, last, term's
        for char, length in spelling.units:
            first, final = sources[at], sources[at + length - 1]
            if at and first == sources[at - 1]:
                return 0.0
            at += length
            shown = fold(raw[first])
            if first == final and (length > 1 or not shown.isascii() or not is_han(char)):
                if simplified().get(shown, shown) == char:
                    bits += evidence.same(char, beside=bool(same) and same[-1] + 1 == first)
                    same.append(first)
                else:
                    bits += _heard(shown)
            elif any(is_han(raw[n]) or raw[n].isdigit() for n in range(first, final + 1)):
                return 0.0
            else:
                written.append((first, final, self._said(spelling, at, length)))
        if spelling.clue and len(same) < len(spelling.units):
            return 0.0
        if len(same) == len(spelling.units) and not any(gaps):
            return evidence.CERTAIN  # it is the term in other characters
        return bits + _in_letters(raw, written)

    def _said(self, spelling: Spelling, at: int, length: int) -> str:
        return spelling.text[at - length : at]


def sounded(char: str) -> str:
    """Return what `char` is read as: a syllable, a letter, itself, or nothing for a sign."""
    found = []
    for one in fold(char):
        simple = simplified().get(one, one)
        syllable = sounds().usual(simple)
        if syllable:
            found.append(syllable)
        elif one.isdigit() and one.isascii():
            found.append(DIGITS[int(one)])
        elif one.isalpha():
            found.append(letter(one))
        elif one.isalnum():
            found.append(one)
    return "".join(found)


def _heard(shown: str) -> float:
    """Return the bits of the one character `shown` that sounds like the term's."""
    simple = simplified().get(shown, shown)
    return sounds().bits(sounds().usual(simple), evidence.LETTER)


def _in_letters(raw: str, written: Sequence[tuple[int, int, str]]) -> float:
    """Return the bits of the syllables written in letters, fewer where they make English words."""
    bits = 0.0
    n = 0
    while n < len(written):
        m = n + 1
        while m < len(written) and written[m][0] == written[m - 1][1] + 1:
            m += 1
        run = written[n:m]
        word = "".join(syllable for _, _, syllable in run)
        if word in english():
            bits += evidence.ENGLISH * len(run)
        else:
            bits_of = sounds().bits
            bits += sum(bits_of(said, evidence.LETTER) + evidence.FOREIGN for *_, said in run)
        n = m
    return bits
