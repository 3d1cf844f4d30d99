"""Finds texts that are nearly the same, by the runs of characters that they share.

Two texts are near where the Jaccard coefficient of their sets of three-character runs reaches a
bound. The search is exact: of each text only the rarest runs are looked up, and so many that two
near texts must share one of them (prefix filtering; Chaudhuri et al., ICDE 2006).
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

RUN = 3


class Pair(NamedTuple):
    """The indices of two texts, the smaller first, and their Jaccard coefficient."""

    one: int
    other: int
    alike: float


def near(texts: Sequence[str], bound: float) -> list[Pair]:
    """Return the pairs of `texts` whose coefficient is at least `bound`, in (0, 1]."""
    sets = [_runs(text) for text in texts]
    common = Counter(run for runs in sets for run in runs)
    shelves: dict[str, list[int]] = {}
    pairs = []
    for index, runs in enumerate(sets):
        rarest = sorted(runs, key=lambda run: (common[run], run))
        # With fewer than bound * len shared, the coefficient cannot reach the bound.
        looked_up = rarest[: len(runs) - math.ceil(bound * len(runs)) + 1]
        seen: set[int] = set()
        for run in looked_up:
            seen.update(shelves.get(run, ()))
        for other in sorted(seen):
            shared = len(runs & sets[other])
            alike = shared / (len(runs) + len(sets[other]) - shared)
            if alike >= bound:
                pairs.append(Pair(other, index, alike))
        for run in looked_up:
            shelves.setdefault(run, []).append(index)
    return pairs


def _runs(text: str) -> frozenset[str]:
    folded = unicodedata.normalize("NFKC", text).casefold()
    kept = "".join(char for char in folded if char.isalnum()) or folded
    padded = f"\x02{kept}\x03"
    return frozenset(padded[i : i + RUN] for i in range(max(1, len(padded) - RUN + 1)))
