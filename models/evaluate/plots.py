"""Pictures of a model's calibration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np

from ..train.heads import HEADS
from ..train.rows import Row
from .judges import Judge

mpl.use("svg")
import matplotlib.pyplot as plt

BINS = np.linspace(0, 1, 11)


def reliability(judge: Judge, rows: Sequence[Row], path: Path) -> None:
    """Draw for each head how often it is right at each score, on the rows that have its label."""
    mpl.rcParams["svg.hashsalt"] = "chopmark"
    figure, axes = plt.subplots(2, 4, figsize=(11, 5.6), sharex=True, sharey=True)
    for head, axis in zip(HEADS, axes.flat, strict=True):
        known = [n for n, row in enumerate(rows) if row.labels.get(head) in (0.0, 1.0)]
        gold = np.array([rows[n].labels[head] for n in known])
        scores = judge.said(head)[known]
        place = np.clip(np.digitize(scores, BINS) - 1, 0, len(BINS) - 2)
        points = [
            (scores[place == bin].mean(), gold[place == bin].mean(), (place == bin).sum())
            for bin in range(len(BINS) - 1)
            if (place == bin).sum() >= 10
        ]
        axis.plot([0, 1], [0, 1], color="#999999", linewidth=0.8)
        if points:
            x, y, count = zip(*points, strict=True)
            axis.plot(x, y, color="#1f5f8b")
            axis.scatter(x, y, s=[6 + 12 * np.log10(n) for n in count], color="#1f5f8b")
        axis.set_title(f"{head} ({len(known):,})", fontsize=9)
    figure.supxlabel("score", fontsize=9)
    figure.supylabel("share that is positive", fontsize=9)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
