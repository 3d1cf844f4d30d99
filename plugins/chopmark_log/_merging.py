"""Merges words that are in order, also those of files that no memory holds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ._winnow import Words

BLOCK = 1 << 20
"""Words that are looked at together: 8 MiB."""


def in_order(one: Words, other: Words, shift: int) -> Iterator[Words]:
    """Yield in order, a block at a time, the words of `one`, and those of `other` and `shift`."""
    sides = [(one, np.uint64(0)), (other, np.uint64(shift))]
    (long, plus), (short, more) = sorted(sides, key=lambda side: -len(side[0]))
    done = 0
    for at in range(0, len(long), BLOCK):
        mine = long[at : at + BLOCK] + plus
        upto = len(short)
        if at + BLOCK < len(long):
            upto = int(np.searchsorted(short, mine[-1] - more, "right")) if mine[-1] >= more else 0
        block = np.concatenate((mine, short[done:upto] + more))
        block.sort(kind="stable")  # two that are sorted: one pass
        done = upto
        yield block
