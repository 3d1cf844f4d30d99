"""Where the windows of a long text begin."""

from __future__ import annotations

from typing import NamedTuple


class Plan(NamedTuple):
    """The first token of every window, and how many tokens of the text are in one.

    `spread` says that there would be more of them than there may be.
    """

    starts: list[int]
    judged: int
    spread: bool = False


def plan(total: int, size: int, stride: int, most: int) -> Plan:
    """Return the windows of `size` tokens for a text of `total`.

    One begins every `stride` tokens, and the last ends with the text. Where that would be more
    than `most` windows, `most` of them are spread evenly from the first token to the last: they
    overlap less, and beyond `most * size` tokens they leave gaps.

    >>> plan(10, 4, 2, 100)
    Plan(starts=[0, 2, 4, 6], judged=10, spread=False)
    >>> plan(10, 4, 2, 3)
    Plan(starts=[0, 3, 6], judged=10, spread=True)
    >>> plan(10, 4, 2, 2)
    Plan(starts=[0, 6], judged=8, spread=True)
    """
    last = total - size
    if last <= 0:
        return Plan([0], total)
    spread = -(-last // stride) >= most
    if spread:
        starts = [number * last // (most - 1) for number in range(most)]
    else:
        starts = [*range(0, last, stride), last]
    return Plan(starts, min(total, most * size), spread)
