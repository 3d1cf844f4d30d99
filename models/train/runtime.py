"""Scoring texts with a finished folder, as the SDK will: onnxruntime, windows, maximum.

Each window is run alone: with dynamic quantisation the scale of the activations comes from the
whole batch, so that in company the score of a text would depend on the others.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tqdm import tqdm

from .heads import HEADS

OVERLAP = 64  # how many tokens of a window the next one begins with
Floats = NDArray[np.float32]


class Folder:
    """A model folder, opened with one thread unless told otherwise."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        self.session = onnxruntime.InferenceSession(
            str(path / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self.tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
        config = json.loads((path / "config.json").read_text("utf-8"))
        self.limit = int(config["max_position_embeddings"])
        self.stride = self.limit - OVERLAP

    def windows(self, text: str) -> list[list[int]]:
        """Cut a text into overlapping windows of token ids, each with the signs around it."""
        first, *ids, end = self.tokenizer.encode(text).ids
        size = self.limit - 2
        last = max(len(ids) - size, 0)
        starts = [*range(0, last, self.stride), last]
        return [[first, *ids[start : start + size], end] for start in starts]

    def logits_of(self, text: str) -> Floats:
        """Score one text: the highest logit of all windows. May be called by several threads."""
        found = np.full(len(HEADS), -np.inf, dtype=np.float32)
        for window in self.windows(text):
            ids = np.array([window], np.int64)
            feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
            found = np.maximum(found, self.session.run(["logits"], feed)[0][0])
        return found

    def logits(self, texts: Sequence[str]) -> Floats:
        """Score texts, a row a text, on all cores."""
        found = np.empty((len(texts), len(HEADS)), dtype=np.float32)
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            rows = threads.map(self.logits_of, texts)
            for number, row in enumerate(tqdm(rows, "score", len(texts), mininterval=10)):
                found[number] = row
        return found
