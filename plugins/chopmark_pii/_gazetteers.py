"""Lists of names and places, read once and only where a kind that needs them is on.

The files in `gazetteers/` are made by `models/gazetteers/build.py`, which says from what.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_LENGTHS = (2, 3, 4)  # of the words in the lines of zh_words.txt
_ENDINGS = (
    "特别行政区",
    "自治区",
    "自治州",
    "自治县",
    "地区",
    "省",
    "市",
    "区",
    "县",
    "州",
    "盟",
    "旗",
)


@dataclass(frozen=True, slots=True)
class HanGazetteer:
    """What Chinese names and places are made of.

    `surnames` has the class of each: `common`, `word` (an everyday character), `few`, `rare`,
    `double`.
    `given` has the log odds, in half units, of a character in a given name. `words` are common
    words of two to four characters. `places` are administrative divisions, with and without
    their endings; `divisions` only those with them. `cues` are lists of words around names.
    """

    surnames: Mapping[str, str]
    given: Mapping[str, int]
    words: frozenset[str]
    places: frozenset[str]
    divisions: frozenset[str]
    cues: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class LatinGazetteer:
    """Given and family names in small letters; True for those that are English words too."""

    given: Mapping[str, bool]
    family: Mapping[str, bool]
    cues: Mapping[str, Sequence[str]]


@cache
def han() -> HanGazetteer:
    """Return the Chinese lists."""
    surnames: dict[str, str] = {}
    for line in _lines("zh_surnames.txt"):
        kind, _, names = line.partition(" ")
        for name in names.split() if kind == "double" else names.strip():
            surnames.setdefault(name, kind)
    given = {}
    for line in _lines("zh_given.txt"):
        odds, _, characters = line.partition(" ")
        given.update(dict.fromkeys(characters, int(odds)))
    words: set[str] = set()
    for length, line in zip(_LENGTHS, _lines("zh_words.txt"), strict=True):
        words.update(line[at : at + length] for at in range(0, len(line), length))
    divisions = frozenset(_lines("zh_places.txt"))
    stems = {_stem(name) for name in divisions}
    places = divisions | {stem for stem in stems if len(stem) > 1}
    return HanGazetteer(surnames, given, frozenset(words), places, divisions, _cues("zh_cues.txt"))


@cache
def latin() -> LatinGazetteer:
    """Return the lists in Latin script."""
    return LatinGazetteer(_marked("en_given.txt"), _marked("en_family.txt"), _cues("en_cues.txt"))


def any_of(words: Iterable[str]) -> str:
    """Return an expression for any of `words`, the longest that stands there."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def _cues(file: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    name = ""
    for line in _lines(file):
        if line.startswith("["):
            name = line.strip("[]")
            found[name] = ()
        else:
            found[name] += tuple(line.split())
    return found


def _marked(file: str) -> dict[str, bool]:
    return {line.rstrip("?"): line.endswith("?") for line in _lines(file)}


def _stem(name: str) -> str:
    for ending in _ENDINGS:
        if name.endswith(ending):
            return name[: -len(ending)]
    return name


def _lines(file: str) -> Iterable[str]:
    text = (files(__package__) / "gazetteers" / file).read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
