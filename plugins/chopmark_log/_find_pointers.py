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
_RARE, _RARE_IN = 8, 1000  # what is in more entries than 8, and than one in a thousand, is common
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
        self.times_whole = int(times[at][0])
        self.is_common = min(max(_RARE, size // _RARE_IN), _NEWEST // 2)
        weights = np.log((size + 1) / np.maximum(times, 1))
        weights[at] = np.inf
        self.entries = self._likeliest(weights)

    def like(self, entry: int, start: int, end: int) -> int:
        """Return in how many entries is what `entry` has between two places of the text, or half.

        It goes by fingerprints, and of entries that have one it knows the last 256.
        """
        inside = (self._grams.start >= start) & (self._grams.end <= end)
        sought = np.unique(self._words[inside])
        low, high = (np.searchsorted(self._sought, sought, side) for side in ("left", "right"))
        lengths = high - low
        nth = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        entries, counts = np.unique(
            self._entries[np.repeat(low, lengths) + nth], return_counts=True
        )
        mine = counts[entries == entry]
        return int((counts * 2 >= mine).sum()) if len(mine) else 1

    def _likeliest(self, weights: NDArray[np.float64]) -> list[int]:
        """Return the entries that share most with the text, the rare weighing more."""
        entries, which = np.unique(self._entries, return_inverse=True)
        scores = np.bincount(which, weights[self._sought], len(entries))
        order = np.lexsort((entries, scores))[::-1]  # of equals, the newest
        return [int(entry) for entry in entries[order[:LIKELIEST]]]
