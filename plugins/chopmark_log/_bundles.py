"""A bundle: 256 leaves side by side, as C2SP tlog-tiles has them, and pressed.

Leaves of one log say much the same, so that a bundle has a seventh of their bytes, and reading it
costs less than reading as many rows.
"""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Sequence

from chopmark import LogError

_LENGTH = 2
_MOST = 256 * (_LENGTH + 65_535)
_LEVEL = 1
"""Twice the speed of the default level, for a tenth more bytes."""


def pack(leaves: Sequence[bytes]) -> bytes:
    """Return `leaves`, each behind its length in two bytes (big-endian), as a zlib stream."""
    return zlib.compress(
        b"".join(len(one).to_bytes(_LENGTH, "big") + one for one in leaves), _LEVEL
    )


def unpack(bundle: bytes) -> list[bytes]:
    """Return the leaves of a bundle.

    Raises:
        LogError: it is damaged.
    """
    try:
        stream = zlib.decompressobj()
        data = stream.decompress(bundle, _MOST)
    except zlib.error as error:
        raise LogError(f"a bundle of entries is damaged: {error}") from error
    leaves = []
    at, end = 0, len(data)
    with contextlib.suppress(IndexError):  # half a length, at the end
        while at < end:
            start = at + _LENGTH
            at = start + 256 * data[at] + data[at + 1]
            leaves.append(data[start:at])
    if at != end or not stream.eof or stream.unused_data:
        raise LogError("a bundle of entries is damaged: it does not end where it should")
    return leaves
