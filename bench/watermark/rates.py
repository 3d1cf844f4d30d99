"""How fast evidence grows, and whether the lengths that a search calls enough are enough.

    python bench/watermark/rates.py CACHE [--seed 1] [--json]

Reads what generate.py wrote. First, what the plugin should hold: the median of -log10 p for a
tested token, over texts of a scheme at any temperature that had about so much chance a token
themselves (within 20 %). Then for each cell the share of texts that are found when exactly so many
tokens are tested as `conclude` calls enough, by the rate held for the nearest chance: at 1e-5, and
where half of the texts have too few tokens for that at the strictest of 1e-4, 1e-3 and 1e-2 for
which they have not. It is promised for four of five texts. The chance of greedy answers is that
which the model would have had at temperature 0.7. Exits with 1 where one of our own schemes has
less than .8, by more than n explains.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from counting import progress, share
from drawing import CELLS, Cell
from generate import load
from scoring import keys_of, median, scheme_for, scores_of

from chopmark_watermark._detect import MARGIN
from chopmark_watermark._scan import whole
from chopmark_watermark._scores import Scores

LEVELS = (1e-5, 1e-4, 1e-3, 1e-2)
POWER = 0.8
NEAR = 0.2


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cache", type=Path)
    parser.add_argument("--seed", type=int, default=1, help="that of generate.py")
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    asked = parser.parse_args()
    cells = [cell for cell in CELLS if cell.scheme not in ("none", "kgw")]
    known = [cell for cell in cells if len(load(asked.cache, cell)["ids"])]
    texts = {cell: read(cell, asked.cache, asked.seed) for cell in progress(known, "cells")}
    found = {cell.name: measure(cell, texts[cell]) for cell in known}
    groups: dict[str, list[Cell]] = {}
    for cell in known:
        groups.setdefault(f"{cell.scheme}{cell.words or ''}", []).append(cell)
    held = {
        name: by_chance(cells[0], [text for cell in cells for text in texts[cell]])
        for name, cells in groups.items()
    }
    if asked.json:
        print(json.dumps({"held": held, "cells": found}, indent=1))
    else:
        for name, row in held.items():
            for bits, one in row.items():
                print(
                    f"{name:<12} {bits:>5} bits, {one['n']:>3} texts: {one['rate']:.4f} a token, "
                    f"held {one['held']}"
                )
        for name, row in found.items():
            print(
                f"{name:<16} {row['bits']:.2f} bits: {row['scored']:.0f} tested; {row['tokens']} "
                f"are enough at {row['level']:g}: found {row['power']['share']:.3f} "
                f"of {row['power']['n']}"
            )
    weak = [
        f"{name}: {row['power']['share']:.3f}"
        for name, row in found.items()
        if name.startswith(("gumbel", "green", "unigram")) and row["power"]["high"] < POWER
    ]
    print("\n".join(["less than promised:", *weak]) if weak else "as promised", file=sys.stderr)
    return 1 if weak else 0


class Text(NamedTuple):
    """One text: its chance a token, and the scores of the tokens that are tested."""

    bits: float
    scores: Scores


def tested(text: Text) -> int:
    return len(text.scores.values)


def read(cell: Cell, cache: Path, seed: int) -> list[Text]:
    made = load(cache, cell)
    place = {1.0: 0, 0.7: 1, 0.3: 2, 0.0: 1}[cell.temperature]
    return [
        Text(float(bits[:, place].mean()), scores_of(cell, ids, key))
        for ids, bits, key in zip(
            made["ids"], made["bits"], keys_of(cell, seed, len(made["ids"])), strict=True
        )
    ]


def by_chance(cell: Cell, texts: list[Text]) -> dict[str, Any]:
    scheme = scheme_for(cell)
    found = {}
    for bits, held in scheme.rates.items():
        near = [text for text in texts if abs(text.bits / bits - 1) <= NEAR and tested(text)]
        each = [-whole(text.scores, scheme.null) / tested(text) for text in near]
        rate = round(float(np.median(each)), 4) if each else float("nan")
        found[f"{bits:g}"] = {"n": len(near), "rate": rate, "held": held}
    return found


def measure(cell: Cell, texts: list[Text]) -> dict[str, Any]:
    scheme = scheme_for(cell)
    bits = float(np.mean([text.bits for text in texts]))
    nearest = min(scheme.rates, key=lambda known: abs(math.log(known / bits)))
    for level in LEVELS:
        tokens = math.ceil(MARGIN * -math.log10(level) / scheme.rates[nearest])
        enough = [text.scores.part(0, tokens) for text in texts if tested(text) >= tokens]
        if len(enough) >= len(texts) / 2:
            break
    hits = sum(whole(scores, scheme.null) <= math.log10(level) for scores in enough)
    return {
        "bits": round(bits, 3),
        "scored": median([tested(text) for text in texts]),
        "level": level,
        "tokens": tokens,
        "power": share(hits, len(enough)).to_dict(),
    }


if __name__ == "__main__":
    sys.exit(main())
