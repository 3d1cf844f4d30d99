"""The pairs of synonyms.txt: which words may stand for each other, and beside which not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources

NO_WORD, NUMBER = ".", "#"
_VOWELS = "aeiou"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two words for one thing.

    Of the neighbours, words in English and characters in Chinese, `after` and `before` must be
    there where they are not empty, and `not_after` and `not_before` must not.
    """

    words: tuple[str, str]
    after: frozenset[str] = frozenset()
    not_after: frozenset[str] = frozenset()
    before: frozenset[str] = frozenset()
    not_before: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """What stands for the pair in the choice: its place in the list does not."""
        return "|".join(self.words)

    @property
    def asks_next(self) -> bool:
        """Whether what follows decides."""
        return bool(self.before or self.not_before)

    def stands_after(self, neighbour: str) -> bool:
        """Return whether either word may stand behind `neighbour`, empty at the beginning."""
        return (not self.after or neighbour in self.after) and neighbour not in self.not_after

    def stands_before(self, neighbour: str) -> bool:
        """Return whether either word may stand before `neighbour`."""
        return (not self.before or neighbour in self.before) and neighbour not in self.not_before


@dataclass(frozen=True, slots=True)
class Synonyms:
    """All pairs, by each of their words: English ones, and Chinese ones by their first character.

    `clashes` has, by the name of a Chinese pair, the endings behind which one of its words, and not
    the other, would make a listed word together with them: there it must not be exchanged.
    """

    english: Mapping[str, tuple[Pair, int]]
    chinese: Mapping[str, tuple[tuple[str, Pair, int], ...]]
    clashes: Mapping[str, tuple[str, ...]]


@lru_cache(maxsize=1)
def read_synonyms() -> Synonyms:
    """Return the pairs that come with the plugin."""
    english: dict[str, tuple[Pair, int]] = {}
    chinese: dict[str, tuple[tuple[str, Pair, int], ...]] = {}
    for language, pair in _pairs():
        for n, word in enumerate(pair.words):
            if language == "en":
                english[word] = (pair, n)
            else:
                chinese[word[0]] = (*chinese.get(word[0], ()), (word, pair, n))
    listed = [row for rows in chinese.values() for row in rows]
    words = [word for word, _, _ in listed]
    clashes = {pair.name: tuple(_clashes(pair, words)) for _, pair, _ in listed}
    return Synonyms(english, chinese, clashes)


def _clashes(pair: Pair, words: Iterable[str]) -> Iterator[str]:
    first, second = pair.words
    for word in words:
        for cut in range(1, len(word)):
            if first.startswith(word[cut:]) != second.startswith(word[cut:]):
                yield word[:cut]


def _pairs() -> Iterator[tuple[str, Pair]]:
    """Yield the pairs with their languages. What may not follow one is closed under exchange: a
    character that may become another one by the choice behind it bars that one too.
    """
    listed = list(_lines())
    heads = [{word[0] for word in pair.words} for of, pair in listed if of == "zh"]
    for of, pair in listed:
        barred = pair.not_before
        if of == "zh":
            size = -1
            while size != len(barred):
                size = len(barred)
                barred = barred.union(*(both for both in heads if both & barred))
        yield of, replace(pair, not_before=barred)


def _lines() -> Iterator[tuple[str, Pair]]:
    language = ""
    text = resources.files("chopmark_watermark").joinpath("synonyms.txt").read_text("utf-8")
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            language = line.strip("[]")
            continue
        first, second, *guards = line.split(" ")
        near: dict[str, frozenset[str]] = {
            guard[0]: frozenset(guard[1:].split(",") if language == "en" else guard[1:])
            for guard in guards
        }
        not_after = near.get("<", frozenset())
        if language == "en" and (first[0] in _VOWELS) != (second[0] in _VOWELS):
            not_after |= {"a", "an"}
        yield (
            language,
            Pair(
                words=(first, second),
                after=near.get("@", frozenset()),
                not_after=not_after,
                before=near.get("+", frozenset()),
                not_before=near.get(">", frozenset()),
            ),
        )
