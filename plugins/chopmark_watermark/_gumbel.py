"""`gumbel`: each token is drawn by keyed uniform numbers, so the text is as it would have been.

Of the candidates the one with the largest log p + Gumbel noise is drawn, where the noise of each
comes from the key, the two tokens before, and the token itself (Aaronson 2022; Kuditipudi et al.
2307.15593 for the proof that one drawing is free of distortion). Who has the key sees that the
tokens have numbers near 1. A context that came before in an answer is drawn by chance: else the
same two words would always be followed by the same third.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ._draw import Logits
from ._prf import Floats, Ids, Prf
from ._sampling import Sampling, candidates
from ._scores import Scores, first_of

WIDTH = 2
"""How many tokens are a context. Engines take 4: a token that is changed then costs five."""
SCHEME = 0x314D4247
"""`GBM1`, little-endian: the last number of a block."""
COMMON = 300
"""Tokens below count half in a search. Tokenizers learn the commonest first, and where one of them
stands there was often no other choice, so that its number says less of a key."""


class GumbelDrawer:
    """Draws the tokens of one answer. Not shared by threads.

    Args:
        key: 16 bytes, from the ring.
        sampling: what the model's sampler would have been told.
    """

    def __init__(self, key: bytes, sampling: Sampling) -> None:
        self._prf = Prf(key, SCHEME)
        self._sampling = sampling
        self._seen: set[tuple[int, int]] = set()
        self._chance = np.random.default_rng(secrets.randbits(128))

    def draw(self, logits: Logits, before: Sequence[int] | npt.NDArray[np.integer]) -> int:
        """Return the next token; see `Drawer`.

        Raises:
            MarkError: no logit is finite.
        """
        ids, logp = candidates(logits, self._sampling)
        return int(ids[np.argmax(logp - np.log(-np.log(self._uniforms(ids, before))))])

    def _uniforms(self, ids: Ids, before: Sequence[int] | npt.NDArray[np.integer]) -> Floats:
        if len(before) >= WIDTH:
            context = int(before[-2]), int(before[-1])
            if context not in self._seen:
                self._seen.add(context)
                return self._prf.uniforms(context[0], context[1], ids)
        # No u is 0: its logarithm is taken twice.
        return np.maximum(self._chance.random(len(ids)), 2.0**-54)


def score_gumbel(key: bytes, ids: Ids, prompt: Ids | None = None) -> Scores:
    """Return the scores -ln(1 - u) of the tokens whose context is new: Exp(1) each without a mark.

    Args:
        key: 16 bytes.
        ids: shape (n,), the tokens of the text.
        prompt: the tokens before them, where they are known.
    """
    whole = ids if prompt is None else np.concatenate([prompt[-WIDTH:], ids]).astype(np.uint32)
    if len(whole) <= WIDTH:
        return Scores(np.zeros(0), np.zeros(0, dtype=np.int64), duplicates=0)
    before, last, tokens = whole[:-2], whole[1:-1], whole[2:]
    at = first_of((before.astype(np.uint64) << np.uint64(32)) | last)
    uniform = Prf(key, SCHEME).uniforms(before[at], last[at], tokens[at])
    shift = len(ids) - len(tokens)  # of a token in the text against the rows here
    return Scores(-np.log1p(-uniform), at + shift, len(tokens) - len(at), light=tokens[at] < COMMON)
