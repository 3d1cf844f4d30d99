"""The schemes by name: how each scores a text, and what scores it has without a mark."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from chopmark import MarkError

from ._green import SHARE, score_green
from ._gumbel import score_gumbel
from ._names import SCHEME_NAMES
from ._prf import KEY_BYTES, Ids
from ._scores import Scores
from ._tails import log10_binomial_tail, log10_gamma_tail
from ._tokens import Tokenizer
from ._unigram import SHARE as UNIGRAM_SHARE
from ._unigram import WORDS, content_words, score_unigram

Score = Callable[[bytes, Ids, "Ids | None"], Scores]


@dataclass(frozen=True, slots=True)
class Exponential:
    """Each score is Exp(1), so a sum of n is Gamma(n, 1)."""

    mean: float = 1.0

    def border(self, marked: float) -> float:
        """Return x with x (1 - 1/m) = ln m, for scores of mean m with a mark."""
        return math.log(marked) / (1 - 1 / marked) if marked > 1 else 1.0

    def log10_tail(self, n: int, total: float) -> float:
        """Return log10 P(Gamma(n, 1) >= total)."""
        return log10_gamma_tail(n, total)


@dataclass(frozen=True, slots=True)
class Coin:
    """Each score is 1 with probability `mean`, else 0, so a sum of n is binomial."""

    mean: float

    def border(self, marked: float) -> float:
        """Return the share of ones at which a mark is as likely as none."""
        with_mark = min(max(marked, self.mean + 0.01), 0.99)
        ones = math.log(with_mark / self.mean)
        others = math.log((1 - self.mean) / (1 - with_mark))
        return others / (ones + others)

    def log10_tail(self, n: int, total: float) -> float:
        """Return log10 P(Binomial(n, mean) >= total)."""
        return log10_binomial_tail(n, round(total), self.mean)


@dataclass(frozen=True, slots=True)
class Scheme:
    """One scheme.

    Args:
        name: what policies, rings and records call it.
        score: of a key of 16 bytes, the tokens of a text, and those of its prompt or None.
        null: the scores of a text without a mark.
        rates: how fast evidence grows: log10 of the p-value for a token, by the bits of chance
            (mean Shannon entropy of the sampling distribution) a token; measured, see the docs.
    """

    name: str
    score: Score
    null: Exponential | Coin
    rates: Mapping[float, float]

    def key(self, derived: bytes) -> bytes:
        """Return the key of the scheme, of the 32 bytes that the ring derives."""
        return derived[:KEY_BYTES]


_UNIGRAM_RATES = {4.0: 0.08, 1.6: 0.05}

GUMBEL = Scheme("gumbel", score_gumbel, Exponential(), {4.0: 0.36, 1.6: 0.128, 0.44: 0.024})
GREEN = Scheme("green", score_green, Coin(SHARE), {1.6: 0.072, 0.44: 0.03})


def unigram(tokenizer: Tokenizer, most: int = WORDS) -> Scheme:
    """Return the scheme over the `most` commonest content words of `tokenizer`.

    Raises:
        MarkError: it has too few.
    """
    words = content_words(tokenizer, most)
    return Scheme("unigram", partial(score_unigram, words), Coin(UNIGRAM_SHARE), _UNIGRAM_RATES)


def scheme_of(name: str, tokenizer: Tokenizer, words: int = WORDS) -> Scheme:
    """Return the scheme `name`.

    Raises:
        MarkError: there is none of that name.
    """
    if name == "gumbel":
        return GUMBEL
    if name == "green":
        return GREEN
    if name == "unigram":
        return unigram(tokenizer, words)
    raise MarkError(f"there is no scheme {name!r}; there are {', '.join(SCHEME_NAMES)}")
