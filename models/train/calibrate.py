"""Temperature and thresholds, chosen on texts that were neither trained on nor examined."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from .corpus import Row
from .export import MAX_TOKENS
from .fit import HEADS
from .runtime import Folder

Floats = NDArray[np.float32]
PRESETS = {"strict": 0.02, "balanced": 0.005, "permissive": 0.001}
BENIGN = frozenset(
    {
        "kdconv",
        "self-instruct",
        "authored",
        "kdconv-clause",
        "self-instruct-clause",
    }
)


def sigmoid(logits: Floats) -> Floats:
    """Turn logits into probabilities."""
    return np.asarray(1 / (1 + np.exp(-logits)), np.float32)


def temperature(logits: Floats, labels: NDArray[np.float64]) -> float:
    """Find the divisor of the logits under which the labels are likeliest."""

    def loss(divisor: float) -> float:
        chance = np.clip(sigmoid(logits / divisor), 1e-6, 1 - 1e-6)
        return float(-np.mean(labels * np.log(chance) + (1 - labels) * np.log(1 - chance)))

    return float(minimize_scalar(loss, bounds=(0.3, 5.0), method="bounded").x)


def threshold(scores: Floats, rate: float) -> float:
    """Find the lowest score that at most `rate` of the benign texts reach."""
    ordered = np.sort(scores)[::-1]
    allowed = int(rate * len(ordered))
    return float(min(0.99, np.nextafter(ordered[allowed], np.float32(1))))


def is_benign(row: Row) -> bool:
    """Say whether a calibration row is one that must not fire."""
    return row.source in BENIGN and row.toxic == 0 and row.hate == 0


def is_short(row: Row) -> bool:
    """Say whether a row is a clause or one of the very short texts."""
    return row.source.endswith("-clause") or row.group.startswith("short")


def bars(scores: Floats, rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """Choose the thresholds of each preset on benign rows and their scores [rows, heads].

    A preset's rate holds among the short texts and among the others: the larger bar is taken, so
    that easy texts, of which there may be any number, cannot make room for hard ones.
    """
    short = np.array([is_short(row) for row in rows])
    return {
        preset: {
            # Never below one half: a text that is more likely benign than not is left alone.
            head: max(0.5, *(threshold(scores[part, n], rate) for part in (short, ~short)))
            for n, head in enumerate(HEADS)
        }
        for preset, rate in PRESETS.items()
    }


def calibrate(folder: Path, rows: Sequence[Row]) -> dict[str, object]:
    """Measure the folder's model on the calibration rows and write guard.json."""
    logits = Folder(folder).logits([row.text for row in rows])
    benign = np.array([is_benign(row) for row in rows])
    heads: dict[str, object] = {}
    divisors: dict[str, float] = {}
    for number, head in enumerate(HEADS):
        labels = [getattr(row, head) for row in rows]
        known = np.array([label is not None for label in labels])
        gold = np.array([float(label or 0.0) for label in labels])
        divisors[head] = round(temperature(logits[known, number], gold[known]), 4)
        heads[head] = {"label": head, "index": number, "activation": "sigmoid"}
    scores = sigmoid(logits / np.array([divisors[head] for head in HEADS], np.float32))
    chosen = bars(scores[benign], [row for row in rows if is_benign(row)])
    thresholds = {
        preset: {head: round(bar, 4) for head, bar in by_head.items()}
        for preset, by_head in chosen.items()
    }
    guard: dict[str, object] = {
        "heads": heads,
        "thresholds": thresholds,
        "temperature": divisors,
        "max_tokens": MAX_TOKENS,
        "stride": MAX_TOKENS // 2,
        "calibration": {"rows": len(rows), "benign": int(benign.sum())},
        "sha256": hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest(),
    }
    (folder / "guard.json").write_text(json.dumps(guard, indent=2) + "\n", encoding="utf-8")
    return guard
