"""How much better a test could be that knew how much choice the model had for each token.

    python bench/watermark/weighed.py CACHE [--seed 1] [--json]

Reads what generate.py wrote of `gumbel` at temperature 0.7, and the chance that the model itself
had for each token, which no search knows. Tested are 50 tokens at the level that 8,000 places leave
of 1e-3, with the place known, and 160 tokens at the level that 100,000 tenants leave: as chopmark
tests, with common tokens counted half; with all tokens alike; and each token weighed by 1 - 2^-H,
H the entropy in bits. The last one's p-value is a saddlepoint's (Lugannani and Rice), not exact. No
limit: it says how much of what a limit asks for is in the texts at all.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from counting import share
from drawing import Cell
from generate import TEMPERATURES, load
from scoring import keys_of, scheme_for, scores_of

from chopmark_watermark._scan import whole
from chopmark_watermark._scores import Scores
from chopmark_watermark._tails import log10_gamma_tail

CELL = Cell("gumbel", 0.7)
ASKED = {"50 tokens in 8,000, at 1e-3": (50, 1e-3 / 8000), "1 of 100,000 tenants": (160, 1e-8)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cache", type=Path)
    parser.add_argument("--seed", type=int, default=1, help="that of generate.py")
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    asked = parser.parse_args()
    made = load(asked.cache, CELL)
    keys, null = keys_of(CELL, asked.seed, len(made["ids"])), scheme_for(CELL).null
    bits = made["bits"][..., TEMPERATURES.index(CELL.temperature)]
    tests: Mapping[str, Callable[[Scores, np.ndarray], float]] = {
        "common tokens half": lambda scores, chance: whole(scores, null),
        "all tokens alike": lambda scores, chance: log10_gamma_tail(
            len(scores.values), float(scores.values.sum())
        ),
        "weighed by the model's own chance": lambda scores, chance: saddlepoint(
            scores.values, np.maximum(1 - np.exp2(-chance[scores.places]), 1e-3)
        ),
    }
    found = {}
    for what, (count, level) in ASKED.items():
        start = (made["ids"].shape[1] - count) // 2
        here = slice(start, start + count)
        for name, test in tests.items():
            hits = sum(
                test(scores_of(CELL, ids[here], key), chance[here]) <= math.log10(level)
                for ids, chance, key in zip(made["ids"], bits, keys, strict=True)
            )
            found.setdefault(what, {})[name] = share(hits, len(keys)).to_dict()
    if asked.json:
        print(json.dumps(found, indent=1))
    else:
        for what, row in found.items():
            print(what, "  ".join(f"{name}: {one['share']:.3f}" for name, one in row.items()))
    return 0


def saddlepoint(values: np.ndarray, weights: np.ndarray) -> float:
    """Return log10 of the chance of so large a weighed sum of standard exponentials, nearly."""
    total = float((weights * values).sum())
    if total <= weights.sum() * 1.001:
        return 0.0
    low, high = 0.0, 1 / float(weights.max())
    for _ in range(80):
        s = (low + high) / 2
        low, high = (s, high) if (weights / (1 - s * weights)).sum() < total else (low, s)
    bound = s * total + float(np.log1p(-s * weights).sum())
    w, u = math.sqrt(2 * bound), s * math.sqrt(float(((weights / (1 - s * weights)) ** 2).sum()))
    tail = 0.5 * math.erfc(w / math.sqrt(2))
    rest = math.exp(-bound) / math.sqrt(2 * math.pi) * (1 / u - 1 / w)
    return math.log10(max(tail + rest, 1e-300))


if __name__ == "__main__":
    sys.exit(main())
