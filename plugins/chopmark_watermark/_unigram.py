"""`unigram`: one list of green words for all contexts, steered through an API's `logit_bias`.

Where a server takes no more than a bias for some tokens (OpenAI's chat completions, llama.cpp,
vLLM, mlx-lm), half of a list of content words is made likelier and the other half less likely (Zhao
et al. 2306.17439, over a list instead of the vocabulary). It survives edits best, costs some
quality, and is learnt by who collects enough texts: rotate the key, and use `gumbel` where a hook
can be had.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from itertools import zip_longest
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from chopmark import MarkError

from ._prf import Ids, Prf
from ._scores import Scores, first_of
from ._tokens import Tokenizer, Vocabulary

SCHEME = 0x31494E55
"""`UNI1`, little-endian."""
SHARE = 0.5
WORDS = 300
"""How many tokens have a bias; servers take 300 to 1,024."""
DELTA = 2


class GreenList(NamedTuple):
    """The tokens of the list, shape (n,), and which of them are green."""

    tokens: Ids
    green: npt.NDArray[np.bool_]

    def to_logit_bias(self, delta: int = DELTA) -> Mapping[str, int]:
        """Return what a request's `logit_bias` takes, all of it whole numbers."""
        return {
            str(token): delta if green else -delta
            for token, green in zip(self.tokens.tolist(), self.green.tolist(), strict=True)
        }


def green_list(key: bytes, words: Ids) -> GreenList:
    """Return `words`, shape (n,), with about half of them green by `key`, 16 bytes."""
    return GreenList(words, Prf(key, SCHEME).uniforms(0, 0, words) < SHARE)


def content_words(tokenizer: Tokenizer, most: int = WORDS) -> Ids:
    """Return the `most` commonest content words that are one token, shape (n,), rising.

    The words are those of `words.txt`, English with the space before them, and Chinese.

    Raises:
        MarkError: the tokenizer cannot list its tokens, or has too few such words.
    """
    known = _known_words(tokenizer)
    if len(known) < most:
        raise MarkError(
            f"the tokenizer has {len(known)} content words of one token, and {most} are asked for"
        )
    return np.sort(known[:most])


@lru_cache(maxsize=8)
def _known_words(tokenizer: Tokenizer) -> Ids:
    if not isinstance(tokenizer, Vocabulary):
        raise MarkError("this tokenizer cannot list its tokens; give a `tokenizer.json`")
    listed = resources.files(__package__).joinpath("words.txt").read_text("utf-8").split()
    english = [f" {word}" for word in listed if word.isascii()]
    chinese = [word for word in listed if not word.isascii()]
    # One of each in turn, so that a short list serves both languages.
    order = [word for pair in zip_longest(english, chinese) for word in pair if word]
    rank = {word: n for n, word in enumerate(order)}
    found = sorted((rank[text], token) for token, text in tokenizer.vocabulary() if text in rank)
    return np.array([token for _, token in found], dtype=np.uint32)


def score_unigram(words: Ids, key: bytes, ids: Ids, prompt: Ids | None = None) -> Scores:
    """Return 1 for each green word and 0 for others of the list, each word counted once.

    Args:
        words: shape (n,), the list.
        key: 16 bytes.
        ids: shape (m,), the tokens of the text.
        prompt: is not looked at: a word has no context here.
    """
    places = np.flatnonzero(np.isin(ids, words))
    at = places[first_of(ids[places].astype(np.uint64))]
    green = Prf(key, SCHEME).uniforms(0, 0, ids[at]) < SHARE
    return Scores(green.astype(np.float64), at, duplicates=len(places) - len(at))
