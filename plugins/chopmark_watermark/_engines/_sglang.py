"""SGLang's own mark: Gumbel sampling over MurmurHash3, with one key or two.

Contract: SGLang 0.5.23, sglang/srt/sampling/watermarking. A context is the last tokens of prompt
and answer; the first 4,096 contexts of an answer are marked.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .._prf import Floats, Ids
from .._scores import Scores
from ._context import Contexts, contexts_of

WIDTH = 4
MOST = 4096
MIXING = 0.5
Words = npt.NDArray[np.uint32]


def hash_contexts(contexts: Words) -> Words:
    """Return the hash of each context, shape (n, width)."""
    return _murmur([contexts[:, column] for column in range(contexts.shape[1])])


def hash_tokens(key: int, hashed: Words, tokens: Ids) -> Words:
    """Return the 32 bits of each token in its context, of which `hashed` is the hash."""
    n = len(tokens)
    return _murmur([*_halves(key, n), hashed, tokens.astype(np.uint32)])


def score_sglang(key: int, ids: Ids, prompt: Ids | None = None, width: int = WIDTH) -> Scores:
    """Return -ln(1 - u) of each token in a new context."""
    seen = contexts_of(ids, width, prompt, MOST)
    hashed = hash_contexts(seen.contexts)
    return _scores(seen, hash_tokens(key, hashed, seen.tokens))


def score_sglang_dual(
    keys: tuple[int, int],
    ids: Ids,
    prompt: Ids | None = None,
    width: int = WIDTH,
    mixing: float = MIXING,
) -> Scores:
    """Return -ln(1 - u) by the key that a coin of both keys chose for each context."""
    seen = contexts_of(ids, width, prompt, MOST)
    hashed = hash_contexts(seen.contexts)
    n = len(hashed)
    coin = _murmur([*_halves(keys[0], n), *_halves(keys[1], n), hashed])
    one, other = (hash_tokens(key, hashed, seen.tokens) for key in keys)
    return _scores(seen, np.where(coin < np.uint64(int(mixing * 2**32)), one, other))


def _scores(seen: Contexts, drawn: Words) -> Scores:
    uniform: Floats = (drawn.astype(np.float64) + 0.5) / 2**32
    return Scores(-np.log1p(-uniform), seen.places, seen.duplicates)


def _halves(key: int, n: int) -> tuple[Words, Words]:
    low, high = key & 0xFFFFFFFF, key >> 32
    return np.full(n, low, dtype=np.uint32), np.full(n, high, dtype=np.uint32)


def _murmur(columns: list[Words]) -> Words:
    """Return MurmurHash3 x86 32 of words, seed 0, shape (n,); numpy wraps as the hash wants."""
    state = np.zeros(len(columns[0]), dtype=np.uint32)
    for column in columns:
        value = column * np.uint32(0xCC9E2D51)
        value = _rotated(value, 15) * np.uint32(0x1B873593)
        state = _rotated(state ^ value, 13) * np.uint32(5) + np.uint32(0xE6546B64)
    state ^= np.uint32(4 * len(columns))
    state ^= state >> np.uint32(16)
    state *= np.uint32(0x85EBCA6B)
    state ^= state >> np.uint32(13)
    state *= np.uint32(0xC2B2AE35)
    state ^= state >> np.uint32(16)
    return state


def _rotated(value: Words, bits: int) -> Words:
    rotated: Words = (value << np.uint32(bits)) | (value >> np.uint32(32 - bits))
    return rotated
