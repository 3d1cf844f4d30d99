"""Organisations in Latin script: `Acme Ltd`, `University of X`, `she works for Z`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ._gazetteers import LatinGazetteer, any_of
from ._hits import Hit

_LETTER = "A-Za-zÀ-ÖØ-öø-ɏ"
_WORD = rf"[A-ZÀ-ÖØ-ÞĀ-Ž][{_LETTER}0-9'’&-]{{0,24}}"
_APART = rf"(?<![{_LETTER}])"
_REACH = 40  # how far before a unit the words stand that say that one is in it
_USES = (
    r"\b(?:work(?:s|ed|ing)? (?:at|for)|employed (?:at|by)|interned at|job at|C[ET]O of|founder of|"
    r"hired by|employees? of|shares of|customer of|account (?:at|with))"
)


class LatinBodies:
    """Finds organisations. Immutable, shared by threads."""

    def __init__(self, names: LatinGazetteer) -> None:
        cues = names.cues
        word = rf"(?!(?:{any_of(cues['no start'])})\b){_WORD}"
        legal, bodies = any_of(cues["legal"]), any_of(cues["bodies"])
        self._ending = re.compile(rf"\b(?:{legal}|{bodies}|Sons|Department)\b").search
        self._ended = (
            (
                0.9,
                re.compile(
                    rf"{_APART}{word}(?:(?: |, | and | & ){word}){{0,4}}?,? "
                    rf"(?:{legal}|(?:and|&) (?:Sons|Co))\b\.?(?:,? (?:{legal})\b\.?)?"
                ).finditer,
            ),
            (
                0.85,
                re.compile(
                    rf"{_APART}(?:University|Bank|College|Institute|Department|Ministry|Museum|"
                    rf"Academy|Church) (?:of|for) (?:the )?{_WORD}(?:(?: and)? {_WORD}){{0,3}}"
                ).finditer,
            ),
            (
                0.8,
                re.compile(
                    rf"{_APART}{word}(?: {_WORD}){{0,3}}? "
                    rf"(?:{bodies}|Medical Cent(?:er|re)|Border Force)\b(?: of {_WORD})?"
                ).finditer,
            ),
        )
        # A firm is one; three people, flowers or makers are several.
        self._firm = re.compile(
            rf"{_APART}{word}, {_WORD} and {_WORD}(?= (?:is|was|has)\b)"
        ).finditer
        self._used = re.compile(rf"{_USES} ({word}(?: {_WORD}){{0,2}})").finditer
        self._known = re.compile(rf"\b(?:{any_of(cues['known'])})\b").finditer

    def __call__(self, text: str, start: int) -> Iterator[Hit]:
        """Yield the organisations from `start` on; of two that overlap the surer one."""
        found: list[Hit] = []
        if self._ending(text, start) is not None:
            for score, search in self._ended:
                for match in search(text, start):
                    _add(found, match.start(), match.end(), score)
        if " and " in text:
            for match in self._firm(text, start):
                _add(found, match.start(), match.end(), 0.75)
        for match in self._used(text, max(0, start - _REACH)):
            if match.start(1) >= start:
                _add(found, match.start(1), match.end(1), 0.6)
        for match in self._known(text, start):
            _add(found, match.start(), match.end(), 0.6)
        yield from found


def _add(found: list[Hit], start: int, end: int, score: float) -> None:
    if all(end <= hit.start or start >= hit.end for hit in found):
        found.append(Hit("organisation", start, end, score, "format"))
