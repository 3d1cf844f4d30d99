"""`green`: a keyed quarter of the vocabulary is made likelier. For greedy answers alone.

Where the likeliest token is always taken there is no chance that a key could steer, so the logits
themselves are changed (Kirchenbauer et al. 2301.10226, with one hash a candidate in the place of a
permutation of the vocabulary). It costs some quality, which `gumbel` does not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ._draw import Logits
from ._prf import Ids, Prf
from ._sampling import MOST, likeliest
from ._scores import Scores, first_of

WIDTH = 1
SCHEME = 0x314E5247
"""`GRN1`, little-endian."""
SHARE = 0.25
DELTA = 2.0


class GreenDrawer:
    """Takes the likeliest token of an answer after green ones were favoured. One thread.

    Args:
        key: 16 bytes, from the ring.
        delta: what is added to the logits of green tokens, natural logarithm.
    """

    def __init__(self, key: bytes, delta: float = DELTA) -> None:
        self._prf = Prf(key, SCHEME)
        self._delta = delta

    def draw(self, logits: Logits, before: Sequence[int] | npt.NDArray[np.integer]) -> int:
        """Return the next token; see `Drawer`."""
        ids = likeliest(logits, MOST)
        favoured = logits[ids].astype(np.float64)
        if len(before) >= WIDTH:
            green = self._prf.uniforms(0, int(before[-1]), ids.astype(np.uint32)) < SHARE
            favoured[green] += self._delta
        return int(ids[np.argmax(favoured)])


def score_green(key: bytes, ids: Ids, prompt: Ids | None = None) -> Scores:
    """Return 1 for each green token and 0 for others, each pair of tokens counted once."""
    whole = ids if prompt is None else np.concatenate([prompt[-WIDTH:], ids]).astype(np.uint32)
    if len(whole) <= WIDTH:
        return Scores(np.zeros(0), np.zeros(0, dtype=np.int64), duplicates=0)
    last, tokens = whole[:-1], whole[1:]
    at = first_of((last.astype(np.uint64) << np.uint64(32)) | tokens)
    green = Prf(key, SCHEME).uniforms(0, last[at], tokens[at]) < SHARE
    shift = len(ids) - len(tokens)
    return Scores(green.astype(np.float64), at + shift, duplicates=len(tokens) - len(at))
