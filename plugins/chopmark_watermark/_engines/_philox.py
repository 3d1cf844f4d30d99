"""Philox4x32-10 (Salmon et al. 2011, doi 10.1145/2063384.2063405), over arrays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
"""Unsigned 32-bit words, each in 64 bits so that a product does not overflow."""

MASK = np.uint64(0xFFFFFFFF)
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_HALF = np.uint64(32)


def philox(
    counter: tuple[Words, Words, Words, Words], key: tuple[Words, Words]
) -> tuple[Words, Words, Words, Words]:
    """Return the four words of each counter under each key; all arrays have one shape."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        one, other = c0 * _M0, c2 * _M1
        c0, c1, c2, c3 = (
            (other >> _HALF) ^ c1 ^ k0,
            other & MASK,
            (one >> _HALF) ^ c3 ^ k1,
            one & MASK,
        )
        k0, k1 = (k0 + _W0) & MASK, (k1 + _W1) & MASK
    return c0, c1, c2, c3


def words(value: int, n: int) -> tuple[Words, Words]:
    """Return the low and the high half of 64 bits, `n` times."""
    low, high = value & 0xFFFFFFFF, value >> 32
    return np.full(n, low, dtype=np.uint64), np.full(n, high, dtype=np.uint64)
