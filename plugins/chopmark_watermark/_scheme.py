"""What a scheme is: how it scores a text, and what scores a text has without a mark."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ._nulls import Null
from ._prf import KEY_BYTES, Ids
from ._scores import Scores

Score = Callable[[Any, Ids, "Ids | None"], Scores]


def own_keys(derived: bytes) -> tuple[bytes]:
    """Return the one key of chopmark's own schemes, of the 32 bytes that the ring derives."""
    return (derived[:KEY_BYTES],)


@dataclass(frozen=True, slots=True)
class Scheme:
    """One scheme.

    Args:
        name: what policies, rings and records call it.
        score: of a key, the tokens of a text, and those of its prompt or None.
        null: the scores of a text without a mark.
        rates: how fast evidence grows: log10 of the p-value for a score, by the bits of chance
            (mean Shannon entropy of the sampling distribution) a token; medians that were measured
            by `bench/watermark/rates.py`. For greedy answers the chance at temperature 0.7 counts;
            `unigram` scores listed words alone, of which a text has few.
        keys: the keys of the scheme, of the 32 bytes that the ring derives; each is a test.
    """

    name: str
    score: Score
    null: Null
    rates: Mapping[float, float]
    keys: Callable[[bytes], tuple[Any, ...]] = own_keys
