"""The scores of the tokens of one text under one key: what tests are made on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ._prf import Floats

Places = npt.NDArray[np.int64]


class Scores(NamedTuple):
    """`values`, shape (n,), of the tokens at `places` in the text, rising.

    `duplicates` others were left out. `light`, shape (n,), names those that count half; None is
    none.

    A context that comes again has the same numbers again, so it says nothing new. To count it
    twice is what makes common detectors cry wolf on boilerplate and code.
    """

    values: Floats
    places: Places
    duplicates: int
    light: npt.NDArray[np.bool_] | None = None

    @property
    def counted(self) -> Floats:
        """What each score adds to a sum, shape (n,)."""
        return self.values if self.light is None else self.values * self.weights

    @property
    def weights(self) -> Floats:
        """How much each score counts, shape (n,): 1, or one half."""
        return np.ones(len(self.values)) if self.light is None else 1 - self.light / 2

    def without(self, ignored: npt.NDArray[np.bool_]) -> Scores:
        """Return the scores of those tokens that `ignored`, shape (tokens,), does not name."""
        return self._at(~ignored[self.places])

    def part(self, start: int, end: int) -> Scores:
        """Return the scores from `start` to `end`."""
        return self._at(slice(start, end))

    def _at(self, which: npt.NDArray[np.bool_] | slice) -> Scores:
        light = None if self.light is None else self.light[which]
        return Scores(self.values[which], self.places[which], self.duplicates, light)


def first_of(keys: npt.NDArray[np.uint64]) -> Places:
    """Return where each distinct key comes first, rising."""
    if len(keys) < _FEW:
        return _sorted_first(keys)
    # Each key owns a slot of a table, the first one that falls there; sorting takes thrice as long.
    bits = int(len(keys) * 4).bit_length()
    slots = (keys * _GOLDEN) >> np.uint64(64 - bits)
    places = np.arange(len(keys), dtype=np.int64)
    table = np.empty(1 << bits, dtype=np.int64)
    table[slots[::-1]] = places[::-1]  # of several writes to one slot the last one stays
    owners = table[slots]
    at: Places = places[owners == places]
    homeless = places[keys[owners] != keys]
    if not len(homeless):
        return at
    rest = homeless[_sorted_first(keys[homeless])]
    return np.sort(np.concatenate([at, rest]))


def _sorted_first(keys: npt.NDArray[np.uint64]) -> Places:
    _, at = np.unique(keys, return_index=True)
    return np.sort(at).astype(np.int64)


_FEW = 4096
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
