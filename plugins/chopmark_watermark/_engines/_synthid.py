"""SynthID-Text, as transformers and DeepMind's reference implement it.

Contract: `SynthIDTextWatermarkLogitsProcessor` of transformers 5 (Dathathri et al., Nature 2024).
For each of some thirty keys a token has a bit, by a linear congruential hash and a table; marked
text has more ones. The table is torch's, drawn on a CPU; on other devices it is another one,
which this cannot know.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from .._prf import Ids
from .._scores import Scores, first_of
from ._context import contexts_of

NGRAM = 5
DEPTH = 30
TABLE_SIZE = 2**16
TABLE_SEED = 0
_MULTIPLIER = np.uint64(6364136223846793005)
_INCREMENT = np.uint64(1)


def score_synthid(
    keys: Sequence[int],
    ids: Ids,
    prompt: Ids | None = None,
    ngram: int = NGRAM,
    table_size: int = TABLE_SIZE,
    table_seed: int = TABLE_SEED,
) -> Scores:
    """Return how many bits of each token in a new context are 1, from 0 to the number of keys."""
    seen = contexts_of(ids, ngram - 1, prompt)
    hashed = np.ones(len(seen.tokens), dtype=np.uint64)
    for column in range(ngram - 1):
        hashed = _step(hashed, seen.contexts[:, column].astype(np.uint64))
    hashed = _step(hashed, seen.tokens.astype(np.uint64))
    # Two tokens that meet in the table have all bits in common, so the second says nothing new.
    fresh = first_of(hashed % np.uint64(table_size))
    hashed = hashed[fresh]
    table = _table(table_size, table_seed)
    ones = np.zeros(len(hashed), dtype=np.float64)
    for key in keys:
        # torch's remainder of a negative number is that of its 64 bits where the size divides 2^64.
        at = _step(hashed, np.uint64(key)).astype(np.int64) % table_size
        ones += table[at]
    again = len(seen.places) - len(fresh)
    return Scores(ones, seen.places[fresh], seen.duplicates + again)


def _step(
    state: npt.NDArray[np.uint64], data: npt.NDArray[np.uint64] | np.uint64
) -> npt.NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        stepped: npt.NDArray[np.uint64] = (state + data) * _MULTIPLIER + _INCREMENT
    return stepped


@lru_cache(maxsize=4)
def _table(size: int, seed: int) -> npt.NDArray[np.uint8]:
    """Return what `torch.randint(0, 2, (size,))` draws on a CPU: bits of a Mersenne Twister."""
    drawn = np.random.RandomState(seed).randint(0, 2**32, size, dtype=np.uint32)
    return (drawn & 1).astype(np.uint8)
