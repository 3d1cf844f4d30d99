"""What the segments under each key say of a text: in which entries each of its grams is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._lists import Lists
from ._segments import Group, Segment
from ._winnow import Codes, Fingerprinter, Places, codes_of, cut

ALL = 0
"""The number of the text as a whole; its grams have those from 1 on."""
NONE = np.zeros(0, np.int64)
"""No number, and no entry."""
_NEWEST = 512  # of the entries of a key that have a fingerprint, these are looked at
_ENTRY = 48  # the bits of the number of an entry


class Grams(NamedTuple):
    """The grams of a text that are sought: their numbers, and where in it they begin and end.

    `once` has each number once, in order, and `said` what each of these is.
    """

    numbers: Places
    start: Places
    end: Places
    once: Places
    said: Sequence[bytes]

    @classmethod
    def of(cls, codes: Codes, start: Places, end: Places, known: dict[bytes, int]) -> Grams:
        """Return the grams at places of a text; `known` numbers what they are, and learns."""
        said = cut(codes, start, end)
        numbers = np.fromiter(
            (known.setdefault(one, len(known) + 1) for one in said), np.int64, len(said)
        )
        once, first = np.unique(numbers, return_index=True)
        return cls(numbers, start, end, once, [said[at] for at in first.tolist()])

    @classmethod
    def chosen(
        cls, codes: Codes, text: str, made: Fingerprinter, _: Sequence[Segment],
        known: dict[bytes, int],
    ) -> Grams:  # fmt: skip
        """Return those that the index of a group would keep of the text."""
        return cls.of(codes, *made.places([text])[1:], known)

    def between(self, start: int, end: int) -> Places:
        """Return the numbers of those between two places of the text, in order, each once."""
        first, behind = np.searchsorted(self.start, start), np.searchsorted(self.end, end, "right")
        return np.unique(self.numbers[first:behind])


class Look:
    """What the segments of one group have of a text.

    `fingerprinter` is the group's. `numbers` are those of the grams that were sought, in order, and
    `times` in how many entries each is. `sought` and `entry` are pairs of a number and an entry
    that has it, of each number the newest: `more` says of which there are more. Those of a number
    stand together in each segment, which has a row of `starts` and `counts`.
    """

    def __init__(self, group: Group, text: str, grams: Grams) -> None:
        made = self.fingerprinter = group.fingerprinter
        self.numbers = np.append(ALL, grams.once)
        words = np.append(made.wholes([text]), made.words(grams.said))
        order = np.argsort(words)
        self._place = np.argsort(order)
        self._lists = Lists(group.segments, words[order])
        which, self.entry, counts = self._lists.newest(np.arange(len(words)), _NEWEST)
        self.counts: Places = counts[:, self._place]
        self.starts: Places = (np.cumsum(counts).reshape(counts.shape) - counts)[:, self._place]
        sizes = self._lists.sizes[self._place]
        self.more = sizes > _NEWEST
        self.times: Places = np.where(self.more, sizes, self.counts.sum(0))
        self.sought = self.numbers[order][which]

    def lists_of(self, numbers: Places) -> Places:
        """Return which lists are those of some numbers."""
        return self._place[np.searchsorted(self.numbers, numbers)]

    def alike(
        self,
        which: Places,
        longer: NDArray[np.bool_],
        least: float,
        entries: Places,
        counts: Places,
    ) -> float:
        """Return how many entries are in `least` of some lists; of very many, it is an estimate.

        Args:
            which: the lists.
            longer: which of these have more than is among the pairs.
            least: in how many lists an entry must be.
            entries: those, in order, that are in so many of the others that they may be in enough.
            counts: in how many of the others each of these is.
        """
        if least <= longer.sum() or not self._lists.are_read(which):
            return self._lists.alike(which, least)  # they may be in none of the others
        if not len(entries):
            return 0.0
        times = counts + self._lists.times_in(which[longer], entries)
        return float((times >= least).sum())


class Pairs(NamedTuple):
    """A number of a gram, and an entry that has it; the pairs of all looks, segment by segment.

    Each segment has a row of `starts` and `counts`, which say where the pairs of each number are,
    and in `look` by which look that is known.
    """

    sought: Places
    entry: Places
    starts: Places
    counts: Places
    look: Places

    @classmethod
    def of(cls, looks: Sequence[Look], numbers: int) -> Pairs:
        """Return those of all looks; there are so many `numbers`."""
        look = np.repeat(np.arange(len(looks)), [len(one.counts) for one in looks])
        starts, counts = np.zeros((2, len(look), numbers), np.int64)
        row = before = 0
        for one in looks:
            rows = slice(row, row := row + len(one.counts))
            starts[rows, one.numbers] = one.starts + before
            counts[rows, one.numbers] = one.counts
            before += len(one.entry)
        sought = np.concatenate([NONE, *(one.sought for one in looks)])
        entry = np.concatenate([NONE, *(one.entry for one in looks)])
        return cls(sought, entry, starts, counts, look)

    def of_entries(self, entries: Sequence[int]) -> dict[int, tuple[int, Places]]:
        """Return of each of some entries by which look it is known, and its numbers, in order."""
        wanted = np.zeros(int(self.entry.max(initial=-1)) + 1, np.bool_)
        wanted[list(entries)] = True
        at = np.flatnonzero(wanted[self.entry])
        whose, numbers = self.entry[at], self.sought[at]
        row = np.searchsorted(np.cumsum(self.counts.sum(1)), at, "right")
        look = dict(zip(whose.tolist(), self.look[row].tolist(), strict=True))
        return {entry: (look[entry], np.sort(numbers[whose == entry])) for entry in entries}

    def have(self, numbers: Places) -> NDArray[np.bool_]:
        """Return which looks have pairs of some numbers."""
        found = np.zeros(int(self.look.max(initial=-1)) + 1, np.bool_)
        found[self.look[self.counts[:, numbers].any(1)]] = True
        return found

    def counted(self, numbers: Places, some: NDArray[np.bool_]) -> tuple[Places, Places, Places]:
        """Return a look, an entry that it knows, and how many numbers that has, in their order.

        Of each look `some` of the numbers are counted.
        """
        row, which = np.nonzero(some[self.look])
        count = self.counts[row, numbers[which]]
        at = np.repeat(self.starts[row, numbers[which]] - np.cumsum(count) + count, count)
        at += np.arange(len(at))
        keys = np.sort(np.repeat(self.look[row] << _ENTRY, count) + self.entry[at])
        begin = np.flatnonzero(np.diff(keys, prepend=-1))
        once = keys[begin]
        return once >> _ENTRY, once & ((1 << _ENTRY) - 1), np.diff(begin, append=len(keys))


class Kept(NamedTuple):
    """What the index of a look keeps of an answer, and that look sought: where it is, its number.

    What is nowhere in the text is left out.
    """

    start: Places
    end: Places
    numbers: Places

    def between(self, start: int, end: int) -> Places:
        """Return the numbers of those between two places of the answer, in order, each once."""
        return np.unique(self.numbers[(self.start >= start) & (self.end <= end)])


def kept_of(answers: Sequence[str], look: Look, known: Mapping[bytes, int]) -> list[Kept]:
    """Return what the index of a look would keep of each answer."""
    text, start, end = look.fingerprinter.places(answers)
    first = np.cumsum([0, *map(len, answers)])[text]
    said = cut(codes_of("".join(answers)), first + start, first + end)
    numbers = np.array([known.get(gram, ALL) for gram in said], np.int64)
    mine = among(numbers, look.numbers[1:])
    text, start, end, numbers = text[mine], start[mine], end[mine], numbers[mine]
    bounds = np.searchsorted(text, np.arange(len(answers) + 1)).tolist()
    return [Kept(start[a:b], end[a:b], numbers[a:b]) for a, b in pairwise(bounds)]


def among(few: Places, others: Places) -> NDArray[np.bool_]:
    """Return which of some numbers are among others that are in order; `np.isin` sorts these."""
    if not len(others):
        return np.zeros(len(few), np.bool_)
    same: NDArray[np.bool_] = (
        others[np.minimum(np.searchsorted(others, few), len(others) - 1)] == few
    )
    return same
