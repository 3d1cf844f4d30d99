"""Follows one text through a lane, and keeps no more of it than may still become an occurrence."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from ._evidence import ENOUGH
from ._lane import HEAD, Lane, Match

Found = tuple[int, int, int]
"""Start and end of an occurrence in the text, and the rank of its entry."""


class Cursor:
    """One text in one lane; not shared by threads.

    An occurrence is returned once it is decided. None that starts before `settled` is returned
    later, except where the sight leaves the waiting to others.
    """

    __slots__ = ("_base", "_before", "_lane", "_raw", "_told", "settled")

    def __init__(self, lane: Lane) -> None:
        self.settled = 0
        self._lane = lane
        self._raw = ""  # the end of the text from `_base` on
        self._base = 0
        self._before = ""  # the last character in sight before `_base`
        self._told: set[Found] = set()  # what was returned and starts at `_base` or later

    def feed(self, text: str, *, last: bool = False) -> list[Found]:
        """Take the next piece; `last` says that the text ends with it."""
        lane = self._lane
        raw = self._raw + text
        folded = lane.table.write(raw)
        found: list[Found] = []
        keep = hold = len(raw)
        if lane.characters.isdisjoint(folded):
            folded = ""
        if folded and lane.sight.worth(raw):
            matches = lane.find(folded, True)
            if matches:
                found, keep = self._decided(raw, matches, last)
                hold = keep
        if folded and not last:
            keep, hold = self._pending(raw, folded, keep, hold)
        self.settled = self._base + hold
        self._drop(raw, keep)
        return found

    def _decided(
        self, raw: str, matches: Sequence[tuple[int, int, int]], last: bool
    ) -> tuple[list[Found], int]:
        """Return the new occurrences, and where the first begins that what follows decides."""
        lane, base = self._lane, self._base
        joins = lane.sight.joins
        lengths = lane.table.lengths(raw)
        starts = [*accumulate(lengths, initial=0)]
        found: list[Found] = []
        open_at = len(raw)
        for pattern, at, to in matches:
            first = bisect_right(starts, at) - 1
            final = bisect_right(starts, to - 1) - 1
            end = final + 1
            if starts[first] != at or starts[final] + lengths[final] != to:
                continue  # it begins or ends inside what one character becomes
            if end - first > lane.reach:
                continue
            before = self._seen_before(raw, first)
            if before and joins(raw[first], before, before=True):
                continue
            after = self._seen_after(raw, first, end, last)
            if after and joins(raw[final], after, before=False):
                continue
            sources = [n for n in range(first, end) for _ in range(lengths[n])]
            match = Match(raw, sources, before)
            for spelling, ranks in lane.spellings(pattern):
                if lane.sight.weigh(spelling, match) < ENOUGH:
                    continue
                if after is None:
                    open_at = min(open_at, first)
                    break
                for rank in ranks:
                    item = (base + first, base + end, rank)
                    if item not in self._told:
                        self._told.add(item)
                        found.append(item)
        return found, open_at

    def _seen_before(self, raw: str, first: int) -> str:
        unseen = self._lane.sight.unseen
        for n in range(first - 1, -1, -1):
            if not unseen(raw[n]):
                return raw[n]
        return self._before

    def _seen_after(self, raw: str, first: int, end: int, last: bool) -> str | None:
        """Return the next character in sight that bears on the place; None while it may come."""
        unseen = self._lane.sight.unseen
        beyond = first + self._lane.reach
        for n in range(end, min(len(raw), beyond)):
            if not unseen(raw[n]):
                return raw[n]
        return "" if last or len(raw) >= beyond else None

    def _pending(self, raw: str, folded: str, keep: int, hold: int) -> tuple[int, int]:
        """Return where the first end of the text begins to keep, and the first to wait for."""
        lane = self._lane
        table, heads, least = lane.table, lane.heads, len(folded) - lane.longest
        at = len(folded)
        for n in range(len(raw) - 1, max(-1, len(raw) - lane.reach), -1):
            length = len(table[ord(raw[n])])
            if not length:
                continue
            at -= length
            if at <= least:
                break
            if folded[at : at + HEAD] not in heads:
                continue
            if len(folded) - at > HEAD and not lane.begins(folded[at:]):
                continue
            before = self._seen_before(raw, n)
            if before and lane.sight.joins(raw[n], before, before=True):
                continue
            keep = min(keep, n)
            if n < hold and lane.sight.holds(raw[n:]):
                hold = n
        return keep, hold

    def _drop(self, raw: str, keep: int) -> None:
        self._raw = raw[keep:]
        if not keep:
            return
        self._before = self._seen_before(raw, keep)
        self._base += keep
        if self._told:
            self._told = {item for item in self._told if item[0] >= self._base}
