"""How often each mark is found, by length and temperature, and what it costs in quality.

    python bench/watermark/power.py CACHE [--seed 1] [--json]

Reads what generate.py wrote. For each cell: the chance a token (mean entropy of the sampling
distribution, bits), the share of texts whose first 25, 50, 100 and 160 tokens are found at 1e-3 and
at 1e-5 under their own key with exact 95 % intervals, the median log10 p for a token that was
tested, and the ratio of perplexities, by the same model at temperature 1, to unmarked answers to
the same questions at the same temperature. Limits: .95 at 1e-5 for 100 tokens at 1.6 bits, 1.0 for
50 tokens at 4 bits; perplexity unchanged within noise. Exits with 1 where one is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from counting import progress, share
from drawing import CELLS, Cell
from generate import TEMPERATURES, load
from scoring import keys_of, median, scores_of, tests_of

LENGTHS = (25, 50, 100, 160)
LEVELS = (1e-3, 1e-5)
LIMITS = {("gumbel-0.7", 100): 0.95, ("gumbel-1", 50): 1.0}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cache", type=Path)
    parser.add_argument("--seed", type=int, default=1, help="that of generate.py")
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    asked = parser.parse_args()
    made = {cell: load(asked.cache, cell) for cell in CELLS}
    known = [cell for cell in CELLS if len(made[cell]["ids"])]
    found = {
        cell.name: measure(cell, made[cell], asked.seed, unmarked(cell, made))
        for cell in progress(known, "cells")
    }
    if asked.json:
        print(json.dumps(found, indent=1))
    else:
        show(found)
    missed = [
        f"{name} at {length} tokens: {one['share']:.3f} instead of {limit}"
        for (name, length), limit in LIMITS.items()
        if name in found
        and (one := found[name]["tests"]["whole"][str(length)]["1e-05"])["share"] < limit
    ]
    print("\n".join(["limits missed:", *missed]) if missed else "no limit missed", file=sys.stderr)
    return 1 if missed else 0


def unmarked(cell: Cell, made: dict[Cell, Any]) -> Any:
    return made.get(Cell("none", cell.temperature))


def measure(cell: Cell, made: Any, seed: int, plain: Any) -> dict[str, Any]:
    ids = made["ids"]
    keys = keys_of(cell, seed, len(ids))
    at = TEMPERATURES.index(cell.temperature) if cell.temperature else 0
    row: dict[str, Any] = {
        "n": len(ids),
        "bits": round(float(made["bits"][..., at].mean()), 3),
        "bits_at_0.7": round(float(made["bits"][..., 1].mean()), 3),
        "perplexity": round(float(np.exp(made["nats"].mean())), 3),
        "distinct_4": round(float(np.mean([distinct(row) for row in ids])), 4),
    }
    if plain is not None and len(plain["ids"]) and cell.scheme != "none":
        n = min(len(ids), len(plain["ids"]))
        row["perplexity_ratio"] = ratio(made["nats"][:n], plain["nats"][:n])
        row["distinct_4_ratio"] = round(
            row["distinct_4"] / float(np.mean([distinct(one) for one in plain["ids"][:n]])), 4
        )
    tests = tests_of(cell)
    if cell.scheme == "none":
        return row
    row["tests"] = {
        name: {
            str(length): powers(
                [test(one[:length], key) for one, key in zip(ids, keys, strict=True)]
            )
            for length in LENGTHS
        }
        for name, test in tests.items()
    }
    row["rate"] = rate(cell, ids, keys)
    return row


def powers(found: list[float]) -> dict[str, Any]:
    row: dict[str, Any] = {
        f"{level:g}": share(sum(p <= np.log10(level) for p in found), len(found)).to_dict()
        for level in LEVELS
    }
    row["median_log10_p"] = median(found)
    return row


def rate(cell: Cell, ids: Any, keys: list[bytes]) -> dict[str, float] | None:
    """Return the median of -log10 p for a tested token, over the whole of each text."""
    if cell.scheme == "kgw":
        return None
    test = tests_of(cell)["whole"]
    scored = [len(scores_of(cell, one, key).values) for one, key in zip(ids, keys, strict=True)]
    each = [-test(one, key) / max(1, n) for one, key, n in zip(ids, keys, scored, strict=True)]
    return {"median": round(float(np.median(each)), 4), "scored": median(scored)}


def ratio(nats: Any, plain: Any) -> dict[str, float]:
    """Return the ratio of perplexities, paired by question, with its 95 % interval."""
    apart = nats.mean(axis=1) - plain.mean(axis=1)
    middle, off = apart.mean(), 1.96 * apart.std(ddof=1) / np.sqrt(len(apart))
    low, high = np.exp(middle - off), np.exp(middle + off)
    return {
        "ratio": round(float(np.exp(middle)), 4),
        "low": round(float(low), 4),
        "high": round(float(high), 4),
    }


def distinct(ids: Any) -> float:
    """Return the share of runs of four tokens that are different ones."""
    runs = {tuple(ids[n : n + 4].tolist()) for n in range(len(ids) - 3)}
    return len(runs) / (len(ids) - 3)


def show(found: dict[str, Any]) -> None:
    print("TPR at 1e-3 / 1e-5 by tokens; median log10 p of 100 tokens; perplexity to no mark")
    for name, row in found.items():
        if "tests" not in row:
            print(f"{name:<16} {row['bits']:5.2f} bits  n {row['n']}  ppl {row['perplexity']}")
            continue
        more = row.get("perplexity_ratio")
        cost = f"x{more['ratio']:.3f} [{more['low']:.3f}, {more['high']:.3f}]" if more else ""
        for test, by_length in row["tests"].items():
            cells = "  ".join(
                f"{length:>3}: {one['0.001']['share']:.2f}/{one['1e-05']['share']:.2f}"
                for length, one in by_length.items()
            )
            median_p = by_length["100"]["median_log10_p"]
            print(
                f"{name:<16} {row['bits']:5.2f} bits  n {row['n']}  {test:<13} {cells}  "
                f"{median_p:6.1f}  {cost}"
            )


if __name__ == "__main__":
    sys.exit(main())
