"""The schemes by name: how each scores a text, and what scores it has without a mark."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from chopmark import MarkError

from ._engines import ENGINES, Engine
from ._green import SHARE as GREEN_SHARE
from ._green import score_green
from ._gumbel import score_gumbel
from ._names import SCHEME_NAMES
from ._nulls import Coins, Exponential, Null
from ._prf import KEY_BYTES, Ids
from ._scores import Scores
from ._tokens import Tokenizer
from ._unigram import SHARE as UNIGRAM_SHARE
from ._unigram import WORDS, content_words, score_unigram

Score = Callable[[Any, Ids, "Ids | None"], Scores]


def _own_keys(derived: bytes) -> tuple[bytes]:
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
    keys: Callable[[bytes], tuple[Any, ...]] = _own_keys


_GUMBEL_RATES = {4.0: 0.48, 1.6: 0.135, 0.44: 0.022}
GUMBEL = Scheme("gumbel", score_gumbel, Exponential(), _GUMBEL_RATES)
GREEN = Scheme("green", score_green, Coins(GREEN_SHARE), {1.6: 0.1})
_UNIGRAM = Scheme("unigram", score_gumbel, Coins(UNIGRAM_SHARE), {4.0: 0.25, 1.6: 0.22})


def unigram(tokenizer: Tokenizer, most: int = WORDS) -> Scheme:
    """Return the scheme over the `most` commonest content words of `tokenizer`.

    Raises:
        MarkError: it has too few.
    """
    return replace(_UNIGRAM, score=partial(score_unigram, content_words(tokenizer, most)))


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
    if name in ENGINES:
        return _of_engine(ENGINES[name])
    raise MarkError(f"there is no scheme {name!r}; there are {', '.join(SCHEME_NAMES)}")


def _of_engine(engine: Engine) -> Scheme:
    return Scheme(engine.name, engine.score, engine.null, engine.rates, engine.keys)
