"""vLLM's own marks: `gumbel`, `dual_key_gumbel` and `synthid` over Philox, and `sbw`.

Contract: vLLM 0.32 to main, `philox4x32-10-v1` (vllm/v1/watermarking). A context is the last tokens
of the answer; vLLM pads the first ones with -1, which all answers share, so they are left out.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from .._prf import Floats, Ids
from .._scores import Scores, first_of
from ._context import contexts_of
from ._philox import MASK, Words, philox, words

WIDTH = 4
DEPTH = 32
GAMMA = 0.5
_CONTEXT, _TOKEN = np.uint64(0x574D4358), np.uint64(0x574D544B)
_INT31 = 0x7FFFFFFF


def vllm_words(key: int, contexts: npt.NDArray[np.uint32], tokens: Ids) -> Words:
    """Return the 32 bits of each token in its context.

    Args:
        key: 64 bits.
        contexts: shape (n, width).
        tokens: shape (n,).
    """
    n, width = contexts.shape
    low, high = words(key, n)
    state = (
        np.full(n, _CONTEXT),
        np.full(n, width, dtype=np.uint64),
        np.zeros(n, dtype=np.uint64),
        np.zeros(n, dtype=np.uint64),
    )
    for offset in range(0, width, 4):
        block = [
            contexts[:, offset + i].astype(np.uint64)
            if offset + i < width
            else np.full(n, 0xFFFFFFFF - i, dtype=np.uint64)
            for i in range(4)
        ]
        mixed = (state[0] ^ block[0], state[1] ^ block[1], state[2] ^ block[2], state[3] ^ block[3])
        state = philox(mixed, (low ^ np.uint64(offset), high))
    wide = tokens.astype(np.uint64)
    drawn = philox((wide >> np.uint64(2), *state[:3]), (low ^ state[3], high ^ _TOKEN))
    return _of_four(drawn, wide)


def score_vllm_gumbel(key: int, ids: Ids, prompt: Ids | None = None, width: int = WIDTH) -> Scores:
    """Return -ln(1 - u) of each token in a new context."""
    seen = contexts_of(ids, width, None)
    drawn = vllm_words(key, seen.contexts, seen.tokens) >> np.uint64(8)
    # vLLM rounds to single precision, by which neighbours stay apart.
    uniform = ((drawn.astype(np.float64) + 1.0) / (2**24 + 1)).astype(np.float32)
    return Scores(-np.log1p(-uniform.astype(np.float64)), seen.places, seen.duplicates)


def score_vllm_synthid(
    key: int, ids: Ids, prompt: Ids | None = None, width: int = WIDTH, depth: int = DEPTH
) -> Scores:
    """Return how many of the lower `depth` bits of each token in a new context are 1."""
    seen = contexts_of(ids, width, None)
    drawn = vllm_words(key, seen.contexts, seen.tokens)
    ones = np.zeros(len(drawn), dtype=np.float64)
    for bit in range(depth):
        ones += (drawn >> np.uint64(bit)) & np.uint64(1)
    return Scores(ones, seen.places, seen.duplicates)


def dual_keys(key: int) -> tuple[int, int]:
    """Return key A, which draws most tokens, and key B of `dual_key_gumbel`."""
    return _derived(key, b"key_a"), _derived(key, b"key_b")


def score_vllm_sbw(
    key: int, ids: Ids, prompt: Ids | None = None, width: int = WIDTH, gamma: float = GAMMA
) -> Scores:
    """Return 1 for each green token, 0 for others: `sbw` with `selfhash`, its default.

    A seed is the least of some products, so a token has the same one in many contexts: each pair
    counts once. Not read is `lefthash`: there vLLM's sampler and its detector disagree on the hash
    of a context.
    """
    seen = contexts_of(ids, width, None, with_token=True)
    seeds = sbw_seeds(key, seen.contexts, seen.tokens)
    fresh = first_of(seeds * np.uint64(0x9E3779B97F4A7C15) ^ seen.tokens)
    green = sbw_green(seeds[fresh], seen.tokens[fresh], gamma)
    again = len(seen.places) - len(fresh)
    return Scores(green, seen.places[fresh], seen.duplicates + again)


def sbw_seeds(key: int, contexts: npt.NDArray[np.uint32], tokens: Ids) -> Words:
    """Return the 64-bit seed of each token, shape (n,), in its context, shape (n, width).

    The first token of a context is not looked at: the token itself stands in its place.
    """
    wide = np.int64(key)
    token = _jenkins(tokens)
    with np.errstate(over="ignore"):
        seeds = wide * token * token
        for column in range(1, contexts.shape[1]):
            seeds = np.minimum(seeds, wide * _jenkins(contexts[:, column]) * token)
    bits: Words = seeds.astype(np.uint64)
    return bits


def sbw_green(seeds: Words, tokens: Ids, gamma: float) -> Floats:
    """Return 1 for each token that its seed makes green, a share of `gamma`."""
    nothing = np.zeros(len(tokens), dtype=np.uint64)
    numbers = tokens.astype(np.uint64)
    drawn = philox(
        (numbers >> np.uint64(2), nothing, nothing, nothing),
        (seeds & MASK, seeds >> np.uint64(32)),
    )
    least = np.uint64(int(gamma * _INT31))
    green: Floats = ((_of_four(drawn, numbers) & np.uint64(_INT31)) < least).astype(np.float64)
    return green


def _jenkins(ids: Ids) -> npt.NDArray[np.int64]:
    """Return Bob Jenkins' integer hash in 32 bits, signed."""
    with np.errstate(over="ignore"):
        i = (ids.astype(np.int64) + 1).astype(np.int32)
        i = i - (i << 6)
        i = i ^ (i >> 17)
        i = i - (i << 9)
        i = i ^ (i << 4)
        i = i - (i << 3)
        i = i ^ (i << 10)
        i = i ^ (i >> 15)
    return i.astype(np.int64)


def _of_four(drawn: tuple[Words, Words, Words, Words], tokens: Words) -> Words:
    """Return the word of each token: four neighbours share one run of Philox."""
    which = tokens & np.uint64(3)
    chosen = drawn[3]
    for index in range(3):
        chosen = np.where(which == index, drawn[index], chosen)
    return chosen


def _derived(key: int, domain: bytes) -> int:
    return int.from_bytes(hashlib.sha256(domain + key.to_bytes(8, "big")).digest()[:8], "big")
