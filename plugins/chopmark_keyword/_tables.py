"""Reads the tables of what characters sound like, look like, and are made of.

models/tables/build.py writes them from the data of other projects. They are read when the first
list asks for level `disguise`, and never for a text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from math import log2

RARE = 20
"""Bits of a Han character that the counts do not have."""

DIGITS = ("ling", "yi", "er", "san", "si", "wu", "liu", "qi", "ba", "jiu")
"""What a digit is read as."""


def _rows(name: str) -> Iterator[list[str]]:
    text = (files(__package__) / "tables" / name).read_text("utf-8")
    for line in text.splitlines():
        if not line.startswith("#"):
            yield line.split("\t")


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


@dataclass(frozen=True, slots=True)
class Sounds:
    """Readings without tone. `bits` are those of a syllable in ordinary text, whatever is written.

    `usual` is the one reading of a character in a text; `several` are all those of a character in
    a term, the usual one first.
    """

    usual: Mapping[str, str]
    several: Mapping[str, tuple[str, ...]]
    bits: Mapping[str, float]


@lru_cache(maxsize=1)
def sounds() -> Sounds:
    """Return the readings of Han characters."""
    usual: dict[str, str] = {}
    several: dict[str, tuple[str, ...]] = {}
    share: dict[str, float] = {}
    rows = [*_rows("sounds.tsv")]
    for syllable, chars, _ in rows:
        usual.update(dict.fromkeys(chars, syllable))
        share[syllable] = sum(2.0 ** -weights().get(char, RARE) for char in chars) or 2.0**-RARE
    for syllable, _, chars in rows:
        for char in chars:
            several[char] = (*several.get(char, (usual[char],)), syllable)
    return Sounds(usual, several, {syllable: -log2(part) for syllable, part in share.items()})


@dataclass(frozen=True, slots=True)
class Parts:
    """How characters are split: `forms` of a part, `longer` splits of a part, and `splits`.

    `bits` are those of the parts of a character side by side in ordinary text.
    """

    forms: Mapping[str, str]
    longer: Mapping[str, str]
    splits: Mapping[str, str]
    bits: Mapping[str, int]


@lru_cache(maxsize=1)
def parts() -> Parts:
    """Return how Han characters are split."""
    found: tuple[dict[str, str], dict[str, str], dict[str, str]] = ({}, {}, {})
    bits: dict[str, int] = {}
    for weight, char, split in _rows("parts.tsv"):
        found[min(int(weight), 2)][char] = split
        bits[char] = int(weight)
    return Parts(*found, bits)
