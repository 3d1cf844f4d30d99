"""How often texts of people are called marked: at nominal 1e-3 and 1e-5, by test and corpus.

    nice python bench/watermark/false_positives.py CACHE [--data ../shared/data] [--seed 1]
        [--chunks 500] [--keys 600] [--only NAME ...] [--json]

Chunks of 256 tokens (SmolLM2's tokenizer) of code, notes, licences, tasks and posts in English, and
of Chinese dialogues and comments, each under `keys` random keys: 300,000 tests of `gumbel` and of
`green` a corpus; a third of that of `unigram`, and where windows are searched too; a sixth by the
readers of engines' marks.
Beside ours stand what transformers' detector does (every pair of tokens counted, a normal tail),
the same with each pair once, and the common test of `unigram` (every token of a green half of the
vocabulary, a normal tail); their green lists are drawn by our keyed numbers here, of the same
share. Limits: the upper 95 % bound at most 1.3e-3 and 5e-5. CACHE keeps each finished part. Exits
with 1 where a limit is missed over all corpora together.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import kgw
import numpy as np
from corpora import SOURCES, chunks
from counting import at_most, progress
from drawing import Cell, Ids
from scoring import log10_normal, scheme_for, tests_of

from chopmark_watermark._prf import Prf

LENGTH = 256
LEVELS = {1e-3: 1.3e-3, 1e-5: 5e-5}
OURS = (
    Cell("gumbel", 1.0), Cell("green", 0.0), Cell("unigram", 0.7, words=300),
    Cell("unigram", 0.7, words=1000),
)  # fmt: skip
READERS = tuple(
    Cell(name, 1.0) for name in ("vllm-gumbel", "vllm-sbw", "sglang", "sglang-dual", "synthid")
)
Several = Callable[[Ids, bytes], Mapping[str, float]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cache", type=Path)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--chunks", type=int, default=500)
    parser.add_argument("--keys", type=int, default=600)
    parser.add_argument("--only", nargs="*", default=[], help="tests whose names begin so")
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    asked = parser.parse_args()
    asked.cache.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = {}
    for name in SOURCES:
        parts = chunks(name, asked.data, asked.chunks, LENGTH, asked.seed)
        if not parts:
            print(f"{name}: not there", file=sys.stderr)
            continue
        found[name] = corpus(name, parts, asked)
    found["all"] = together(found)
    if asked.json:
        print(json.dumps(found, indent=1))
    else:
        show(found)
    missed = [
        f"{test} at {level:g}: at most {one['high']:.2e} instead of {limit:.1e}"
        for test, row in found["all"].items()
        if not test.startswith("peer")
        for level, limit in LEVELS.items()
        if (one := row[f"{level:g}"])["high"] > limit
    ]
    print("\n".join(["limits missed:", *missed]) if missed else "no limit missed", file=sys.stderr)
    return 1 if missed else 0


def corpus(name: str, parts: list[Ids], asked: Any) -> dict[str, Any]:
    row: dict[str, Any] = {}
    few = max(2, asked.keys // 3)
    for title, test, keys in (
        *((title_of(cell), _one(cell, "whole"), asked.keys) for cell in OURS[:2]),
        *((title_of(cell), _one(cell, "whole"), few) for cell in OURS[2:]),
        *((f"{title_of(cell)}, search", _one(cell, "detect"), few) for cell in OURS[:3]),
        *((f"{cell.scheme}, read", _one(cell, "whole"), few // 2) for cell in READERS),
        ("peers", _peers, few),
    ):
        if asked.only and not any(map(title.startswith, asked.only)):
            continue
        path = asked.cache / f"fpr-{name}-{title}-{len(parts)}x{keys}-{asked.seed}.json"
        if not path.exists():
            made = measure(f"{name}: {title}", parts, test, keys, asked.seed)
            path.write_text(json.dumps(made))
        row |= json.loads(path.read_text())
    return row


def title_of(cell: Cell) -> str:
    return f"{cell.scheme}{cell.words or ''}"


def measure(title: str, parts: list[Ids], test: Several, keys: int, seed: int) -> dict[str, Any]:
    """Return for each test how often it was at or below each level, and the worst key's share."""
    hits: dict[str, np.ndarray] = {}
    for number in progress(range(keys), title):
        key = hashlib.sha256(f"fpr|{seed}|{number}".encode()).digest()
        for part in parts:
            for name, log10_p in test(part, key).items():
                counts = hits.setdefault(name, np.zeros((keys, len(LEVELS)), dtype=np.int64))
                counts[number] += [log10_p <= math.log10(level) for level in LEVELS]
    title = title.partition(": ")[2]
    return {
        name or title: {
            "worst_key_1e-3": float(counts[:, 0].max() / len(parts)),
            **{
                f"{level:g}": at_most(int(counts[:, n].sum()), keys * len(parts)).to_dict()
                for n, level in enumerate(LEVELS)
            },
        }
        for name, counts in hits.items()
    }


def _one(cell: Cell, name: str) -> Several:
    test = tests_of(cell)[name]
    scheme_for(cell)
    return lambda ids, key: {"": test(ids, key)}


def _peers(ids: Ids, key: bytes) -> Mapping[str, float]:
    pairs = np.unique((ids[:-1].astype(np.uint64) << np.uint64(32)) | ids[1:], return_counts=True)
    before, after = (pairs[0] >> np.uint64(32)).astype(np.uint32), pairs[0].astype(np.uint32)
    prf = Prf(key[:16], 0)
    green = prf.uniforms(0, before, after) < kgw.SHARE
    half = prf.uniforms(1, 0, ids) < 0.5
    return {
        "peer: KGW as transformers": log10_normal(
            kgw.z_score(int(pairs[1][green].sum()), len(ids) - 1)
        ),
        "peer: KGW z, dedup": log10_normal(kgw.z_score(int(green.sum()), len(green))),
        "peer: Unigram z": log10_normal(kgw.z_score(int(half.sum()), len(ids), 0.5)),
    }


def together(found: Mapping[str, Any]) -> dict[str, Any]:
    tests = dict.fromkeys(test for row in found.values() for test in row)
    return {
        test: {
            f"{level:g}": at_most(
                sum(row[test][f"{level:g}"]["hits"] for row in found.values()),
                sum(row[test][f"{level:g}"]["n"] for row in found.values()),
            ).to_dict()
            for level in LEVELS
        }
        for test in tests
    }


def show(found: Mapping[str, Any]) -> None:
    for corpus_name, row in found.items():
        print(corpus_name)
        for test, one in row.items():
            cells = "   ".join(
                f"{name}: {got['share']:.2e} (<= {got['high']:.2e}) of {got['n']:,}"
                for name, got in one.items()
                if isinstance(got, dict)
            )
            worst = f"   worst key {one['worst_key_1e-3']:.3f}" if "worst_key_1e-3" in one else ""
            print(f"  {test:<28} {cells}{worst}")


if __name__ == "__main__":
    sys.exit(main())
