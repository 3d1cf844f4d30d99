"""Exact upper tails of the two null distributions, as logarithms: a p-value may be 1e-400.

Text without a mark has a score that is Gamma(n, 1) or Binomial(n, share): no normal approximation,
which is wrong by an order of magnitude just where a verdict is made.
"""

from __future__ import annotations

import math

import numpy as np

_LN10 = math.log(10)
_NOTHING = 1e-200
_SHORT = 600


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


def log10_halved_tail(n: int, light: int, total: float) -> float:
    """Return log10 of P(X >= total) for `n` standard exponentials, `light` of which count half.

    Twice X is Gamma(light, 1) and a Gamma(n - light, 2), and that is Gamma(n - light + K, 1), where
    K, the geometric part of each of its exponentials, is negative binomial. So the tail is that of
    Gamma(n + k, 1) for every k, weighed by how likely it is; all terms are positive.
    """
    full, twice = n - light, 2 * total
    if not light:
        return log10_gamma_tail(n, total)
    if not full:
        return log10_gamma_tail(n, twice)
    if total < _NOTHING:
        return 0.0
    # Behind these k the tails are 1 and their weights fall: what is left out is no digit.
    k = np.arange(1, int(max(twice - n, full) + 60 + 12 * math.sqrt(max(twice, n))))
    weights = (k + full - 1) / (2 * k)
    # The tail of Gamma(n + k, 1) is that of Gamma(n + k - 1, 1) and one term of Poisson more.
    more = twice / (n + k - 1)
    top = n * math.log(twice) - twice - math.lgamma(n + 1)
    if n <= twice < _SHORT:  # no number overflows, and a search of many keys takes half of the time
        more[0] = 1.0
        first = (1 + float(np.cumprod(np.arange(n - 1, 0, -1) / twice).sum())) * n / twice
        tails = first + np.cumsum(np.cumprod(more))
        top += math.log(first + float(np.cumprod(weights) @ tails))
    else:
        more = np.log(more)
        more[0] = top
        first = log10_gamma_tail(n, twice) * _LN10
        tails = np.logaddexp.accumulate(np.concatenate([[first], np.cumsum(more)]))
        terms = np.concatenate([[0.0], np.cumsum(np.log(weights))]) + tails
        top = float(terms.max())
        top += math.log(float(np.exp(terms - top).sum()))
    return min(0.0, (top - full * math.log(2)) / _LN10)


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
