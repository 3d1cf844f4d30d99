"""The entries of a log that the fingerprints of a text point to, the likeliest first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ._segments import Segment
from ._winnow import Fingerprinter, Places

LIKELIEST = 16
"""How many entries are pointed to."""
_DENSE = 1 << 13  # characters of which every gram is sought; of longer texts, chosen ones
_NEWEST = 256  # of the entries that have a fingerprint, these are looked at
_RARE, _RARE_IN = 8, 10_000  # what is in more entries than 8, and than one in 10,000, is common
_WHOLE = 1e6  # what it weighs that an entry has all of the text
_PLACE = 64  # characters of a text within which a part is one place
_NONE = np.zeros(0, np.int64)


class Pointers:
    """What the index of a log says of a plain text."""

    def __init__(
        self, fingerprinter: Fingerprinter, segments: Sequence[Segment], text: str, size: int
    ) -> None:
        """Look into the segments of a log of `size` entries."""
        short = len(text) <= _DENSE
        self._grams = fingerprinter.grams(text) if short else fingerprinter.parts([text])
        whole = fingerprinter.wholes([text])
        sought = np.unique(np.concatenate((self._grams.words, whole)))
        hits = [segment.find(sought, _NEWEST) for segment in segments]
        times: Places = sum((one.times for one in hits), np.zeros(len(sought), np.int64))
        # By what was sought, the entries that have it.
        self._sought = np.concatenate([_NONE, *(one.sought for one in hits)])
        order = np.argsort(self._sought, kind="stable")
        self._sought = self._sought[order]
        self._entries = np.concatenate([_NONE, *(one.entry for one in hits)])[order]
        self._words = np.searchsorted(sought, self._grams.words)
        at = np.searchsorted(sought, whole)
        self._times = times
        self.times_whole = int(times[at][0])
        self.is_common = max(_RARE, size // _RARE_IN)
        weights = np.log((size + 1) / np.maximum(times, 1))
        weights[at] = _WHOLE
        self.entries = self._likeliest(weights)

    def like(self, entry: int, start: int, end: int) -> int:
        """Return in how many entries is what `entry` has between two places of the text.

        Those are entries that have half of its fingerprints there, and two at the least. Where only
        the last entries of a fingerprint are known, their share stands for all.
        """
        inside = (self._grams.start >= start) & (self._grams.end <= end)
        sought = np.unique(self._words[inside])
        having = [self._having(one) for one in sought.tolist()]
        mine = [n for n, entries in enumerate(having) if entry in entries]
        if not mine:
            return 1
        _, counts = np.unique(np.concatenate([having[n] for n in mine]), return_counts=True)
        alike = int((counts >= max(min(2, len(mine)), len(mine) / 2)).sum())
        known = np.median([len(having[n]) for n in mine])
        return max(1, round(alike * float(np.median(self._times[sought[mine]]) / known)))

    def _having(self, sought: int) -> Places:
        low, high = np.searchsorted(self._sought, (sought, sought + 1))
        return self._entries[low:high]

    def _likeliest(self, weights: NDArray[np.float64]) -> list[int]:
        """Return the entries that share most with the text, the rare weighing more.

        Half of them are those that share most with one place of it: what is quoted in a long text.
        """
        entries, which = np.unique(self._entries, return_inverse=True)
        scores = np.bincount(which, weights[self._sought], len(entries))
        found: dict[int, None] = {}
        for score in (self._in_one_place(which, len(entries), weights), scores):
            order = np.lexsort((entries, score))[::-1]  # of equals, the newest
            new = [entry for entry in entries[order].tolist() if entry not in found]
            found |= dict.fromkeys(new[: LIKELIEST // 2])
        return list(found)

    def _in_one_place(
        self, which: Places, count: int, weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the most that each entry shares with `_PLACE` characters of the text."""
        at = np.zeros(len(weights), np.int64)
        at[self._words] = self._grams.start
        order = np.lexsort((at[self._sought], which))
        which, at = which[order], at[self._sought][order]
        shared = np.append(0.0, np.cumsum(weights[self._sought][order]))
        keys = which * (1 << 32) + at
        first = np.searchsorted(keys, np.maximum(keys - _PLACE, which * (1 << 32)))
        most = np.zeros(count)
        np.maximum.at(most, which, shared[1:] - shared[first])
        return most
