"""Exact upper tails of the two null distributions, as logarithms: a p-value may be 1e-400.

Text without a mark has a score that is Gamma(n, 1) or Binomial(n, share): no normal approximation,
which is wrong by an order of magnitude just where a verdict is made.
"""

from __future__ import annotations

import math

import numpy as np

_LN10 = math.log(10)


def log10_gamma_tail(n: int, total: float) -> float:
    """Return log10 of P(X >= total) for X ~ Gamma(n, 1), a sum of `n` standard exponentials.

    It is the Poisson sum over k < n of e^-total total^k / k!, summed from its largest term on.
    """
    if n <= 0 or total <= 0:
        return 0.0
    if total >= n:  # the terms fall from k = n - 1 downwards
        top = (n - 1) * math.log(total) - total - math.lgamma(n)
        falling = np.cumprod(np.arange(n - 1, 0, -1) / total)
        return min(0.0, (top + math.log1p(float(falling.sum()))) / _LN10)
    top = n * math.log(total) - total - math.lgamma(n + 1)  # the rest: k >= n, rising
    more = 100 + 40 * math.isqrt(n)
    falling = np.cumprod(total / np.arange(n + 1, n + 1 + more))
    below = math.exp(top + math.log1p(float(falling.sum())))
    return math.log1p(-min(below, 1.0)) / _LN10 if below < 1 else -math.inf


def log10_binomial_tail(n: int, hits: int, share: float) -> float:
    """Return log10 of P(X >= hits) for X ~ Binomial(n, share), 0 < share < 1."""
    if hits <= 0:
        return 0.0
    if hits > n:
        return -math.inf
    odds = share / (1 - share)
    if hits >= n * share:
        k = np.arange(hits, n)
        falling = np.cumprod((n - k) / (k + 1) * odds)
        return min(0.0, (_log_mass(n, hits, share) + math.log1p(float(falling.sum()))) / _LN10)
    k = np.arange(hits - 1, 0, -1)
    falling = np.cumprod(k / (n - k + 1) / odds)
    below = math.exp(_log_mass(n, hits - 1, share) + math.log1p(float(falling.sum())))
    return math.log1p(-min(below, 1.0)) / _LN10 if below < 1 else -math.inf


def _log_mass(n: int, k: int, share: float) -> float:
    ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return ways + k * math.log(share) + (n - k) * math.log1p(-share)
