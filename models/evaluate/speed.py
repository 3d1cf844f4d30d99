"""How long a model takes on one core, and what it weighs."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from ..train.runtime import Folder

TOKENS = (16, 32, 40, 64, 128)
TIMES = 200


def speed(path: Path) -> dict[str, Any]:
    """Give p50 and p99 of `session.run` in milliseconds by tokens, and the bytes of each file."""
    folder = Folder(path)
    dice = np.random.default_rng(1)
    found: dict[str, Any] = {"milliseconds": {}, "bytes": {}}
    for size in TOKENS:
        spent = []
        for _ in range(TIMES):
            feed = {
                "input_ids": dice.integers(4, 9000, (1, size)),
                "attention_mask": np.ones((1, size), np.int64),
            }
            started = time.perf_counter()
            folder.session.run(["logits"], feed)
            spent.append(1000 * (time.perf_counter() - started))
        p50, p99 = np.percentile(spent, [50, 99])
        found["milliseconds"][str(size)] = [round(float(p50), 3), round(float(p99), 3)]
    for file in ("model.onnx", "tokenizer.json"):
        found["bytes"][file] = (path / file).stat().st_size
    return found
