"""Lists of the entries that have a fingerprint, read from segments as if these were one.

What is read does not depend on where a segment ends and the next one begins: the last entries are
the last of all segments, and how many there are is the sum. How long a list is, is known without
reading it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ._segments import Segment
from ._winnow import Places, Words

_READ = 1 << 18  # words of lists that are counted through: 2 MiB


class Newest(NamedTuple):
    """Pairs of the number of a list and an entry in it: in order of these, segment by segment.

    `counts` has a row for each segment: of each list, how many pairs there are of it.
    """

    number: Places
    entry: Places
    counts: Places


class Lists:
    """The lists of fingerprints, in segments that follow each other and are under one key.

    `sizes` is how many words each has: its entries, and some more once where entries were cleared,
    as what stood before them stands there, too.
    """

    def __init__(self, segments: Sequence[Segment], sought: Words) -> None:
        """Take fingerprints; those in ascending order are found sooner, near to each other."""
        self._segments, self._sought = segments, sought
        bounds = [one.bounds(sought) for one in segments]
        self._low: Places = np.stack([low for low, _ in bounds])
        self._high: Places = np.stack([high for _, high in bounds])
        self.sizes: Places = (self._high - self._low).sum(0)

    def newest(self, which: Places, most: int) -> Newest:
        """Return the entries among the last `most` words of some lists, each once."""
        numbers, entries = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        counts = np.zeros((len(self._segments), len(which)), np.int64)
        left = np.full(len(which), most)
        for n in range(len(self._segments) - 1, -1, -1):
            high = self._high[n, which]
            take = np.minimum(high - self._low[n, which], left)
            left -= take
            of = np.repeat(np.arange(len(which)), take)
            at = np.repeat(high - np.cumsum(take), take)
            at += np.arange(len(of))
            entry = self._segments[n].entries(at)
            twice = entry[1:] == entry[:-1]
            twice &= of[1:] == of[:-1]
            if twice.any():  # something was cleared
                once = np.append(True, ~twice)
                of, entry = of[once], entry[once]
                take = np.bincount(of, minlength=len(which))
            counts[-1 - n] = take
            numbers.append(of)
            entries.append(entry)
        return Newest(np.concatenate(numbers), np.concatenate(entries), counts)

    def alike(self, which: Places, least: float) -> float:
        """Return how many entries are in `least` of some lists.

        Lists of more than `_READ` words in all are counted through from where each of them is
        known, and what is counted there stands for the rest.
        """
        sizes = self.sizes[which]
        most = _fair(sizes, _READ)
        number, entry, _ = self.newest(which, most)
        longer = np.flatnonzero(sizes > most)
        if len(longer):
            oldest = np.full(len(which), np.iinfo(np.int64).max)
            np.minimum.at(oldest, number, entry)
            since = entry >= oldest[longer].max()
            number, entry = number[since], entry[since]
        hits = _with_enough(entry, least)
        if not len(longer) or not hits:
            return float(hits)
        known = np.bincount(number, minlength=len(which))
        return hits * _median(sizes[known > 0]) / _median(known[known > 0])

    def are_read(self, which: Places) -> bool:
        """Return whether `alike` counts some lists through, to their ends."""
        return int(self.sizes[which].sum()) <= _READ

    def times_in(self, which: Places, entries: Places) -> Places:
        """Return in how many of some lists each of `entries`, which are in order, is."""
        times = np.zeros(len(entries), np.int64)
        for one in self._segments:
            mine = slice(*np.searchsorted(entries, (one.first, one.end)))
            times[mine] = one.has(self._sought[which], entries[mine]).sum(0)
        return times


def _fair(sizes: Places, room: int) -> int:
    """Return how many of each list are read, so that all have room: short ones leave theirs."""
    ranked = np.sort(sizes)
    shared = np.cumsum(ranked) - ranked
    fits = ranked * np.arange(len(ranked), 0, -1) + shared <= room
    n = int(fits.sum())
    return int(ranked[-1]) if n == len(ranked) else (room - int(shared[n])) // (len(ranked) - n)


def _with_enough(entries: Places, least: float) -> int:
    """Return how many entries stand in `entries` so often at the least."""
    ranked, often = np.sort(entries), max(1, math.ceil(least))
    last = ranked[often - 1 :]
    # One that stands there so often is that many places behind its first.
    enough = last == ranked[: len(last)]
    return len(np.flatnonzero(enough & np.append(last[1:] != last[:-1], True)[: len(last)]))


def _median(numbers: Places) -> float:
    """Return the median of some numbers; `np.median` takes ten times as long for so few."""
    ranked = sorted(numbers.tolist())
    return float(ranked[(len(ranked) - 1) // 2] + ranked[len(ranked) // 2]) / 2
