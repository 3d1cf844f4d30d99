"""Figures with 95 % bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Numbers = NDArray[Any]
Figure = Callable[[Numbers, Numbers], float]
SAMPLES = 500


def area(gold: Numbers, scores: Numbers) -> float:
    """Area under the ROC curve."""
    ones = int(gold.sum())
    zeros = len(gold) - ones
    if not ones or not zeros:
        return float("nan")
    ranks = rankdata(scores)
    return float((ranks[gold == 1].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def precision(gold: Numbers, scores: Numbers) -> float:
    """Area under the curve of precision over recall (average precision)."""
    order = np.argsort(-scores, kind="stable")
    hits = gold[order]
    if not hits.any():
        return float("nan")
    rank = np.arange(1, len(hits) + 1)
    return float((np.cumsum(hits) / rank)[hits == 1].mean())


def accuracy(gold: Numbers, said: Numbers) -> float:
    """Share of rows judged rightly."""
    return float((gold == said).mean())


def macro_f1(gold: Numbers, said: Numbers) -> float:
    """Mean of the F1 of the two classes."""
    parts = []
    for kind in (0, 1):
        hits = int(((gold == kind) & (said == kind)).sum())
        both = int((gold == kind).sum() + (said == kind).sum())
        parts.append(2 * hits / both if both else 0.0)
    return sum(parts) / 2


def share(_: Numbers, said: Numbers) -> float:
    """Share of rows that were flagged."""
    return float(said.mean())


def with_interval(figure: Figure, gold: Numbers, scores: Numbers, seed: int = 7) -> list[float]:
    """Give a figure and the ends of its interval."""
    dice = np.random.default_rng(seed)
    drawn = []
    for _ in range(SAMPLES):
        rows = dice.integers(0, len(gold), len(gold))
        drawn.append(figure(gold[rows], scores[rows]))
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return [round(float(number), 4) for number in (figure(gold, scores), low, high)]


def calibration_error(gold: Numbers, scores: Numbers, bins: int = 10) -> float:
    """Expected calibration error over bins of equal width."""
    places = np.minimum((scores * bins).astype(int), bins - 1)
    error = 0.0
    for place in range(bins):
        inside = places == place
        if inside.any():
            error += inside.mean() * abs(gold[inside].mean() - scores[inside].mean())
    return round(float(error), 4)
