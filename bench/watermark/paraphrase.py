"""A negative control: what is left of the mark when the model says its own text in other words.

    python bench/watermark/paraphrase.py CACHE [--texts 20] [--seed 1] [--json]

Reads what generate.py wrote of `gumbel` at temperature 1.0, and asks the same model to rewrite each
text, at temperature 0.7 and without a mark, in 200 tokens at the most. No limit: no statistical
mark survives a paraphrase, and none is expected here. Small models also copy: said is how many of
the rewritten text's runs of four tokens stood in the text before, since what is copied keeps its
mark.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

import numpy as np
from attacks import text_of
from counting import progress, share
from drawing import Cell
from generate import load
from model import Batch, Model, find_file
from scoring import keys_of, median, tests_of, tokenizer

CELL = Cell("gumbel", 1.0)
MOST = 200
ORDER = "Rewrite the following text completely in your own words. Keep what it says.\n\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cache", type=Path)
    parser.add_argument("--texts", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1, help="that of generate.py")
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    asked = parser.parse_args()
    texts = load(asked.cache, CELL)["ids"][: asked.texts]
    keys, test = keys_of(CELL, asked.seed, len(texts)), tests_of(CELL)["detect"]
    before, after, copied = [], [], []
    others = rewritten([text_of(ids) for ids in texts], asked.seed)
    for ids, key, other in zip(texts, keys, others, strict=True):
        said = tokenizer().encode(other).ids
        before.append(test(ids, key))
        after.append(test(said, key))
        copied.append(shared(said, ids))
    found = {
        "n": len(texts),
        "before": {
            "found": share(sum(p <= -5 for p in before), len(before)).to_dict(),
            "median_log10_p": median(before),
        },
        "after": {
            "found": share(sum(p <= -5 for p in after), len(after)).to_dict(),
            "found_1e-3": share(sum(p <= -3 for p in after), len(after)).to_dict(),
            "median_log10_p": median(after),
        },
        "copied": [round(part, 2) for part in copied],
        "after_log10_p": [round(p, 1) for p in after],
    }
    if asked.json:
        print(json.dumps(found, indent=1))
    else:
        print(
            f"found at 1e-5: {found['before']['found']['hits']} of {len(texts)} before, "
            f"{found['after']['found']['hits']} after; median log10 p "
            f"{found['before']['median_log10_p']} and {found['after']['median_log10_p']}"
        )
        for part, p in sorted(zip(copied, after, strict=True)):
            print(f"  {part:4.0%} copied: log10 p {p:.1f}")
    return 0


def rewritten(texts: Sequence[str], seed: int) -> list[str]:
    model = Model(find_file())
    batch = Batch(model, [model.prompt(ORDER + text) for text in texts], MOST)
    cell = Cell("none", 0.7)
    drawers = [cell.drawer(seed + 1, n, np.zeros(0, np.uint32)) for n in range(len(texts))]
    answers: list[list[int]] = [[] for _ in texts]
    for _ in progress(range(MOST - 1), "tokens of each paraphrase"):
        tokens = [
            drawer.draw(logits, [], answer)
            for drawer, logits, answer in zip(drawers, batch.logits, answers, strict=True)
        ]
        for answer, token in zip(answers, tokens, strict=True):
            answer.append(token)
        batch.take(np.array(tokens))
    ends = set(model.special.tolist())
    return [
        text_of(np.array(list(takewhile(lambda token: token not in ends, answer)), np.uint32))
        for answer in answers
    ]


def shared(said: np.ndarray, ids: np.ndarray) -> float:
    """Return the share of runs of four tokens of `said` that are in `ids`."""

    def runs(row: np.ndarray) -> set[tuple[int, ...]]:
        return {tuple(row[n : n + 4].tolist()) for n in range(len(row) - 3)}

    new = runs(said)
    return len(new & runs(ids)) / max(1, len(new))


if __name__ == "__main__":
    sys.exit(main())
