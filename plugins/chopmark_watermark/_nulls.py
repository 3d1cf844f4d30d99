"""What the scores of a text without a mark are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ._prf import Floats
from ._tails import log10_binomial_tail, log10_halved_tail

Ints = npt.NDArray[np.int64]
_LEAST = 1e-6


class Null(Protocol):
    """The distribution of one score without a mark."""

    @property
    def mean(self) -> float:
        """Its mean."""
        ...

    def border(self, marked: float) -> float:
        """Return the score that is as likely without a mark as with one whose mean is `marked`."""
        ...

    def log10_tail(self, n: int, total: float, light: int = 0) -> float:
        """Return log10 of the probability that `n` scores make `total` or more.

        `light` of them count half, where the null knows such.
        """
        ...

    def least(self, n: Ints, totals: Floats, light: Ints) -> float:
        """Return the least such tail of many sums, shape (sums,), or one that is next to it."""
        ...


@dataclass(frozen=True, slots=True)
class Exponential:
    """Each score is Exp(1), so a sum of n is Gamma(n, 1)."""

    mean: float = 1.0

    def border(self, marked: float) -> float:
        """Return x with x (1 - 1/m) = ln m, for scores of mean m with a mark."""
        return math.log(marked) / (1 - 1 / marked) if marked > 1 else 1.0

    def log10_tail(self, n: int, total: float, light: int = 0) -> float:
        """Return log10 P(Gamma(n - light, 1) + Gamma(light, 1/2) >= total)."""
        return log10_halved_tail(n, light, total)

    def least(self, n: Ints, totals: Floats, light: Ints) -> float:
        """Return the tail of the sum that is the least likely by the saddlepoint of its tail.

        That is the s at which exp(-s x) / ((1 - s)^full (1 - s / 2)^light) is least, the root of a
        quadratic. It chooses; what is returned is exact.
        """
        full = n - light
        excess = np.maximum(totals - full - light / 2, 0.0)
        rest = 3 * totals - full - light
        root = np.sqrt(np.maximum(rest * rest - 8 * totals * excess, 0.0))
        s = np.minimum(4 * excess / np.maximum(rest + root, _LEAST), 1 - _LEAST)
        # Where all are light, the root is beyond 1.
        s = np.where(full > 0, s, 2 - light / np.maximum(totals, n / 2))
        one, half = np.maximum(1 - s, _LEAST), 1 - s / 2
        bound = s * totals + full * np.log(one) + light * np.log(half)
        spread = s * np.sqrt(2 * math.pi * (full / one**2 + light / (2 * half) ** 2))
        at = int(np.argmax(bound + np.log(np.maximum(spread, 1.0))))
        return self.log10_tail(int(n[at]), float(totals[at]), int(light[at]))


@dataclass(frozen=True, slots=True)
class Coins:
    """Each score counts the ones of `trials` coins, each 1 with probability `share`."""

    share: float
    trials: int = 1

    @property
    def mean(self) -> float:
        """How many ones a score has."""
        return self.share * self.trials

    def border(self, marked: float) -> float:
        """Return the number of ones at which a mark is as likely as none."""
        with_mark = min(max(marked / self.trials, self.share + 0.01), 0.99)
        ones = math.log(with_mark / self.share)
        others = math.log((1 - self.share) / (1 - with_mark))
        return self.trials * others / (ones + others)

    def log10_tail(self, n: int, total: float, light: int = 0) -> float:
        """Return log10 P(Binomial(n trials, share) >= total); all coins count alike."""
        return log10_binomial_tail(n * self.trials, round(total), self.share)

    def least(self, n: Ints, totals: Floats, light: Ints) -> float:
        """Return the least tail: of one size it is that of the largest sum."""
        return min(
            self.log10_tail(int(size), float(totals[n == size].max())) for size in np.unique(n)
        )
