"""The entries of a log that the fingerprints of a text point to, the likeliest first."""

from __future__ import annotations

from collections.abc import Sequence, Set
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ._find_spans import Span
from ._segments import Group
from ._winnow import Fingerprinter, Places

LIKELIEST = 16
"""How many entries are pointed to."""
_DENSE = 1 << 13  # characters of which every gram is sought; of longer texts, chosen ones
_NEWEST = 256  # of the entries that have a fingerprint, these are looked at
_RARE, _RARE_IN = 8, 10_000  # what is in more entries than 8, and than one in 10,000, is common
_WHOLE = 1e6  # what it weighs that an entry has all of the text
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
        self._numbers = numbers = dict[str, int]()
        self._looks = [_Look(one, text, numbers) for one in groups]
        self._kept: list[dict[str, list[tuple[int, int]]]] = []
        times: Places = np.zeros(len(numbers) + 1, np.int64)
        at: Places = np.zeros(len(numbers) + 1, np.int64)
        for look in self._looks:
            times[look.numbers] += look.times
            at[look.grams] = look.start
        self.times_whole = int(times[_ALL])
        self.is_common = max(_RARE, size // _RARE_IN)
        weights = np.log((size + 1) / np.maximum(times, 1))
        weights[_ALL] = _WHOLE
        self.entries = self._likeliest(weights, at)

    def compare(self, answers: Sequence[str]) -> None:
        """Take the plain answers of which `like` is then asked."""
        self._kept = [_places_in(answers, look.fingerprinter) for look in self._looks]

    def like(self, entry: int, span: Span, answer: str) -> int:
        """Return in how many entries is what `entry`, the plain `answer`, shares with the text.

        Those are entries that have half of its fingerprints there, and two at the least: in the
        groups of other keys, half of those that it would have under these. Where only the last
        entries of a fingerprint are known, their share stands for all.
        """
        alike = 0.0
        for look, kept in zip(self._looks, self._kept, strict=True):
            having = look.having(*span.left)
            mine: Set[int] = {number for number, entries in having.items() if entry in entries}
            if not mine:
                first, last = span.right
                inside = [answer[a:b] for a, b in kept[answer] if a >= first and b <= last]
                mine = look.known & {self._numbers.get(one, _ALL) for one in inside}
            least = max(min(2, len(mine)), len(mine) / 2)
            alike += look.alike({n: having[n] for n in mine if n in having}, least)
        return max(1, round(alike))

    def _likeliest(self, weights: NDArray[np.float64], at: Places) -> list[int]:
        """Return the entries that share most with the text, the rare weighing more.

        Half of them are those that share most with one place of it: what is quoted in a long text.
        """
        sought = np.concatenate([_NONE, *(look.sought for look in self._looks)])
        having = np.concatenate([_NONE, *(look.entries for look in self._looks)])
        entries, which = np.unique(having, return_inverse=True)
        scores = np.bincount(which, weights[sought], len(entries))
        near = _in_one_place(which, len(entries), weights[sought], at[sought])
        found: dict[int, None] = {}
        for score in (near, scores):
            order = np.lexsort((entries, score))[::-1]  # of equals, the newest
            new = [entry for entry in entries[order].tolist() if entry not in found]
            found |= dict.fromkeys(new[: LIKELIEST // 2])
        return list(found)


class _Look:
    """What the segments of one group have of a text.

    `fingerprinter` is the group's. `grams` are the numbers of the text's grams, `start` where they
    begin, and `known` the same once. `numbers` are those that were sought, in order, and `times` in
    how many entries each is. `sought` and `entries` are pairs of a number and an entry that has it,
    in the order of the numbers.
    """

    def __init__(self, group: Group, text: str, known: dict[str, int]) -> None:
        made = self.fingerprinter = group.fingerprinter
        parts = made.grams(text) if len(text) <= _DENSE else made.parts([text])
        self.start, self._end = parts.start, parts.end
        said = (text[a:b] for a, b in zip(parts.start.tolist(), parts.end.tolist(), strict=True))
        numbers = (known.setdefault(one, len(known) + 1) for one in said)
        self.grams = np.fromiter(numbers, np.int64, len(parts.words))
        once, first = np.unique(self.grams, return_index=True)
        self.known = frozenset(once.tolist())
        self.numbers = np.append(_ALL, once)
        words = np.append(made.wholes([text]), parts.words[first])
        hits = [segment.find(words, _NEWEST) for segment in group.segments]
        self.times: Places = sum((one.times for one in hits), np.zeros(len(words), np.int64))
        sought = self.numbers[np.concatenate([_NONE, *(one.sought for one in hits)])]
        order = np.argsort(sought, kind="stable")
        self.sought = sought[order]
        self.entries = np.concatenate([_NONE, *(one.entry for one in hits)])[order]

    def having(self, start: int, end: int) -> dict[int, Places]:
        """Return the known entries of each gram between two places of the text, if it has any."""
        inside = np.unique(self.grams[(self.start >= start) & (self._end <= end)])
        low = np.searchsorted(self.sought, inside)
        high = np.searchsorted(self.sought, inside, "right")
        bounds = zip(inside.tolist(), low.tolist(), high.tolist(), strict=True)
        return {number: self.entries[a:b] for number, a, b in bounds if a < b}

    def alike(self, having: dict[int, Places], least: float) -> float:
        """Return how many entries have `least` of the grams, of which some entries are known."""
        if not having:
            return 0.0
        _, counts = np.unique(np.concatenate([*having.values()]), return_counts=True)
        times = self.times[np.searchsorted(self.numbers, [*having])]
        known = np.median([len(one) for one in having.values()])
        return int((counts >= least).sum()) * float(np.median(times) / known)


def _places_in(answers: Sequence[str], made: Fingerprinter) -> dict[str, list[tuple[int, int]]]:
    """Return where in each answer is what the index keeps of it."""
    text, start, end = made.places(answers)
    bounds = np.searchsorted(text, np.arange(len(answers) + 1)).tolist()
    places = list(zip(start.tolist(), end.tolist(), strict=True))
    return {one: places[a:b] for one, (a, b) in zip(answers, pairwise(bounds), strict=True)}


def _in_one_place(
    which: Places, count: int, weights: NDArray[np.float64], at: Places
) -> NDArray[np.float64]:
    """Return the most that each of `count` entries shares with `_PLACE` characters of the text.

    Args:
        which: of each pair, the entry.
        count: how many entries there are.
        weights: what each pair weighs.
        at: where in the text it is.
    """
    order = np.lexsort((at, which))
    which, at = which[order], at[order]
    shared = np.append(0.0, np.cumsum(weights[order]))
    keys = which * (1 << 32) + at
    first = np.searchsorted(keys, np.maximum(keys - _PLACE, which * (1 << 32)))
    most = np.zeros(count)
    np.maximum.at(most, which, shared[1:] - shared[first])
    return most
