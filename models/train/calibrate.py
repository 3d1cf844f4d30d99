"""Temperature, bias and thresholds, chosen on texts that were neither trained on nor measured on.

    python -m models.train.calibrate --data DATA

Writes guard.json of the finished models anew, in a minute or two; it needs no torch.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .heads import HEADS
from .mix import read
from .rows import Row
from .runtime import Folder

FOLDER = Path(__file__).parents[1] / "chopmark_models"
MODELS = ("small", "base")
log = logging.getLogger(__name__)
Floats = NDArray[np.float32]
# For each preset: on which share of the plain and of the hard benign texts any head may fire.
# What reaches `strict` is controversial, what reaches `balanced` unsafe.
PRESETS = {"strict": (0.02, 0.12), "balanced": (0.008, 0.07), "permissive": (0.0015, 0.015)}
# How many of the false alarms of what is unsafe a head may have beside another one. A request for
# help with a crime, with violence or with suicide does harm once it is answered; harsh words about
# groups and people are also what legitimate questions are about. What is controversial is divided
# equally: an audience of minors is kept from all of it.
EQUAL = dict.fromkeys(HEADS, 1)
SHARES = {
    "toxic": 2, "hate": 1, "sexual": 3, "violence": 3, "self_harm": 3, "illicit": 3, "fraud": 3,
    "injection": 2,
}  # fmt: skip
# Under one half a text is more likely harmless than not.
LEAST = {"strict": 0.2, "balanced": 0.5, "permissive": 0.7}
MOST = 0.99
MISSED = 0.05  # which share of the unsafe texts a larger model is not asked about, head by head


def sigmoid(logits: Floats) -> Floats:
    """Turn logits into probabilities."""
    return np.asarray(1 / (1 + np.exp(-logits)), np.float32)


def by_head(values: Mapping[str, float]) -> Floats:
    """Give the values in the order of the heads."""
    return np.array([values[head] for head in HEADS], np.float32)


def probabilities(logits: Floats, divisors: Floats, biases: Floats) -> Floats:
    """Turn logits [rows, heads] into calibrated probabilities."""
    return sigmoid(logits / divisors + biases)


def platt(logits: NDArray[np.floating], labels: NDArray[np.float64]) -> tuple[float, float]:
    """Find the divisor of the logits and what to add under which the labels are likeliest.

    Platt, Probabilistic outputs for support vector machines (1999).
    """
    from scipy.optimize import minimize  # all else here needs numpy alone

    def loss(at: NDArray[np.float64]) -> float:
        value = logits.astype(np.float64) / at[0] + at[1]
        return float(np.mean(np.logaddexp(0, value) - labels * value))

    found = minimize(loss, (1.0, 0.0), bounds=((0.3, 5.0), (-5.0, 5.0))).x
    return round(float(found[0]), 4), round(float(found[1]), 4)


def within(scores: Floats, share: float, shares: Mapping[str, int] = EQUAL) -> Floats:
    """Find the lowest bars, one a head, that at most `share` of the benign texts reach anywhere.

    `scores` is [rows, heads]. The heads fire on numbers of texts that are in the proportion of
    `shares`, the largest that keep all of them together within the share.
    """
    ordered = np.sort(scores, axis=0)[::-1]
    parts = np.array([shares[head] for head in HEADS])
    last = len(ordered) - 1

    def above(steps: int) -> Floats:
        return np.asarray(ordered[np.minimum(parts * steps, last), range(len(HEADS))])

    low, high = 0, last  # bars above the texts at step `low` are surely high enough
    while low < high:
        middle = (low + high + 1) // 2
        if (scores > above(middle)).any(axis=1).mean() <= share:
            low = middle
        else:
            high = middle - 1
    return np.asarray(np.nextafter(above(low), np.float32(1)), np.float32)


def is_hard(row: Row) -> bool:
    """Say whether a benign row was written to look like an unsafe one."""
    return row.source.startswith("corpus")


def bars(scores: Floats, rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """Choose the thresholds of each preset on benign rows and their scores [rows, heads].

    The larger bar of the two kinds is taken, so that easy texts, of which there may be any number,
    cannot make room for hard ones.
    """
    hard = np.array([is_hard(row) for row in rows])
    found = {}
    milder = np.zeros(len(HEADS), np.float32)
    for preset, (plain, sensitive) in PRESETS.items():
        shares = EQUAL if preset == "strict" else SHARES
        easy, twins = within(scores[~hard], plain, shares), within(scores[hard], sensitive, shares)
        # No preset is stricter anywhere than the one before it, whatever the shares.
        bar = np.clip(np.maximum(easy, twins), LEAST[preset], MOST)
        bar = milder = np.maximum(milder, bar)
        found[preset] = {head: round(float(bar[n]), 4) for n, head in enumerate(HEADS)}
    return found


def unsure(scores: Floats, rows: Sequence[Row], strict: Mapping[str, float]) -> dict[str, float]:
    """Choose the score of each head from which a larger model should be asked.

    All but a few of the unsafe texts reach it, and so does what is controversial.
    """
    found = {}
    for number, head in enumerate(HEADS):
        hit = np.array([row.labels.get(head) == 1 for row in rows])
        low = float(np.quantile(scores[hit, number], MISSED)) if hit.any() else 1.0
        found[head] = round(min(low, strict[head]), 4)
    return found


def calibrate(folder: Path, rows: Sequence[Row]) -> None:
    """Measure the folder's model on the calibration rows, and write guard.json."""
    model = Folder(folder)
    logits = model.logits([row.text for row in rows])
    heads: dict[str, object] = {}
    divisors: dict[str, float] = {}
    biases: dict[str, float] = {}
    for number, head in enumerate(HEADS):
        known = np.array([head in row.labels for row in rows])
        gold = np.array([row.labels.get(head, 0.0) for row in rows])
        divisors[head], biases[head] = platt(logits[known, number], gold[known])
        heads[head] = {"label": head, "index": number, "activation": "sigmoid"}
    scores = probabilities(logits, by_head(divisors), by_head(biases))
    benign = [number for number, row in enumerate(rows) if row.benign]
    thresholds = bars(scores[benign], [rows[number] for number in benign])
    guard: dict[str, object] = {
        "heads": heads,
        "thresholds": thresholds,
        "unsure": unsure(scores, rows, thresholds["strict"]),
        "temperature": divisors,
        "bias": biases,
        "max_tokens": model.limit,
        "stride": model.stride,
        "calibration": {
            "rows": len(rows),
            "benign": len(benign),
            "hard": sum(is_hard(rows[number]) for number in benign),
        },
        "sha256": hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest(),
    }
    (folder / "guard.json").write_text(json.dumps(guard, indent=2) + "\n", encoding="utf-8")
    log.info("%s: thresholds %s", folder.name, thresholds)


def calibrate_all(folder: Path, rows: Sequence[Row]) -> None:
    """Write guard.json of both models."""
    for name in MODELS:
        calibrate(folder / name, rows)


def main(given: Sequence[str] | None = None) -> None:
    """Calibrate the finished models."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        "models.train.calibrate", description=__doc__, formatter_class=form
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the labelled sets")
    parser.add_argument("--models", type=Path, default=FOLDER, help="folder of the model folders")
    options = parser.parse_args(given)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    calibrate_all(options.models, read(options.data).calibration)


if __name__ == "__main__":
    main()
