"""Who is asked: the bundled models, and the floor that they must beat."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..train.calibrate import bars, mean, sigmoid
from ..train.heads import HEADS
from ..train.rows import Row
from ..train.runtime import Folder
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


def bundled(folder: Path, texts: Sequence[str]) -> Judge:
    """Ask a model folder."""
    guard = json.loads((folder / "guard.json").read_text("utf-8"))
    divisors = np.array([guard["temperature"][head] for head in HEADS], np.float32)
    scores = sigmoid(Folder(folder).logits(texts) / divisors)
    return Judge(name=folder.name, scores=scores, thresholds=guard["thresholds"])


def both(small: Judge, base: Judge, folder: Path) -> Judge:
    """Hear both models as a policy does: the larger one where the small one is unsure."""
    guards = [json.loads((folder / n / "guard.json").read_text("utf-8")) for n in ("small", "base")]
    unsure = np.array([guards[0]["unsure"][head] for head in HEADS])
    asked = (small.scores >= unsure).any(axis=1)
    scores = np.where(asked[:, None], mean(small.scores, base.scores), small.scores)
    return Judge(name="both", scores=scores, thresholds=guards[1]["mixed"]["thresholds"])


def floor(train: Sequence[Row], calibration: Sequence[Row], texts: Sequence[str]) -> Judge:
    """Fit the linear floor on the same rows, and ask it."""
    model = Floor(train)
    benign = [row for row in calibration if row.benign]
    quiet = model.scores([row.text for row in benign])
    return Judge(name="n-grams", scores=model.scores(texts), thresholds=bars(quiet, benign))
