"""Reads the tables of what characters sound like, look like, and are made of.

models/tables/build.py writes them from the data of other projects. They are read when the first
list asks for level `disguise`, and never for a text.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import accumulate
from math import log2

RARE = 20
"""Bits of a Han character that the counts do not have."""

DIGITS = ("ling", "yi", "er", "san", "si", "wu", "liu", "qi", "ba", "jiu")
"""What a digit is read as."""


def _lines(name: str) -> Iterator[str]:
    text = (files(__package__) / "tables" / name).read_text("utf-8")
    return (line for line in text.splitlines() if line[0] != "#")


def _rows(name: str) -> Iterator[list[str]]:
    return (line.split("\t") for line in _lines(name))


@lru_cache(maxsize=1)
def simplified() -> Mapping[str, str]:
    """Return the simplified form of the characters that have another one."""
    return {char: simple for simple, chars in _rows("simplified.tsv") for char in chars}


@lru_cache(maxsize=1)
def lookalikes() -> Mapping[str, str]:
    """Return the ASCII letter that a character of another script, or an odd one, looks like."""
    return {char: letter for letter, chars in _rows("lookalikes.tsv") for char in chars}


@lru_cache(maxsize=1)
def english() -> frozenset[str]:
    """Return the English words that could be read as pinyin."""
    return frozenset(word for (word,) in _rows("english.tsv"))


@lru_cache(maxsize=1)
def weights() -> Mapping[str, int]:
    """Return the bits of Han characters: minus log2 of their share in ordinary text."""
    return {char: min(int(bits), RARE) for bits, chars in _rows("weights.tsv") for char in chars}


class Sounds:
    """Readings without tone, each looked up in the row of its syllable when it is asked for.

    Texts use a few of the 20,000 characters: a table of them all would take a fifth of a start at
    level `disguise`, and 3 MB.
    """

    def __init__(self, rows: Sequence[Sequence[str]]) -> None:
        self.syllables = tuple(row[0] for row in rows)
        self._chars = {row[0]: row[1] for row in rows}
        self._usual = _Column(row[1] for row in rows)
        self._also = _Column(row[2] for row in rows)
        self._several: dict[str, Sequence[str]] = {}
        self._bits: dict[str, float] = {}

    def usual(self, char: str) -> str:
        """Return the one reading of a character in a text, nothing where it is not known."""
        row = next(self._usual.rows(char), None)
        return "" if row is None else self.syllables[row]

    def several(self, char: str) -> Sequence[str]:
        """Return all readings of a character in a term, the usual one first."""
        found = self._several.get(char)
        if found is None:
            rows = [*self._usual.rows(char), *self._also.rows(char)]
            found = [self.syllables[row] for row in rows]
            if found:
                self._several[char] = found
        return found

    def bits(self, syllable: str, otherwise: float = RARE) -> float:
        """Return the bits of a syllable in ordinary text, whatever is written."""
        found = self._bits.get(syllable)
        if found is None:
            chars = self._chars.get(syllable)
            if chars is None:
                return otherwise
            share = sum(2.0 ** -weights().get(char, RARE) for char in chars)
            found = self._bits[syllable] = -log2(share or 2.0**-RARE)
        return found


class _Column:
    """A column of a table, of which every cell is some characters."""

    def __init__(self, cells: Iterable[str]) -> None:
        found = [*cells]
        self._text = "".join(found)
        self._ends = [*accumulate(map(len, found))]

    def rows(self, char: str) -> Iterator[int]:
        """Return the rows in which `char` stands."""
        at = self._text.find(char)
        while at >= 0:
            yield bisect_right(self._ends, at)
            at = self._text.find(char, at + 1)


@lru_cache(maxsize=1)
def sounds() -> Sounds:
    """Return the readings of Han characters."""
    return Sounds([*_rows("sounds.tsv")])


@dataclass(frozen=True, slots=True)
class Parts:
    """How characters are split: `forms` of a part, `longer` splits of a part, and `splits`.

    `bits` are those of the parts of a character side by side in ordinary text.
    """

    forms: Mapping[str, str]
    longer: Mapping[str, str]
    splits: Mapping[str, str]
    bits: Mapping[str, int]


def parts(chars: Collection[str]) -> Parts:
    """Return how Han characters are split, and those of `chars`, which are not parts alone."""
    found: tuple[dict[str, str], dict[str, str], dict[str, str]] = ({}, {}, {})
    bits: dict[str, int] = {}
    for line in _lines("parts.tsv"):
        if line[1] == "\t" or line[3] in chars:  # one figure, or two: few lines are of use
            weight, char, split = line.split("\t")
            found[min(int(weight), 2)][char] = split
            bits[char] = int(weight)
    return Parts(*found, bits)
