"""The entries of a log that the fingerprints of a text point to, the likeliest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._find_spans import Span
from ._lists import Lists
from ._segments import Group, Segment
from ._winnow import Codes, Fingerprinter, Places, codes_of, cut, grams_in

LIKELIEST = 16
"""How many entries are pointed to."""
_DENSE = 1 << 13  # characters of which every gram is sought; of longer texts, chosen ones
_NEWEST = 512  # of the entries of a key that have a fingerprint, these are looked at
_RARE, _RARE_IN = 8, 10_000  # what is in more entries than 8, and than one in 10,000, is common
_WHOLE = 1e6  # what it weighs that an entry has all of the text
_FINE = 1 << 16  # the parts of a unit in which is weighed
_LOOKED = 1024  # entries of which it is seen at first what they share with one place
_PLACE = 64  # characters of a text within which a part is one place
_ALL = 0  # the number of the text as a whole; its grams have those from 1 on
_NONE = np.zeros(0, np.int64)


class Pointers:
    """What the index of a log says of a plain text.

    Grams are numbered by what they are, so that one number stands for the fingerprints of a gram
    under the keys of all groups.
    """

    def __init__(self, groups: Sequence[Group], text: str, size: int) -> None:
        """Look into the segments of a log of `size` entries."""
        self._known = known = dict[bytes, int]()
        codes = codes_of(text)
        if len(codes) <= _DENSE:  # every gram is the same one under each key
            sought = [_Grams.of(codes, *grams_in(codes), known)] * len(groups)
            self._grams = sought[:1]
        else:  # which are chosen is not
            sought = [_Grams.chosen(codes, text, *one, known) for one in groups]
            self._grams = sought
        self._looks = [_Look(one, text, grams) for one, grams in zip(groups, sought, strict=True)]
        times: Places = np.zeros(len(known) + 1, np.int64)
        at: Places = np.zeros(len(known) + 1, np.int64)
        self._more = np.zeros((len(groups), len(known) + 1), np.bool_)
        for n, look in enumerate(self._looks):
            times[look.numbers] += look.times
            self._more[n, look.numbers] = look.more
        for grams in self._grams:
            at[grams.numbers] = grams.start
        self.times_whole = int(times[_ALL])
        self.is_common = max(_RARE, size // _RARE_IN)
        # Whole, so that sums are exact in any order, and what is equally like the text is so.
        weights = np.rint(np.log((size + 1) / np.maximum(times, 1)) * _FINE)
        weights[_ALL] = _WHOLE * _FINE
        self._pairs = _Pairs.of(self._looks)
        self._kept: dict[str, list[_Kept]] = {}
        self.entries = self._likeliest(weights, at)

    def compare(self, answers: Sequence[str]) -> None:
        """Take the plain answers of which `like` is then asked."""
        kept = [_kept_of(answers, look.fingerprinter, self._known) for look in self._looks]
        self._kept = dict(zip(answers, map(list, zip(*kept, strict=True)), strict=True))

    def like(self, entry: int, span: Span, answer: str) -> int:
        """Return in how many entries is what `entry`, the plain `answer`, shares with the text.

        Those are entries that have half of its fingerprints there, and two at the least: in the
        groups of other keys, half of those that it would have under these.
        """
        within = [one.between(*span.left) for one in self._grams]
        inside = np.unique(np.concatenate(within)) if len(within) > 1 else within[0]
        pairs = self._pairs.between(inside)
        sought = np.stack([_among(inside, one) for one in within])  # of all looks, or by each
        more = self._more[:, inside]
        ours = np.zeros((len(self._looks), len(inside)), np.bool_)
        of_entry = pairs.entry == entry
        ours[pairs.look[of_entry], pairs.sought[of_entry]] = True
        ours &= sought
        sizes = ours.sum(1)
        unsure = (sizes == 0) | more.any(1)  # it may have some, but not be among the newest
        for n in set(np.flatnonzero(unsure).tolist()) & set(pairs.look.tolist()):
            mine = self._kept[answer][n].between(*span.right)
            mine = mine[_among(mine, self._looks[n].numbers[1:])]
            ours[n], sizes[n] = _among(inside, mine), len(mine)
        ours &= sought
        least = np.maximum(np.minimum(2, sizes), sizes / 2)
        longer = (ours & more).any(1)
        hits = pairs.where(ours[pairs.look, pairs.sought]).with_enough(least)
        alike = float(hits[~longer].sum())
        for n in np.flatnonzero(longer).tolist():
            alike += self._looks[n].alike(inside[ours[n]], float(least[n]))
        return max(1, round(alike))

    def _likeliest(self, weights: NDArray[np.float64], at: Places) -> list[int]:
        """Return the entries that share most with the text, the rare weighing more.

        Half of them are those that share most with one place of it: what is quoted in a long text.
        """
        pairs = self._pairs
        weighs = weights[pairs.sought]
        entries, which = _numbered(pairs.entry)
        places = at[pairs.sought]
        total: NDArray[np.float64]
        total = np.bincount(which, weighs, len(entries)).astype(np.float64, copy=False)
        # No place of the text weighs more than all of it: most entries need no second look.
        least = _least(total, _LOOKED)
        near = _in_one_place(which, places, weighs, total >= least)
        enough = _least(near[near > 0], LIKELIEST // 2)
        if enough < least:
            near = _in_one_place(which, places, weighs, total >= enough)
        found: dict[int, None] = {}
        for score in (near, total):
            some = np.flatnonzero(score >= _least(score, LIKELIEST))
            order = np.lexsort((some, score[some]))[::-1]  # of equals, the newest
            new = [entry for entry in entries[some[order]].tolist() if entry not in found]
            found |= dict.fromkeys(new[: LIKELIEST // 2])
        return list(found)


class _Grams(NamedTuple):
    """The grams of a text that are sought: their numbers, and where in it they begin and end.

    `once` has each number once, in order, and `said` what each of these is.
    """

    numbers: Places
    start: Places
    end: Places
    once: Places
    said: Sequence[bytes]

    @classmethod
    def of(cls, codes: Codes, start: Places, end: Places, known: dict[bytes, int]) -> _Grams:
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
    ) -> _Grams:  # fmt: skip
        """Return those that the index of a group would keep of the text."""
        return cls.of(codes, *made.places([text])[1:], known)

    def between(self, start: int, end: int) -> Places:
        """Return the numbers of those between two places of the text, in order, each once."""
        first, behind = np.searchsorted(self.start, start), np.searchsorted(self.end, end, "right")
        return np.unique(self.numbers[first:behind])


class _Look:
    """What the segments of one group have of a text.

    `fingerprinter` is the group's. `numbers` are those of the grams that were sought, in order, and
    `times` in how many entries each is. `sought` and `entry` are pairs of a number and an entry
    that has it, of each number the newest: `more` says of which there are more.
    """

    def __init__(self, group: Group, text: str, grams: _Grams) -> None:
        made = self.fingerprinter = group.fingerprinter
        self.numbers = np.append(_ALL, grams.once)
        words = np.append(made.wholes([text]), made.words(grams.said))
        order = np.argsort(words)
        self._place = np.argsort(order)
        self._lists = Lists(group.segments, words[order])
        which, self.entry = self._lists.newest(np.arange(len(words)), _NEWEST)
        sizes = self._lists.sizes
        found = np.bincount(which, minlength=len(words))
        self.times: Places = np.where(sizes > _NEWEST, sizes, found)[self._place]
        self.more = (sizes > _NEWEST)[self._place]
        self.sought = self.numbers[order][which]

    def alike(self, numbers: Places, least: float) -> float:
        """Return how many entries have `least` of some numbers, also such as are not among pairs.

        Where they are very many, it is an estimate.
        """
        which = self._place[np.searchsorted(self.numbers, numbers)]
        return self._lists.alike(which, least)


class _Pairs(NamedTuple):
    """A number of a gram, an entry that has it, and by which look that is known; by the numbers."""

    sought: Places
    entry: Places
    look: Places

    @classmethod
    def of(cls, looks: Sequence[_Look]) -> _Pairs:
        """Return those of all looks."""
        sought = np.concatenate([_NONE, *(one.sought for one in looks)])
        few = sought.max(initial=0) < 1 << 16  # numbers so small are sorted in a tenth of the time
        order = np.argsort(sought.astype(np.uint16) if few else sought, kind="stable")
        entry = np.concatenate([_NONE, *(one.entry for one in looks)])
        look = np.repeat(np.arange(len(looks)), [len(one.sought) for one in looks])
        return cls(sought[order], entry[order], look[order])

    def between(self, numbers: Places) -> _Pairs:
        """Return those of some numbers, in order; in the place of each is where it stands there."""
        low = np.searchsorted(self.sought, numbers)
        count = np.searchsorted(self.sought, numbers, "right") - low
        which = np.repeat(np.arange(len(numbers)), count)
        at = np.arange(len(which)) + np.repeat(low - np.cumsum(count) + count, count)
        return _Pairs(which, self.entry[at], self.look[at])

    def where(self, mask: NDArray[np.bool_]) -> _Pairs:
        """Return some of them."""
        return _Pairs(self.sought[mask], self.entry[mask], self.look[mask])

    def with_enough(self, least: NDArray[np.float64]) -> Places:
        """Return how many entries have `least` numbers of each look."""
        order = np.argsort(self.entry)
        begin = np.flatnonzero(np.diff(self.entry[order], prepend=-1))
        counts = np.diff(begin, append=len(order))
        look = self.look[order][begin]
        return np.bincount(look[counts >= least[look]], minlength=len(least))


class _Kept(NamedTuple):
    """What the index keeps of an answer, each once: where it is, and its number, if it has one."""

    start: Places
    end: Places
    numbers: Places

    def between(self, start: int, end: int) -> Places:
        """Return the numbers of those between two places of the answer, in order."""
        return np.unique(self.numbers[(self.start >= start) & (self.end <= end)])


def _kept_of(
    answers: Sequence[str], made: Fingerprinter, known: Mapping[bytes, int]
) -> list[_Kept]:
    """Return what an index would keep of each answer, and the text has, too."""
    text, start, end = made.places(answers)
    first = np.cumsum([0, *map(len, answers)])[text]
    said = cut(codes_of("".join(answers)), first + start, first + end)
    numbers = np.array([known.get(gram, _ALL) for gram in said], np.int64)
    bounds = np.searchsorted(text, np.arange(len(answers) + 1)).tolist()
    return [_Kept(start[a:b], end[a:b], numbers[a:b]) for a, b in pairwise(bounds)]


def _among(few: Places, others: Places) -> NDArray[np.bool_]:
    """Return which of some numbers are among others, both in order; `np.isin` sorts them first."""
    if not len(others):
        return np.zeros(len(few), np.bool_)
    same: NDArray[np.bool_] = (
        others[np.minimum(np.searchsorted(others, few), len(others) - 1)] == few
    )
    return same


def _least(scores: NDArray[np.float64], count: int) -> float:
    """Return what the best `count` have at the least, 0 where there are no more."""
    return float(np.partition(scores, -count)[-count]) if len(scores) > count else 0.0


def _numbered(entries: Places) -> tuple[Places, Places]:
    """Return in order what `entries` has, each once, and which of these each of them is."""
    among = np.zeros(int(entries.max(initial=-1)) + 1, np.bool_)
    among[entries] = True
    once = np.flatnonzero(among)
    number = np.empty(len(among), np.int64)
    number[once] = np.arange(len(once))
    return once, number[entries]


def _in_one_place(
    entries: Places, places: Places, weights: NDArray[np.float64], some: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the most that each entry shares with `_PLACE` characters of the text.

    Args:
        entries: of pairs of a gram and an entry that has it, the number of the entry.
        places: where in the text each gram is.
        weights: what each pair weighs.
        some: whether each entry is looked at; the others share 0.
    """
    mine = some[entries]
    which, places = entries[mine], places[mine]
    order = np.lexsort((places, which))
    which, places = which[order], places[order]
    shared = np.append(0.0, np.cumsum(weights[mine][order]))
    keys = which * (1 << 32) + places
    first = np.searchsorted(keys, np.maximum(keys - _PLACE, which * (1 << 32)))
    most = np.zeros(len(some))
    np.maximum.at(most, which, shared[1:] - shared[first])
    return most
