"""Follows one text in progress for what has no digits: names, addresses, organisations.

It stands around a `PiiScanner`, whose findings go first: no character belongs to two. A unit
(`_units`) is decided when it has ended and the numbers in it are decided; until then the text is
held back from the first character on that a name may begin with.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence

from chopmark import Verdict

from ._alphabet import plain
from ._entities import TAKEN, Entities
from ._hits import Hit
from ._language import BEFORE
from ._scanner import Advise, PiiScanner
from ._search import Search
from ._units import HAN, LEFT, MOST, unit

_MOST_NAMES = 64
_SURE = 0.75  # the least score of a name that is one wherever it stands again
_begins = re.compile(rf"[A-Z0-9{HAN}À-ÖØ-ÞĀ-Ž]").search


class EntityScanner:
    """One text in progress; not shared by threads."""

    __slots__ = (
        "_advise", "_at", "_base", "_entities", "_numbers", "_seen", "_spans", "_text", "settled",
    )  # fmt: skip

    def __init__(self, search: Search, advise: Advise, entities: Entities) -> None:
        self.settled = 0
        self._advise = advise
        self._entities = entities
        self._spans: deque[tuple[int, int]] = deque()  # of the numbers in what is held
        self._numbers = PiiScanner(search, self._number)
        self._text = ""  # plain, from some characters before the unit in progress on
        self._base = 0  # where that begins in the whole text
        self._at = 0  # where the unit in progress begins in the whole text
        self._seen: dict[str, None] = {}  # names that were found

    def feed(self, text: str) -> Sequence[Verdict]:
        """Take the next piece."""
        found = list(self._numbers.feed(text))
        self._text += text
        return self._decide(found, self._numbers.settled)

    def finish(self) -> Sequence[Verdict]:
        """End the text: what is held is decided as it stands."""
        found = list(self._numbers.finish())
        return self._decide(found, self._base + len(self._text), last=True)

    def _number(self, hit: Hit, original: str, plain_form: str, before: str) -> Verdict | None:
        self._spans.append((hit.start, hit.end))
        return self._advise(hit, original, plain_form, before)

    def _decide(self, found: list[Verdict], known: int, *, last: bool = False) -> Sequence[Verdict]:
        text = plain(self._text)
        base, at = self._base, self._at
        while at - base < len(text):
            part = unit(text, at - base)
            if part is None:
                if not last:
                    break
                end, blank = base + len(text), False
            else:
                end, blank = base + part.end, part.blank
            if blank:
                end = min(end, max(at, known))
            if end > known or end == at:
                break
            if not blank:
                found += self._unit(text, at - base, end - base)
            at = end
        self._at = at
        self._settle(text, known)
        self._trim()
        return found

    def _unit(self, text: str, start: int, end: int) -> list[Verdict]:
        """Decide the unit `text[start:end]`, in which the numbers are known."""
        begin = _begins(text, start, end)
        if begin is None:
            return []
        low = max(0, start - LEFT)
        window = text[low:end]
        shift = self._base + low
        while self._spans and self._spans[0][1] <= shift:
            self._spans.popleft()
        for first, behind in self._spans:
            if first >= shift + len(window):
                break
            if behind > shift:
                first, behind = max(0, first - shift), min(len(window), behind - shift)
                window = window[:first] + TAKEN * (behind - first) + window[behind:]
        verdicts = []
        for hit in self._entities(window, start - low, self._seen):
            # `the corner of Main Street`, `ul. Polna 3`: what was let go stays outside.
            first = max(shift + hit.start, self._base + begin.start())
            placed = hit._replace(start=first, end=shift + hit.end)
            span = slice(placed.start - self._base, placed.end - self._base)
            before = self._text[max(0, span.start - BEFORE) : span.start]
            verdict = self._advise(placed, self._text[span], text[span], before)
            if verdict is not None:
                verdicts.append(verdict)
            if hit.kind == "name" and hit.score >= _SURE and len(self._seen) < _MOST_NAMES:
                self._seen[text[span]] = None
        return verdicts

    def _settle(self, text: str, known: int) -> None:
        """Let go of what is before the unit in progress, and of what in it begins no name."""
        first = _begins(text, self._at - self._base)
        open_from = self._base + (len(text) if first is None else first.start())
        self.settled = max(self.settled, min(known, open_from))

    def _trim(self) -> None:
        cut = self._at - BEFORE - self._base  # more than `LEFT`
        if cut > MOST:
            self._text = self._text[cut:]
            self._base += cut
