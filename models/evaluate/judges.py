"""Who is asked: the bundled models, and the floor that they must beat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..train.calibrate import bars
from ..train.heads import HEADS
from ..train.rows import Row
from ..train.scores import Calibrated
from .floor import Floor

Floats = NDArray[np.float32]
Thresholds = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """The scores of one judge, [rows, heads], NaN where it has no head; thresholds by preset."""

    name: str
    scores: Floats
    thresholds: Thresholds

    def said(self, head: str) -> Floats:
        """Give the scores of one head, or of the highest."""
        return (
            np.nanmax(self.scores, axis=1) if head == "any" else self.scores[:, HEADS.index(head)]
        )

    def fires(self, preset: str, head: str = "any") -> NDArray[np.bool_]:
        """Say of each row whether a head fires, or any of them; what it does not judge does not."""
        limits = np.array([self.thresholds[preset][name] for name in HEADS])
        hit = np.nan_to_num(self.scores) >= limits
        return np.asarray(hit.any(axis=1) if head == "any" else hit[:, HEADS.index(head)])


def bundled(model: Calibrated, name: str, texts: Sequence[str]) -> Judge:
    """Ask a finished model."""
    return Judge(name=name, scores=model.scores_of(texts), thresholds=model.thresholds)


def cascade(small: Judge, base: Judge, unsure: Floats) -> Judge:
    """Hear both models as of the clauses of an answer: the larger one where the small is unsure."""
    asked = (small.scores >= unsure).any(axis=1)
    scores = np.where(asked[:, None], base.scores, small.scores)
    return Judge(name="cascade", scores=scores, thresholds=base.thresholds)


def floor(train: Sequence[Row], calibration: Sequence[Row], texts: Sequence[str]) -> Judge:
    """Fit the linear floor on the same rows, and ask it."""
    model = Floor(train)
    benign = [row for row in calibration if row.benign]
    quiet = model.scores([row.text for row in benign])
    return Judge(name="n-grams", scores=model.scores(texts), thresholds=bars(quiet, benign))
