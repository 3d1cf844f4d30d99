"""Says which parts of two plain texts are the same: runs of characters, and the spans they make."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ._winnow import GRAM, Codes, Places, Words, codes_of, weights_of

_SEED = 8  # the weight of the shortest run: 4 characters of Chinese, 8 letters of English
_GAP = 32  # the most characters that may differ between two runs of one span
_AGAIN = 8  # in how many places of the other text a seed is followed
_MOST_RUNS = 10_000  # the longest ones; of a text that repeats itself there are many more
_MOST_GOING = 32  # chains that a run may go on; where there are more, all of them are alike
_ODD = np.uint64(0x9E3779B97F4A7C15)


class Run(NamedTuple):
    """Characters that two texts have in common: from where in each, and how many."""

    left: int
    right: int
    length: int


class Span(NamedTuple):
    """Runs that follow each other in both texts, with little between them.

    `score` is how many characters they are, less half of those between them.
    """

    runs: Sequence[Run]
    score: float

    @property
    def matched(self) -> int:
        """How many characters are the same."""
        return sum(run.length for run in self.runs)

    @property
    def left(self) -> tuple[int, int]:
        """Where it is in the first text."""
        return self.runs[0].left, self.runs[-1].left + self.runs[-1].length

    @property
    def right(self) -> tuple[int, int]:
        """Where it is in the second text."""
        return self.runs[0].right, self.runs[-1].right + self.runs[-1].length


class Compared:
    """A plain text beside which others are laid, one after the other."""

    def __init__(self, text: str) -> None:
        codes = codes_of(text)
        self._weights = np.append(0, np.cumsum(weights_of(codes)))
        self._size = max(2, round(_SEED * len(codes) / int(self._weights[-1]))) if text else _SEED
        self._seeds = seeds = _seeds(codes, self._size)
        self._before = _times_before(seeds)
        self._order = np.argsort(seeds)
        self._ranked = seeds[self._order]

    def spans(self, other: str) -> list[Span]:
        """Return what the text has in common with another, the best first.

        Each has at least one run that weighs as much as a gram; no part of the text is in two.
        """
        found = []
        for chain in _chains(self._runs(codes_of(other))):
            span = _best(chain)
            if any(self._weighs(run) >= GRAM for run in span.runs):
                found.append(span)
        found.sort(key=lambda span: -span.score)
        return _apart(found)

    def _weighs(self, run: Run) -> int:
        return int(self._weights[run.left + run.length] - self._weights[run.left])

    def _runs(self, other: Codes) -> list[Run]:
        """Return the longest runs of a seed or more, by where they begin in the text."""
        others = _seeds(other, self._size)
        if not len(self._seeds) or not len(others):
            return []
        order = np.argsort(others, kind="stable")
        ranked = others[order]
        once = np.unique(ranked)
        low = np.searchsorted(self._ranked, once)
        shared = self._order[_counted(low, np.searchsorted(self._ranked, once, "right") - low)]
        shared.sort()  # few of many
        mine = self._seeds[shared]
        first, behind = np.searchsorted(ranked, mine), np.searchsorted(ranked, mine, "right")
        count = np.minimum(behind - first, _AGAIN)
        # Where a seed is repeated in both, its third in one is sought from the other's third on.
        first += np.minimum(self._before[shared], behind - first - count)
        at, to = np.repeat(shared, count), order[_counted(first, count)]
        # On one diagonal, seeds that follow each other are one run.
        sort = np.lexsort((at, to - at))
        at, to = at[sort], to[sort]
        begin = np.flatnonzero(np.append(True, (np.diff(at) != 1) | (np.diff(to) != 1))[: len(at)])
        length = np.diff(np.append(begin, len(at))) + self._size - 1
        if len(begin) > _MOST_RUNS:
            longest = np.argsort(-length, kind="stable")[:_MOST_RUNS]
            begin, length = begin[longest], length[longest]
        return sorted(map(Run, at[begin].tolist(), to[begin].tolist(), length.tolist()))


def _counted(first: Places, count: Places) -> Places:
    """Return `count` numbers from each of `first` on, side by side."""
    return np.arange(count.sum()) + np.repeat(first - np.cumsum(count) + count, count)


def _seeds(codes: Codes, size: int) -> Words:
    """Return a number for each `size` characters; those of others are others, but for chance."""
    count = max(0, len(codes) - size + 1)
    found = np.zeros(count, np.uint64)
    for n in range(size):
        found = (found + codes[n : n + count]) * _ODD
        found ^= found >> np.uint64(29)
    return found


def _times_before(words: Words) -> Places:
    """Return how often each word stood before."""
    order = np.argsort(words, kind="stable")
    ranked = words[order]
    times = np.zeros(len(words), np.int64)
    times[order] = np.arange(len(words)) - np.searchsorted(ranked, ranked)
    return times


def _chains(runs: Sequence[Run]) -> list[list[Run]]:
    """Put runs that follow each other closely in both texts together."""
    done: list[list[Run]] = []
    going: list[list[Run]] = []
    for run in runs:
        still: list[list[Run]] = []
        for chain in going:
            (still if _between(chain[-1], run, 0) <= _GAP else done).append(chain)
        done += still[:-_MOST_GOING]
        going = still[-_MOST_GOING:]
        near = [
            (max(_between(chain[-1], run, 0), _between(chain[-1], run, 1)), n)
            for n, chain in enumerate(going)
            if _over(chain[-1], run) < run.length
        ]
        distance, n = min(near, default=(_GAP + 1, 0))
        if distance <= _GAP:
            over = _over(going[n][-1], run)
            going[n].append(Run(run.left + over, run.right + over, run.length - over))
        else:
            going.append([run])
    return done + going


def _between(last: Run, run: Run, side: int) -> int:
    return run[side] - last[side] - last.length


def _over(last: Run, run: Run) -> int:
    """Return how much of the beginning of `run` is in `last`, in either text."""
    return max(0, -_between(last, run, 0), -_between(last, run, 1))


def _best(chain: Sequence[Run]) -> Span:
    """Return the part of a chain with the highest score."""
    best = Span(chain[:1], chain[0].length)
    start, score = 0, float(chain[0].length)
    for n in range(1, len(chain)):
        last, run = chain[n - 1], chain[n]
        score -= max(_between(last, run, 0), _between(last, run, 1)) / 2
        if score < 0:
            start, score = n, 0.0
        score += run.length
        if score > best.score:
            best = Span(chain[start : n + 1], score)
    return best


def _apart(found: Sequence[Span]) -> list[Span]:
    """Leave out spans whose part of the first text is in a better one already."""
    kept: list[Span] = []
    starts: list[int] = []  # of those that are kept, and apart: in order, and so are their ends
    ends: list[int] = []
    for span in found:
        start, end = span.left
        at = bisect_left(starts, end)
        if at == 0 or ends[at - 1] <= start:
            starts.insert(at, start)
            ends.insert(at, end)
            kept.append(span)
    return kept
