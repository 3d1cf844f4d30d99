"""Which sentences of an answer have no support in its sources, by the words that they share.

A sentence is compared with all sources together: for Han text by pairs of characters, else by words
that carry meaning. It is no judge of truth: what says the opposite in the same words has support
here, and what says the same in other words has none. Numbers are stricter: one that no source has
is without support, whatever stands around it. docs/sources.md has the measured error rates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LEAST = 4
"""Of a sentence with fewer units nothing is said."""
_SENTENCE = re.compile(r"[^。！？!?；;\n.]+(?:\.(?=\S)[^。！？!?；;\n.]*)*[。！？!?；;.]?")
_WORD = re.compile(r"[^\W\d_]{2,}|\d[\d.,]*\d|\d")
_HAN = re.compile(r"[㐀-䶿一-鿿]+")
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_FUNCTION_WORDS = """
a about after all also an and any are as at be because been before being but by can could did do
does for from had has have he her his how i if in into is it its may more most no not of on one
only or other our out over she should so some such than that the their them then there these they
this those to up was we were what when where which while who will with would you your
"""
_STOP = frozenset(_FUNCTION_WORDS.split())


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence at `start`..`end` of the answer; `support` is the share of its units, 0..1."""

    start: int
    end: int
    support: float


def sentences(answer: str, sources: Iterable[str]) -> Iterator[Sentence]:
    """Yield the sentences of `answer` that are long enough to say something of."""
    known: set[str] = set()
    numbers: set[str] = set()
    for text in sources:
        known.update(units(text))
        numbers.update(_numbers(text))
    for found in _SENTENCE.finditer(answer):
        text = found.group()
        parts = list(units(text))
        if len(parts) < LEAST or text.rstrip().endswith(("?", "？")):
            continue
        support = sum(part in known for part in parts) / len(parts)
        if not _numbers(text) <= numbers:
            support = 0.0
        start = found.start() + len(text) - len(text.lstrip())
        yield Sentence(start, found.start() + len(text.rstrip()), support)


def units(text: str) -> Iterator[str]:
    """Yield what is compared: pairs of Han characters, and words without their endings."""
    for run in _HAN.findall(text):
        yield from (run[n : n + 2] for n in range(len(run) - 1))
    for word in _WORD.findall(_HAN.sub(" ", text).lower()):
        if word not in _STOP:
            yield _stem(word)


def _stem(word: str) -> str:
    """Take off the commonest English endings, so that `funds` is `fund` and `funded` is, too."""
    for ending in ("ing", "ed", "es", "s", "ly"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _numbers(text: str) -> set[str]:
    """Return the numbers of two digits and more, however their thousands are written."""
    found = {number.replace(",", "") for number in _NUMBER.findall(text)}
    return {number for number in found if len(number) > 1}
