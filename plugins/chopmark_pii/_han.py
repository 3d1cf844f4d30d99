"""Where a Chinese address or the name of an organisation may begin."""

from __future__ import annotations

import re

from ._gazetteers import HanGazetteer, any_of
from ._units import HAN

_edge = re.compile(rf"[^{HAN}A-Za-z0-9()（）·\-]").finditer
_ENDINGS = tuple("省市区县州盟旗镇乡局")
_STARTS = ("中国", "国家", "中华")


class Border:
    """Finds the left border. Immutable, shared by threads."""

    def __init__(self, words: HanGazetteer) -> None:
        self._words = words
        self._inside = words.places | set(words.cues["inside"])
        stops = [*words.cues["stops"], *words.cues["stop characters"]]
        self._stop = re.compile(rf"[0-9]{{2,4}}年|{any_of(stops)}").finditer

    def __call__(self, text: str, low: int, at: int, most: int) -> int:
        """Return where what goes on at `at` may begin: behind the last word that is no part of it.

        It is looked for in the `most` characters before `at`, from `low` on. A word of one
        character is none where it is a part of a longer one (`和平路`) or of a place (`于洪区`).
        """
        start = low = max(low, at - most)
        for found in _edge(text, low, at):
            start = found.end()
        for found in self._stop(text, start, at):
            long = found.end() - found.start() > 1
            if long or not self._is_inside(text, found.start(), start, at):
                start = found.end()
        for first in range(start + 1, at - 1):  # a city or county begins an address, or a name
            if any(text[first : first + size] in self._words.divisions for size in (3, 4)):
                return first if self._drops(text[start:first]) else start
        return start

    def _is_inside(self, text: str, at: int, low: int, high: int) -> bool:
        for first, size in ((at, 2), (at - 1, 2), (at, 3), (at - 1, 3)):
            if first >= low and first + size <= high and text[first : first + size] in self._inside:
                return True
        return False

    def _drops(self, before: str) -> bool:
        """Return whether `before` is no place itself, and not what organisations begin with."""
        if before in self._words.places or before.startswith(_STARTS):
            return False
        return not before.endswith(_ENDINGS)
