"""Intervals of shares and of differences: what was measured is never one number alone."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Sequence
from typing import NamedTuple

Z = 1.959963984540054
"""The quantile of the normal distribution for intervals of 95 %."""


class Interval(NamedTuple):
    """What was measured, and where the truth is with 95 % confidence; None without a case."""

    value: float | None
    low: float | None
    high: float | None


NOTHING = Interval(None, None, None)


def wilson(hits: int, of: int) -> Interval:
    """Return the share of `hits` with the score interval (Wilson, JASA 1927, vol. 22)."""
    if not of:
        return NOTHING
    share, square = hits / of, Z * Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = Z / (1 + square / of) * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    return Interval(share, max(0.0, middle - half), min(1.0, middle + half))


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
