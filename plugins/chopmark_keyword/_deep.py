"""Finds the terms of a matcher in one text through disguises too.

The plain comparison and each lane follow the text on their own; here what they find is put in
one order, what exceptions hide is hidden, and what is settled is settled for all of them. A place
that several of them see is reported once, as the plainest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heappop, heappush

from chopmark import Verdict

from ._cursor import Cursor, Found
from ._lane import Lane
from ._matcher import Matcher
from ._scanner import KeywordScanner


class DeepScanner:
    """One text in progress; not shared by threads. It keeps the promises of `KeywordScanner`."""

    __slots__ = (
        "_cover", "_cursors", "_lanes", "_matcher", "_plain", "_previous", "_queue", "settled",
    )  # fmt: skip

    def __init__(self, matcher: Matcher, lanes: Sequence[Lane]) -> None:
        self.settled = 0
        self._matcher = matcher
        self._plain = KeywordScanner(matcher)
        self._lanes = lanes
        self._cursors = [Cursor(lane) for lane in lanes]
        self._queue: list[tuple[int, int, bool, int, int]] = []
        self._cover = 0  # where the exceptions end that start before `settled`
        self._previous: tuple[int, int, bool, int] | None = None

    def feed(self, text: str) -> Sequence[Verdict]:
        """Take the next piece."""
        plain = self._plain
        plain.advance(text)
        return self._advance(text, last=False)

    def finish(self) -> Sequence[Verdict]:
        """End the text: what is pending becomes an occurrence, or nothing."""
        self._plain.end()
        return self._advance("", last=True)

    def whole(self, text: str) -> Sequence[Verdict]:
        """Take a whole text, and end it."""
        self._plain.advance(text)
        self._plain.end()
        return self._advance(text, last=True)

    def _advance(self, text: str, *, last: bool) -> Sequence[Verdict]:
        queue = self._queue
        for start, end, reported, rank in self._plain.drain():
            heappush(queue, (start, end, reported, rank, 0))
        settled = self._plain.settled
        for number, cursor in enumerate(self._cursors, 1):
            found = cursor.feed(text, last=last)
            if found:
                self._add(found, number)
            settled = min(settled, cursor.settled)
        self.settled = max(self.settled, settled)
        return self._ready() if queue else ()

    def _add(self, found: Iterable[Found], number: int) -> None:
        hits = self._matcher.hits
        for start, end, rank in found:
            reported = hits[rank].outcome != "allow"
            heappush(self._queue, (start, -end, reported, rank, number))

    def _ready(self) -> Sequence[Verdict]:
        """Return the verdicts that start before `settled`, and keep the others."""
        queue, lanes = self._queue, self._lanes
        found: list[Verdict] = []
        while queue and queue[0][0] < self.settled:
            start, end, reported, rank, number = heappop(queue)
            item = (start, end, reported, rank)
            if not reported:
                self._cover = max(self._cover, -end)
            elif -end > self._cover and item != self._previous:
                hit = self._matcher.hits[rank]
                way = lanes[number - 1].sight.name if number else ""
                detail = f"{hit.detail}/{way}" if way else hit.detail
                found.append(hit.verdict(start, -end, detail))
            self._previous = item
        return found
