"""The entries of a log that the fingerprints of a text point to, the likeliest first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ._segments import Hits, Segment
from ._winnow import Fingerprinter, Places

Weights = NDArray[np.float64]

LIKELIEST = 16
"""How many entries are pointed to."""
_DENSE = 1 << 14  # characters of which every gram is sought; of longer texts, chosen ones
_NEWEST = 512  # of the entries that have a fingerprint, these are looked at
_RARE, _RARE_IN = 8, 1000  # what is in more entries than 8, and than one in a thousand, is common


class Pointers:
    """What the index of a log says of a plain text."""

    def __init__(
        self, fingerprinter: Fingerprinter, segments: Sequence[Segment], text: str, size: int
    ) -> None:
        """Look into the segments of a log of `size` entries."""
        short = len(text) <= _DENSE
        grams = fingerprinter.grams(text) if short else fingerprinter.parts([text])
        whole = fingerprinter.wholes([text])
        sought = np.unique(np.concatenate((grams.words, whole)))
        hits = [segment.find(sought, _NEWEST) for segment in segments]
        times: Places = sum((one.times for one in hits), np.zeros(len(sought), np.int64))
        weights = np.log((size + 1) / np.maximum(times, 1))
        at = np.searchsorted(sought, whole)
        weights[at] = np.inf
        self.entries = _likeliest(hits, weights)
        self.times_whole = int(times[at][0])
        self._times = times[np.searchsorted(sought, grams.words)]
        self._grams = grams
        # How many characters before each place are in a part that is common.
        common = self._times > max(_RARE, size // _RARE_IN)
        edges = np.zeros(len(text) + 1, np.int64)
        np.add.at(edges, grams.start[common], 1)
        np.add.at(edges, grams.end[common], -1)
        self._common = np.append(0, np.cumsum(np.cumsum(edges[:-1]) > 0))

    def times(self, start: int, end: int) -> int:
        """Return in how many entries a fingerprint between two places of the text is: the median.

        It is 1 where none is known.
        """
        inside = (self._grams.start >= start) & (self._grams.end <= end) & (self._times > 0)
        return int(np.median(self._times[inside])) if inside.any() else 1

    def common(self, start: int, end: int) -> int:
        """Return how many characters between two places are in a part that is common."""
        return int(self._common[end] - self._common[start])


def _likeliest(hits: Sequence[Hits], weights: Weights) -> list[int]:
    """Return the entries that share most with the text, the rare weighing more."""
    none = np.zeros(0, np.int64)
    entries, mine = np.unique(
        np.concatenate([none, *(one.entry for one in hits)]), return_inverse=True
    )
    shared = np.concatenate([none, *(one.sought for one in hits)])
    scores = np.bincount(mine, weights[shared], len(entries))
    order = np.lexsort((entries, scores))[::-1]  # of equals, the newest
    return [int(entry) for entry in entries[order[:LIKELIEST]]]
