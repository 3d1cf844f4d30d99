"""Sees a Chinese term by its sounds where tones are written as figures: `zha4dan4`."""

from __future__ import annotations

import re

from . import _evidence as evidence
from ._fold import fold
from ._lane import Match, Spelling, Table
from ._sounds import Sounds, sounded

_TONES = frozenset("012345")
_TONED = re.compile("[0-5](?<=[A-Za-z].)").search  # figures are rarer than letters


class Tones(Sounds):
    """The sight of sounds that takes a figure for a tone; it spells as `Sounds` does."""

    lettered = True

    def __init__(self) -> None:
        super().__init__()
        self.table = Table(lambda char: "" if fold(char) in _TONES else sounded(char))

    def weigh(self, spelling: Spelling, match: Match) -> float:
        """Return the bits where figures are one behind each syllable that has some."""
        raw, sources = match.raw, match.sources
        for gap in evidence.gaps(raw, sources):
            if any(map(str.isdigit, gap[1:])):
                return 0.0
        for one in dict.fromkeys(sources[:-1]):
            behind = raw[one + 1 : one + 2]
            if behind.isdigit() and not fold(raw[one]).isascii():
                return 0.0
        return super().weigh(spelling, match)

    def worth(self, raw: str) -> bool:
        """Return whether there is a tone: else the sight of sounds sees the same."""
        return _TONED(raw) is not None

    def holds(self, raw: str) -> bool:
        """Return whether there is a tone: else the sight of sounds waits for the same."""
        return _TONED(raw) is not None
