"""How long a model takes on one core, and what it weighs.

A text that is longer than the model's window is judged in several; their times are added.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from ..train.runtime import Folder

TOKENS = (16, 32, 40, 64, 128, 512)
TIMES = 200


def speed(path: Path) -> dict[str, Any]:
    """Give p50 and p99 of `session.run` in milliseconds by tokens, and the bytes of each file.

    The two signs around a window count as tokens of it, and the overlap of windows once.
    """
    folder = Folder(path)
    dice = np.random.default_rng(1)
    found: dict[str, Any] = {"milliseconds": {}, "bytes": {}}
    for size in TOKENS:
        ids = dice.integers(4, 9000, (1, size))
        starts = range(0, max(1, size - folder.limit + folder.stride), folder.stride)
        windows = [ids[:, start : start + folder.limit] for start in starts]
        feeds = [{"input_ids": part, "attention_mask": np.ones_like(part)} for part in windows]
        spent = []
        for _ in range(TIMES):
            started = time.perf_counter()
            for feed in feeds:
                folder.session.run(["logits"], feed)
            spent.append(1000 * (time.perf_counter() - started))
        p50, p99 = np.percentile(spent, [50, 99])
        found["milliseconds"][str(size)] = [round(float(p50), 3), round(float(p99), 3)]
    for file in ("model.onnx", "tokenizer.json"):
        found["bytes"][file] = (path / file).stat().st_size
    return found
