"""transformers' `WatermarkingConfig`, KGW with `lefthash`: its marks, and its test.

Contract: `WatermarkLogitsProcessor` and `WatermarkDetector` of transformers 5 with their defaults
(a quarter green, bias 2, key 15485863, context of one token). The green list is the head of
`torch.randperm`, seeded with the key times the token before; torch's CPU permutation is a
Fisher-Yates shuffle on its Mersenne Twister, so numpy's draws the same numbers: `check_peers.py`
compares them with the real ones.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

SHARE = 0.25
BIAS = 2.0
KEY = 15485863
PAIRS = np.uint64(32)


@lru_cache(maxsize=20_000)
def green_of(before: int, vocabulary: int, key: int = KEY) -> npt.NDArray[np.bool_]:
    """Return which tokens are green after token `before`, shape (vocabulary,)."""
    state = np.random.RandomState((key * before) & 0xFFFFFFFF)
    most = int(vocabulary * SHARE)
    drawn = state.randint(0, 2**32, most, dtype=np.uint32).astype(np.int64)
    places = (drawn % (vocabulary - np.arange(most)) + np.arange(most)).tolist()
    order = list(range(vocabulary))
    for n, place in enumerate(places):
        order[n], order[place] = order[place], order[n]
    green = np.zeros(vocabulary, dtype=np.bool_)
    green[order[:most]] = True
    return green


def greens(ids: npt.NDArray[np.integer], vocabulary: int, *, dedup: bool) -> tuple[int, int]:
    """Return how many of how many tokens are green; `dedup` counts each pair of tokens once."""
    pairs = list(zip(ids[:-1].tolist(), ids[1:].tolist(), strict=True))
    if dedup:
        pairs = list(dict.fromkeys(pairs))
    return sum(bool(green_of(a, vocabulary)[b]) for a, b in pairs), len(pairs)


def z_score(green: int, scored: int, share: float = SHARE) -> float:
    """Return the z-score, as the detector computes it."""
    if not scored:
        return 0.0
    return (green - share * scored) / math.sqrt(scored * share * (1 - share))
