"""The teacher: e5 fine-tuned on the same rows. It is not shipped; its opinions are.

Soft labels say how doubtful a row is, which a third of the machine-labelled rows are.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from .corpus import Row, fraction
from .e5 import Encoder, Weights
from .fit import HEADS, Targets, fit, score, targets, tokens
from .vocabulary import Cut

LIMIT = 64
DEPTH = 6
log = logging.getLogger(__name__)


def soft_labels(
    weights: Weights, cut: Cut, rows: Sequence[Row], *, work: Path, seconds: float, seed: int
) -> NDArray[np.float32]:
    """Fine-tune the encoder for about `seconds` and give its probabilities for all rows.

    They are kept in `work` and used again. A text that was written since has no soft label, but
    NaN, and is learned by its own label alone; delete the file to teach anew.
    """
    kept = work / "soft.npz"
    texts = np.array([int(fraction(row.text) * 2**32) for row in rows], dtype=np.int64)
    if kept.exists():
        found = np.load(kept)
        known = dict(zip(found["texts"].tolist(), found["soft"], strict=True))
        nothing = np.full(len(HEADS), np.nan, np.float32)
        soft = np.stack([known.get(text, nothing) for text in texts.tolist()])
        log.info("kept soft labels for %d of %d rows", (~np.isnan(soft[:, 0])).sum(), len(rows))
        return soft
    model = Encoder(weights, cut.rows, len(HEADS), DEPTH)
    ids = tokens(cut.tokenizer, [row.text for row in rows], LIMIT)
    goal = targets(rows)
    chosen = sample(rows)
    log.info("teacher: %d of %d rows", len(chosen), len(rows))
    part = Targets(wanted=goal.wanted[chosen], weight=goal.weight[chosen])
    fit(
        model,
        lambda _: ([ids[number] for number in chosen], part),
        epochs=1,
        rate=6e-5,
        budget=1024,
        seed=seed,
        half=True,
        seconds=seconds,
    )
    torch.save(model.state_dict(), work / "teacher.pt")
    soft = score(model, ids, half=True)
    np.savez(kept, texts=texts, soft=soft)
    return soft


def sample(rows: Sequence[Row]) -> list[int]:
    """Pick rows for a short course: all of the rare sets, a part of the large ones."""
    share = {"cold": 0.6, "kdconv": 0.5, "diasafety": 0.5, "presidio": 0.5, "self-instruct": 0.6}
    return [
        number
        for number, row in enumerate(rows)
        if fraction("teacher" + row.text) < share.get(row.source, 1.0)
    ]
