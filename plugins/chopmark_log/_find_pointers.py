"""The entries of a log that the fingerprints of a text point to, the likeliest first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ._find_looks import ALL, NONE, Grams, Kept, Look, Pairs, among, kept_of
from ._find_spans import Span
from ._segments import Group
from ._winnow import Places, codes_of, grams_in

LIKELIEST = 16
"""How many entries are pointed to."""
_DENSE = 1 << 13  # characters of which every gram is sought; of longer texts, chosen ones
_RARE, _RARE_IN = 8, 10_000  # what is in more entries than 8, and than one in 10,000, is common
_WHOLE = 1e6  # what it weighs that an entry has all of the text
_FINE = 1 << 16  # the parts of a unit in which is weighed
_LOOKED = 1024  # entries of which it is seen at first what they share with one place
_PLACE = 64  # characters of a text within which a part is one place


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
            sought = [Grams.of(codes, *grams_in(codes), known)] * len(groups)
            self._grams = sought[:1]
        else:  # which are chosen is not
            sought = [Grams.chosen(codes, text, *one, known) for one in groups]
            self._grams = sought
        self._looks = [Look(one, text, grams) for one, grams in zip(groups, sought, strict=True)]
        times: Places = np.zeros(len(known) + 1, np.int64)
        at: Places = np.zeros(len(known) + 1, np.int64)
        self._more = np.zeros((len(groups), len(known) + 1), np.bool_)
        for n, look in enumerate(self._looks):
            times[look.numbers] += look.times
            self._more[n, look.numbers] = look.more
        for grams in self._grams:
            at[grams.numbers] = grams.start
        self.times_whole = int(times[ALL])
        self.is_common = max(_RARE, size // _RARE_IN)
        # Whole, so that sums are exact in any order, and what is equally like the text is so.
        weights = np.rint(np.log((size + 1) / np.maximum(times, 1)) * _FINE)
        weights[ALL] = _WHOLE * _FINE
        self._pairs = Pairs.of(self._looks, len(known) + 1)
        self._kept: dict[str, list[Kept]] = {}
        self.entries = self._likeliest(weights, at)
        self._of = self._pairs.of_entries(self.entries)

    def compare(self, answers: Sequence[str]) -> None:
        """Take the plain answers of which `like` is then asked."""
        kept = [kept_of(answers, look, self._known) for look in self._looks]
        self._kept = dict(zip(answers, map(list, zip(*kept, strict=True)), strict=True))

    def like(self, entry: int, span: Span, answer: str) -> int:
        """Return in how many entries is what `entry`, the plain `answer`, shares with the text.

        Those are entries that have half of its fingerprints there, and two at the least: in the
        groups of other keys, half of those that it would have under these.
        """
        within = [one.between(*span.left) for one in self._grams]
        inside = np.unique(np.concatenate(within)) if len(within) > 1 else within[0]
        sought = np.stack([among(inside, one) for one in within])  # of all looks, or by each
        more = self._more[:, inside]
        ours = np.zeros((len(self._looks), len(inside)), np.bool_)
        owner, numbers = self._of.get(entry, (0, NONE))
        ours[owner] = among(inside, numbers)
        ours &= sought
        sizes = ours.sum(1)
        unsure = (sizes == 0) | more.any(1)  # it may have some, but not be among the newest
        unsure &= self._pairs.have(inside)
        for n in np.flatnonzero(unsure).tolist():
            mine = self._kept[answer][n].between(*span.right)
            ours[n], sizes[n] = among(inside, mine), len(mine)
        ours &= sought
        least = np.maximum(np.minimum(2, sizes), sizes / 2)
        look, entries, counts = self._pairs.counted(inside, ours & ~more)
        alike = 0.0
        for n, one in enumerate(self._looks):
            longer = more[n][ours[n]]
            # What is in enough of all lists is in so many of those that are known to their ends.
            some = (look == n) & (counts >= least[n] - longer.sum())
            if longer.any():
                which = one.lists_of(inside[ours[n]])
                alike += one.alike(which, longer, float(least[n]), entries[some], counts[some])
            else:
                alike += float(some.sum())
        return max(1, round(alike))

    def _likeliest(self, weights: NDArray[np.float64], at: Places) -> list[int]:
        """Return the entries that share most with the text, the rare weighing more.

        Half of them are those that share most with one place of it: what is quoted in a long text.
        """
        pairs = self._pairs
        weighs = weights[pairs.sought]
        known = np.zeros(int(pairs.entry.max(initial=-1)) + 1, np.bool_)
        known[pairs.entry] = True
        entries = np.flatnonzero(known)
        total: NDArray[np.float64]
        total = np.bincount(pairs.entry, weighs).astype(np.float64, copy=False)[entries]

        def near(least: float) -> NDArray[np.float64]:
            known[entries] = total >= least
            mine = np.flatnonzero(known[pairs.entry])
            places = at[pairs.sought[mine]]
            once, most = _in_one_place(pairs.entry[mine], places, weighs[mine])
            shared = np.zeros(len(entries))
            shared[np.searchsorted(entries, once)] = most
            return shared

        # No place of the text weighs more than all of it: most entries need no second look.
        least = _least(total, _LOOKED)
        place = near(least)
        enough = _least(place[place > 0], LIKELIEST // 2)
        if enough < least:
            place = near(enough)
        found: dict[int, None] = {}
        for score in (place, total):
            some = np.flatnonzero(score >= _least(score, LIKELIEST))
            order = np.lexsort((some, score[some]))[::-1]  # of equals, the newest
            new = [entry for entry in entries[some[order]].tolist() if entry not in found]
            found |= dict.fromkeys(new[: LIKELIEST // 2])
        return list(found)


def _least(scores: NDArray[np.float64], count: int) -> float:
    """Return what the best `count` have at the least, 0 where there are no more."""
    some = scores[scores > 0]  # where most are equal, `np.partition` takes twenty times as long
    if len(some) < count or len(scores) == count:
        return 0.0
    return float(np.partition(some, -count)[-count])


def _in_one_place(
    entries: Places, places: Places, weights: NDArray[np.float64]
) -> tuple[Places, NDArray[np.float64]]:
    """Return the entries in order, and the most that each shares with `_PLACE` characters.

    Args:
        entries: of pairs of a gram and an entry that has it, the entry.
        places: where in the text each gram is.
        weights: what each pair weighs.
    """
    keys = (entries << 32) + places
    order = np.argsort(keys)
    keys = keys[order]
    which = keys >> 32
    shared = np.append(0.0, np.cumsum(weights[order]))
    first = np.searchsorted(keys, np.maximum(keys - _PLACE, which << 32))
    begin = np.flatnonzero(np.diff(which, prepend=-1))
    most = shared[1:] - shared[first]
    return which[begin], np.maximum.reduceat(most, begin) if len(begin) else most
