"""The schemes by name: chopmark's own, and those of the engines."""

from __future__ import annotations

from functools import partial

from chopmark import MarkError

from ._engines import ENGINES
from ._green import SHARE as GREEN_SHARE
from ._green import score_green
from ._gumbel import score_gumbel
from ._names import SCHEME_NAMES
from ._nulls import Coins, Exponential
from ._scheme import Scheme
from ._tokens import Tokenizer
from ._unigram import SHARE as UNIGRAM_SHARE
from ._unigram import WORDS, content_words, score_unigram

GUMBEL = Scheme("gumbel", score_gumbel, Exponential(), {4.0: 0.49, 1.6: 0.14, 0.44: 0.023})
GREEN = Scheme("green", score_green, Coins(GREEN_SHARE), {1.6: 0.1})


def unigram(tokenizer: Tokenizer, most: int = WORDS) -> Scheme:
    """Return the scheme over the `most` commonest content words of `tokenizer`.

    Raises:
        MarkError: it has too few.
    """
    score = partial(score_unigram, content_words(tokenizer, most))
    return Scheme("unigram", score, Coins(UNIGRAM_SHARE), {4.0: 0.25, 1.6: 0.22})


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
        return ENGINES[name].scheme
    raise MarkError(f"there is no scheme {name!r}; there are {', '.join(SCHEME_NAMES)}")
