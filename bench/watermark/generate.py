"""Writes the texts that the marks are measured on: SmolLM2-135M, 160 tokens each, 200 a cell.

    nice python bench/watermark/generate.py CACHE [--texts 200] [--seed 1] [--only NAME ...]

A cell is a scheme at a temperature; every text has a question and a key of its own. Kept are the
tokens, what chance the model had for each (bits, at temperatures 1.0, 0.7 and 0.3) and how likely
it held the token that was drawn (nats, at temperature 1.0). Tokens that end an answer are
forbidden, so that all texts are of one length. CACHE keeps each finished part: an interrupted run
goes on where it stopped. About an hour on a core; set OPENBLAS_NUM_THREADS=1 to keep to one.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from drawing import CELLS, Cell, Ids
from model import Array, Batch, Model, find_file
from prompts import QUESTIONS

from chopmark_watermark import FileTokenizer
from chopmark_watermark._sampling import MOST
from chopmark_watermark._unigram import _known_words

TOKENS = 160
PART = 50
TEMPERATURES = (1.0, 0.7, 0.3)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cache", type=Path)
    parser.add_argument("--texts", type=int, default=200, help="of each cell, 200 at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=[], help="cells with this in their name")
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    asked = parser.parse_args()
    asked.cache.mkdir(parents=True, exist_ok=True)
    parts = [
        (start, cell)
        for start in range(0, min(asked.texts, len(QUESTIONS)), PART)
        for cell in CELLS
        if start < cell.texts
        and (not asked.only or any(name in cell.name for name in asked.only))
        and not path_of(asked.cache, cell, start).exists()
    ]
    if parts:
        run(parts, asked.cache, asked.seed)
    found = {cell.name: len(load(asked.cache, cell)["ids"]) for cell in CELLS}
    if asked.json:
        print(json.dumps(found, indent=1))
    else:
        print("\n".join(f"{count:>5} texts of {name}" for name, count in found.items()))
    return 0


def run(parts: Sequence[tuple[int, Cell]], cache: Path, seed: int) -> None:
    file = find_file()
    model, words = Model(file), _known_words(FileTokenizer(file))
    started, batch, of = time.monotonic(), None, -1
    for done, (start, cell) in enumerate(parts):
        prompts = [model.prompt(question) for question in QUESTIONS[start : start + PART]]
        if batch is None or of != start:
            batch, of = Batch(model, prompts, TOKENS), start
        path = path_of(cache, cell, start)
        made = write(model, batch.copy(), prompts, cell, seed, start, words)
        with path.with_suffix(".tmp").open("wb") as stream:
            np.savez_compressed(stream, **made)
        path.with_suffix(".tmp").replace(path)
        spent = time.monotonic() - started
        speed = (done + 1) * PART * TOKENS / spent
        left = (len(parts) - done - 1) * spent / (done + 1)
        print(
            f"\r{done + 1}/{len(parts)} {cell.name:<18} {speed:4.0f} tokens/s, {left / 60:3.0f} "
            "minutes left ", end="", file=sys.stderr, flush=True,
        )  # fmt: skip
    print(file=sys.stderr)


def write(
    model: Model,
    batch: Batch,
    prompts: Sequence[Sequence[int]],
    cell: Cell,
    seed: int,
    start: int,
    words: Ids,
) -> dict[str, np.ndarray]:
    drawers = [cell.drawer(seed, start + n, words) for n in range(len(prompts))]
    answers: list[list[int]] = [[] for _ in prompts]
    bits = np.zeros((len(prompts), TOKENS, len(TEMPERATURES)), dtype=np.float32)
    nats = np.zeros((len(prompts), TOKENS), dtype=np.float32)
    for place in range(TOKENS):
        logits = batch.logits
        logits[:, model.special] = -np.inf
        bits[:, place] = chance(logits)
        tokens = np.array(
            [
                drawer.draw(row, prompt, answer)
                for drawer, row, prompt, answer in zip(
                    drawers, logits, prompts, answers, strict=True
                )
            ]
        )
        nats[:, place] = likelihood(logits, tokens)
        for answer, token in zip(answers, tokens.tolist(), strict=True):
            answer.append(token)
        if place < TOKENS - 1:
            batch.take(tokens)
    return {"ids": np.array(answers, dtype=np.uint32), "bits": bits, "nats": nats}


def chance(logits: Array) -> np.ndarray:
    """Return the entropy in bits of each row's likeliest tokens, at each temperature."""
    top = np.partition(logits, -MOST, axis=1)[:, -MOST:].astype(np.float64)
    top -= top.max(axis=1, keepdims=True)
    found = []
    for temperature in TEMPERATURES:
        shares = np.exp(top / temperature)
        shares /= shares.sum(axis=1, keepdims=True)
        found.append(-(shares * np.log2(np.maximum(shares, 1e-300))).sum(axis=1))
    return np.stack(found, axis=1)


def likelihood(logits: Array, tokens: np.ndarray) -> np.ndarray:
    """Return minus the logarithm of the probability of each row's token."""
    most = logits.max(axis=1)
    whole = np.log(np.exp(logits - most[:, None]).sum(axis=1))
    return whole + most - logits[np.arange(len(tokens)), tokens]


def path_of(cache: Path, cell: Cell, start: int) -> Path:
    return cache / f"{cell.name}-{start:03}.npz"


def load(cache: Path, cell: Cell) -> dict[str, np.ndarray]:
    """Return what was generated of a cell: `ids`, `bits` and `nats`, one row a text."""
    parts = [np.load(path) for path in sorted(cache.glob(f"{cell.name}-[0-9][0-9][0-9].npz"))]
    if not parts:
        return {"ids": np.zeros((0, TOKENS), np.uint32)}
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


if __name__ == "__main__":
    sys.exit(main())
