"""Whether the right one of 100,000 tenants is named, and no other one.

    python bench/watermark/attribution.py CACHE [--texts 10] [--tenants 100000] [--seed 1] [--json]

Reads what generate.py wrote of `gumbel`, 160 tokens a text. The key of one tenant, at a place drawn
by the seed, made the text; all keys are tried by chopmark's own search, with windows, and what it
finds is multiplied by all of them. Searched in full are `texts` texts. Of all texts is counted
whether the right key by itself passes the level of 1e-3 after that multiplication: a wrong key is
then stronger in less than one text of a thousand, so this is the share that is named, within .001;
counted apart are the texts that had 1.6 bits of chance a token themselves. Limit: .99. Exits with 1
where it is missed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from counting import progress, share
from drawing import Cell
from generate import TEMPERATURES, load
from scoring import keys_of, tests_of

from chopmark_watermark import KeyName
from chopmark_watermark._detect import conclude, search
from chopmark_watermark._schemes import GUMBEL

LEVEL, LIMIT, BITS = 1e-3, 0.99, 1.6
CELLS = (Cell("gumbel", 1.0), Cell("gumbel", 0.7))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cache", type=Path)
    parser.add_argument("--texts", type=int, default=10, help="searched in full, of each cell")
    parser.add_argument("--tenants", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1, help="that of generate.py")
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    asked = parser.parse_args()
    others = [
        (KeyName("bench", f"tenant-{n}", "2026-11"), hashlib.sha256(b"other|%d" % n).digest()[:16])
        for n in range(asked.tenants)
    ]
    found = {cell.name: measure(cell, asked, others) for cell in CELLS}
    if asked.json:
        print(json.dumps(found, indent=1))
    else:
        for name, row in found.items():
            print(
                f"{name:<12} named by full search {row['named']['hits']} of {row['named']['n']}, "
                f"wrong {row['wrong']}; right key passes {row['passes']['share']:.3f} "
                f"of {row['passes']['n']}; {row['seconds']:.1f} s a search"
            )
    missed = found["gumbel-0.7"]["passes"]["share"] < LIMIT
    print("limit missed" if missed else "no limit missed", file=sys.stderr)
    return int(missed)


def measure(cell: Cell, asked: Any, others: list[tuple[KeyName, bytes]]) -> dict[str, Any]:
    made = load(asked.cache, cell)
    texts = made["ids"]
    rich = made["bits"][..., TEMPERATURES.index(cell.temperature)].mean(axis=1) >= BITS
    keys = keys_of(cell, asked.seed, len(texts))
    detect = tests_of(cell)["detect"]
    alone = [
        detect(ids, key) + np.log10(asked.tenants) <= np.log10(LEVEL)
        for ids, key in zip(texts, keys, strict=True)
    ]
    rng = np.random.default_rng(asked.seed)
    named = wrong = 0
    started = time.process_time()
    for n in progress(range(min(asked.texts, len(texts))), f"{cell.name} searches"):
        tried = list(others)
        place = int(rng.integers(0, len(tried)))
        tried[place] = (tried[place][0], keys[n][:16])
        best = search(texts[n], tried, GUMBEL)
        said = conclude(best, GUMBEL, len(tried), LEVEL)
        named += said.key == tried[place][0]
        wrong += said.key is not None and said.key != tried[place][0]
    count = min(asked.texts, len(texts))
    return {
        "tenants": asked.tenants,
        "named": share(named, count).to_dict(),
        "wrong": wrong,
        "passes": share(sum(alone), len(alone)).to_dict(),
        "passes_rich": share(sum(np.array(alone)[rich]), int(rich.sum())).to_dict(),
        "seconds": (time.process_time() - started) / max(1, count),
    }


if __name__ == "__main__":
    sys.exit(main())
