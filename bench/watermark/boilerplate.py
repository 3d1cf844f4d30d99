"""What leaving known passages out does for the unluckiest key, and what it costs marked texts.

    python bench/watermark/boilerplate.py CACHE [--data ../shared/data] [--seed 1] [--keys 200]
        [--json]

Half of the licence files of this machine are learnt; chunks of 256 tokens of the other half are
tested under `keys` keys at 1e-3, with nothing left out and without the passages that are known.
Counted is the share of all tests that are called marked, and for each key the share of chunks; were
each chunk a draw of its own, the worst of so many keys would have the share `by_chance`, in median.
What it costs: of the marked answers in CACHE (see generate.py) the share of tokens that stand in a
passage of all licences and notes, and how many are found at 1e-5, and the time for a long text.
No limit.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from attacks import text_of
from corpora import SOURCES
from counting import at_most, progress, share
from drawing import Cell, Ids
from generate import load
from scoring import keys_of, scheme_for, scores_of, tokenizer
from speed import CHARACTERS, seconds_of

from chopmark_watermark import Boilerplate
from chopmark_watermark._detect import _known
from chopmark_watermark._scan import whole
from chopmark_watermark._tails import log10_binomial_tail

LENGTH, PER_FILE, LEVEL = 256, 8, 1e-3
TESTED = (Cell("gumbel", 1.0), Cell("green", 0.0), Cell("unigram", 0.7, words=1000))
MARKED = (Cell("gumbel", 1.0), Cell("gumbel", 0.7))


class Chunk(NamedTuple):
    """Tokens of people, and which of them stand in a known passage."""

    ids: Ids
    known: Any


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cache", type=Path)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keys", type=int, default=200)
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    asked = parser.parse_args()
    texts = list(SOURCES["licences, English"](asked.data))
    random.Random(asked.seed).shuffle(texts)
    half = len(texts) // 2
    parts = chunks(texts[half:], Boilerplate.of(texts[:half]), asked.seed)
    found = {
        "chunks": len(parts),
        "known": float(np.mean([part.known.mean() for part in parts])),
        "by_chance": by_chance(len(parts), asked.keys),
        "alarms": {cell.scheme: alarms(cell, parts, asked.keys, asked.seed) for cell in TESTED},
        "cost": cost(asked.cache, asked.data, asked.seed),
    }
    print(json.dumps(found, indent=1) if asked.json else show(found))
    return 0


def chunks(texts: list[str], known: Boilerplate, seed: int) -> list[Chunk]:
    rng, found = random.Random(seed), []
    for text in texts:
        ids = tokenizer().ids(text)
        inside = _known(text, tokenizer(), known)
        inside = np.zeros(len(ids), dtype=bool) if inside is None else inside
        parts = len(ids) // LENGTH
        for n in sorted(rng.sample(range(parts), min(parts, PER_FILE))):
            here = slice(n * LENGTH, (n + 1) * LENGTH)
            found.append(Chunk(ids[here], inside[here]))
    return found


def alarms(cell: Cell, parts: list[Chunk], keys: int, seed: int) -> dict[str, Any]:
    scheme = scheme_for(cell)
    hits = np.zeros((2, keys), dtype=np.int64)
    for number in progress(range(keys), cell.scheme):
        key = hashlib.sha256(f"boilerplate|{seed}|{number}".encode()).digest()
        for part in parts:
            scores = scores_of(cell, part.ids, key)
            for row, these in enumerate((scores, scores.without(part.known))):
                hits[row, number] += whole(these, scheme.null) <= np.log10(LEVEL)
    return {
        name: {
            **at_most(int(row.sum()), keys * len(parts)).to_dict(),
            "worst_key": float(row.max() / len(parts)),
            "keys_above_1_percent": int((row > 0.01 * len(parts)).sum()),
        }
        for name, row in zip(("nothing left out", "known passages left out"), hits, strict=True)
    }


def by_chance(chunks: int, keys: int) -> float:
    """Return the share of chunks that half of all sets of `keys` keys would not exceed."""
    hits = 0
    while keys * 10 ** log10_binomial_tail(chunks, hits + 1, LEVEL) > np.log(2):
        hits += 1
    return hits / chunks


def cost(cache: Path, data: Path, seed: int) -> dict[str, Any]:
    texts = [text for name in SOURCES if "English" in name for text in SOURCES[name](data)]
    known = Boilerplate.of(texts)
    page = "\n".join(SOURCES["notes, English"](data))[:CHARACTERS]
    count = len(tokenizer().ids(page))
    row: dict[str, Any] = {
        "places": len(known.hashes),
        "us_per_token": 1e6 * min(seconds_of(lambda: known.mask(page)) for _ in range(3)) / count,
    }
    for cell in MARKED:
        made = load(cache, cell)["ids"]
        null, with_all, without, inside = scheme_for(cell).null, 0, 0, []
        for ids, key in zip(made, keys_of(cell, seed, len(made)), strict=True):
            text = text_of(ids)
            ids = tokenizer().ids(text)
            ignored = _known(text, tokenizer(), known)
            ignored = np.zeros(len(ids), dtype=bool) if ignored is None else ignored
            scores = scores_of(cell, ids, key)
            inside.append(ignored.mean())
            with_all += whole(scores, null) <= -5
            without += whole(scores.without(ignored), null) <= -5
        row[cell.name] = {
            "left_out": float(np.mean(inside)),
            "nothing left out": share(with_all, len(made)).to_dict(),
            "known passages left out": share(without, len(made)).to_dict(),
        }
    return row


def show(found: dict[str, Any]) -> str:
    share_known, chance = found["known"], found["by_chance"]
    lines = [f"{found['chunks']} chunks, {share_known:.0%} known; worst by chance {chance:.4f}"]
    for scheme, rows in found["alarms"].items():
        lines += [
            f"{scheme:<8} {name:<24} {row['share']:.1e} of {row['n']}, worst key "
            f"{row['worst_key']:.4f}, {row['keys_above_1_percent']} keys above 1 %"
            for name, row in rows.items()
        ]
    return "\n".join([*lines, json.dumps(found["cost"], indent=1)])


if __name__ == "__main__":
    sys.exit(main())
