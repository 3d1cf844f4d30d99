"""What the scores of a text without a mark are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from ._tails import log10_binomial_tail, log10_gamma_tail


class Null(Protocol):
    """The distribution of one score without a mark."""

    @property
    def mean(self) -> float:
        """Its mean."""
        ...

    def border(self, marked: float) -> float:
        """Return the score that is as likely without a mark as with one whose mean is `marked`."""
        ...

    def log10_tail(self, n: int, total: float) -> float:
        """Return log10 of the probability that `n` scores make `total` or more."""
        ...


@dataclass(frozen=True, slots=True)
class Exponential:
    """Each score is Exp(1), so a sum of n is Gamma(n, 1)."""

    mean: float = 1.0

    def border(self, marked: float) -> float:
        """Return x with x (1 - 1/m) = ln m, for scores of mean m with a mark."""
        return math.log(marked) / (1 - 1 / marked) if marked > 1 else 1.0

    def log10_tail(self, n: int, total: float) -> float:
        """Return log10 P(Gamma(n, 1) >= total)."""
        return log10_gamma_tail(n, total)


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

    def log10_tail(self, n: int, total: float) -> float:
        """Return log10 P(Binomial(n trials, share) >= total)."""
        return log10_binomial_tail(n * self.trials, round(total), self.share)
