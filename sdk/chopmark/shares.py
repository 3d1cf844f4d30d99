"""The interval of a measured share: one number alone says too little."""

from __future__ import annotations

import math

Z = 1.959963984540054
"""The quantile of the normal distribution for intervals of 95 %."""


def wilson(hits: int, total: int) -> tuple[float, float]:
    """Return the bounds, 0..1, of the 95 % score interval (Wilson, JASA 22, 1927) of a share.

    Of no cases at all these are 0 and 1.
    """
    if not total:
        return 0.0, 1.0
    share, square = hits / total, Z * Z
    middle = (share + square / (2 * total)) / (1 + square / total)
    spread = math.sqrt(share * (1 - share) / total + square / (4 * total * total))
    half = Z / (1 + square / total) * spread
    return max(0.0, middle - half), min(1.0, middle + half)
