"""The keyed uniform numbers that both sides of a mark compute: AES-128 of one block each.

A block is four unsigned 32-bit numbers, little-endian: two tokens of context, the token, and the
number of the scheme. AES is a pseudorandom permutation that processors have in hardware, so one who
sees texts and their verdicts learns nothing of the key, and a core does some 100 million a second.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

Ids = npt.NDArray[np.uint32]
Floats = npt.NDArray[np.float64]

BLOCK = 16
KEY_BYTES = 16


class Prf:
    """Uniform numbers in (0, 1) by blocks. One object serves one thread.

    Args:
        key: 16 bytes.
        scheme: what keeps the numbers of one scheme apart from those of another.
    """

    def __init__(self, key: bytes, scheme: int) -> None:
        # Each block stands alone: ECB is the bare permutation here, nothing is encrypted.
        cipher = Cipher(algorithms.AES(key), modes.ECB())
        self._encryptor = cipher.encryptor()
        self._scheme = scheme

    def uniforms(self, before: Ids | int, last: Ids | int, tokens: Ids) -> Floats:
        """Return u of each of `tokens`, shape (n,), in its context: `before`, then `last`.

        u is (x + 1/2) / 2^53, where x are the upper 53 bits of the first eight bytes, read as a
        little-endian number.
        """
        if not len(tokens):  # no view of nothing can be cast
            return np.zeros(0)
        blocks = np.empty((len(tokens), 4), dtype="<u4")
        blocks[:, 0] = before
        blocks[:, 1] = last
        blocks[:, 2] = tokens
        blocks[:, 3] = self._scheme
        out = bytearray(blocks.nbytes + BLOCK - 1)  # what `update_into` asks for
        self._encryptor.update_into(blocks.data.cast("B"), out)
        drawn = np.frombuffer(out, dtype="<u8", count=2 * len(tokens))[::2]
        uniform: Floats = ((drawn >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
        return uniform
