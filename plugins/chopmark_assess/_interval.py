"""Intervals of shares and of differences: what was measured is never one number alone."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Sequence
from typing import NamedTuple

from chopmark.shares import wilson


class Interval(NamedTuple):
    """What was measured, and where the truth is with 95 % confidence; None without a case."""

    value: float | None
    low: float | None
    high: float | None


NOTHING = Interval(None, None, None)


def share(hits: int, of: int) -> Interval:
    """Return the share of `hits` with its score interval."""
    return Interval(hits / of, *wilson(hits, of)) if of else NOTHING


def mean_difference(differences: Sequence[float], seed: int, rounds: int = 2000) -> Interval:
    """Return the mean of paired `differences` with a percentile interval of the bootstrap.

    Efron, Annals of Statistics 1979. The same seed gives the same interval.
    """
    if not differences:
        return NOTHING
    if len({*differences}) == 1:
        return Interval(differences[0], differences[0], differences[0])
    draw = random.Random(seed)
    size = len(differences)
    means = sorted(statistics.fmean(draw.choices(differences, k=size)) for _ in range(rounds))
    low, high = means[round(0.025 * rounds)], means[round(0.975 * rounds) - 1]
    return Interval(statistics.fmean(differences), low, high)


def paired(pairs: Sequence[tuple[bool, bool]]) -> Interval:
    """Return the difference of two shares of the same cases, with the interval for pairs.

    Newcombe, Statistics in Medicine 17 (1998) 2635-2650, method 10: from the two score intervals,
    and how the two agree. It has a width where nothing differs, too.
    """
    size = len(pairs)
    if not size:
        return NOTHING
    both = sum(one and other for one, other in pairs)
    only_one = sum(one and not other for one, other in pairs)
    only_other = sum(other and not one for one, other in pairs)
    one, other = (both + only_one) / size, (both + only_other) / size
    one_low, one_high = wilson(both + only_one, size)
    other_low, other_high = wilson(both + only_other, size)
    phi = _agreement(both, only_one, only_other, size - both - only_one - only_other)
    down, up = one - one_low, one_high - one
    other_down, other_up = other - other_low, other_high - other
    gap = one - other
    low = gap - math.sqrt(max(0.0, down**2 - 2 * phi * down * other_up + other_up**2))
    high = gap + math.sqrt(max(0.0, other_down**2 - 2 * phi * other_down * up + up**2))
    return Interval(gap, max(-1.0, low), min(1.0, high))


def _agreement(a: int, b: int, c: int, d: int) -> float:
    """Return the coefficient phi of a table of two by two, with the correction of the method."""
    square = (a + b) * (c + d) * (a + c) * (b + d)
    if not square:
        return 0.0
    cross = float(a * d - b * c)
    if cross > 0:
        cross = max(0.0, cross - (a + b + c + d) / 2)
    return cross / math.sqrt(square)
