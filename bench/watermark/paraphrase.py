"""A negative control: what is left of the mark when the model says its own text in other words.

    python bench/watermark/paraphrase.py CACHE [--texts 20] [--seed 1] [--json]

Reads what generate.py wrote of `gumbel` at temperature 1.0, and asks the same model, behind
llama.cpp's server (wants xllamacpp), to rewrite each text; temperature 0.7, seeded. No limit: no
statistical mark survives a paraphrase, and none is expected here. Small models also copy: said is
how many of the rewritten text's runs of four tokens stood in the text before, since what is copied
keeps its mark.
"""

from __future__ import annotations

import argparse
import json
import sys
import urllib.request
from pathlib import Path

import numpy as np
from attacks import text_of
from chopmark_demo._local import local_model
from counting import progress, share
from drawing import Cell
from generate import load
from scoring import keys_of, median, tests_of, tokenizer

CELL = Cell("gumbel", 1.0)
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
    with local_model() as at:
        if not at.base_url:
            raise SystemExit(at.why)
        for ids, key in progress(list(zip(texts, keys, strict=True)), "paraphrases"):
            said = tokenizer().encode(rewritten(at.base_url, text_of(ids), asked.seed)).ids
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


def rewritten(base_url: str, text: str, seed: int) -> str:
    body = {
        "messages": [{"role": "user", "content": ORDER + text}],
        "max_tokens": 200, "temperature": 0.7, "seed": seed,
    }  # fmt: skip
    request = urllib.request.Request(
        f"{base_url}/chat/completions",
        json.dumps(body).encode(),
        {"content-type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        said: str = json.load(answer)["choices"][0]["message"]["content"]
    return said


def shared(said: np.ndarray, ids: np.ndarray) -> float:
    """Return the share of runs of four tokens of `said` that are in `ids`."""

    def runs(row: np.ndarray) -> set[tuple[int, ...]]:
        return {tuple(row[n : n + 4].tolist()) for n in range(len(row) - 3)}

    new = runs(said)
    return len(new & runs(ids)) / max(1, len(new))


if __name__ == "__main__":
    sys.exit(main())
