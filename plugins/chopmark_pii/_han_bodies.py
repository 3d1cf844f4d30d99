"""Chinese organisations: what ends in 公司, 大学, 医院 or the like and has a name of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ._gazetteers import HanGazetteer, any_of
from ._han import Border
from ._hits import Hit
from ._units import HAN

_NAME_MOST = 24
_LEGAL = "有限"
_STATE = "中国"
_at_work = re.compile(
    rf"(?<=在)([{HAN}A-Za-z0-9]{{2,8}}?)"
    rf"(?=工作|上班|任职|就职|实习|供职|当[{HAN}]|干了|做[{HAN}]{{2}})"
).finditer


class HanBodies:
    """Finds organisations. Immutable, shared by threads."""

    def __init__(self, words: HanGazetteer, border: Border) -> None:
        self._words = words
        self._border = border
        cues = words.cues
        self._ends = re.compile(
            rf"(?:[（(][{HAN}]{{2,6}}[）)])?"
            rf"(?:{any_of(cues['bodies'])}|学院(?!奖|派)|[一二三四五六七八九十]中(?![{HAN}])|(?<!工)厂(?![长商家房]))"
        ).finditer
        lasts = "".join(sorted({ending[-1] for ending in cues["bodies"]}))
        self._worth = re.compile(f"[{lasts}中厂]").search
        generic = any_of(cues["generic"])
        self._is_generic = re.compile(rf"(?:第[一二三四五六七八九十]|{generic})+").fullmatch
        self._about = re.compile(any_of(cues["about"])).match
        self._known = re.compile(any_of(cues["known"])).finditer
        self._no_body = re.compile(any_of(cues["no body"])).search

    def __call__(self, text: str, start: int) -> Iterator[Hit]:
        """Yield the organisations from `start` on; none overlaps another."""
        found: list[Hit] = []
        for hit in self._by_ending(text, start):
            if found and hit.start == found[-1].end:  # 复旦大学|附属中山医院
                found[-1] = found[-1]._replace(end=hit.end)
            else:
                found.append(hit)
        for hit in self._by_use(text, start):
            if all(hit.end <= other.start or hit.start >= other.end for other in found):
                found.append(hit)
        yield from found

    def _by_ending(self, text: str, start: int) -> Iterator[Hit]:
        if self._worth(text, start) is None:
            return
        done = -1  # the end of the one before
        for found in self._ends(text, start):
            at, last = found.span()
            if at < done:
                continue
            first = self._border(text, max(start, done), at, _NAME_MOST)
            stem = text[first:at]
            place = self._place(stem)
            own = stem[place:]
            score = 0.9 if _LEGAL in found.group() else 0.8 if place else 0.7
            if stem or at != done:  # not the second half of 北京银行|分行
                generic = len(own) < 2 or self._is_generic(own) is not None
                if generic and (not place or self._about(text, last) is not None):
                    continue
            yield Hit("organisation", first, last, score, "context")
            done = last

    def _by_use(self, text: str, start: int) -> Iterator[Hit]:
        for found in self._known(text, start):
            yield Hit("organisation", found.start(), found.end(), 0.6, "format")
        if text.find("在", start) < 0:
            return
        words = self._words
        for found in _at_work(text, start):
            name = found[1]
            plain = name in words.places or name in words.words or self._no_body(name) is not None
            if not plain:
                yield Hit("organisation", found.start(1), found.end(1), 0.6, "context")

    def _place(self, stem: str) -> int:
        """Return how many characters of the name of a place `stem` begins with."""
        for size in range(min(len(stem), 8), 1, -1):
            if stem[:size] in self._words.places:
                return size
        return len(_STATE) if stem.startswith(_STATE) else 0
