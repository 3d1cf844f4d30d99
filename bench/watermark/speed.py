"""How fast marks are found and drawn, and next to what else in the same run.

    python bench/watermark/speed.py [--tokens 2000000] [--repeat 5] [--json]

CPU time of the fastest of `repeat` runs, one thread. Searches are of one text under one key, with
windows: from random token ids, and from English text, by `detect`, in pages of 10,000 characters
and all of it at once. What the tokenizer takes alone stands beside it, and with the places of the
tokens, which are asked for once more where a text is marked.
Drawing is of one token out of 256 candidates, and out of SmolLM2's 49,152 as a hook sees them, of
which the 256 likeliest are kept first. Peers by their contracts, in numpy here: KGW's permutation
of the vocabulary (a token by transformers' recipe) and SynthID's 30 layers. Limits: 5 million
tokens a second from ids, 0.5 million from text, 100 microseconds a token at 256 candidates. Exits
with 1 where one is missed. Machines that others use at the same time are slower; the ratios stay.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

import kgw
import numpy as np
from corpora import SOURCES
from counting import progress
from drawing import Cell
from scoring import scheme_for, tokenizer

from chopmark_watermark import GreenDrawer, GumbelDrawer, Ring, Sampling, detect
from chopmark_watermark._detect import search

FROM_IDS, FROM_TEXT, DRAWN = 5e6, 0.5e6, 100.0
PAGE, CHARACTERS = 10_000, 2_000_000
KEY = bytes(range(32))
PAGES, AT_ONCE = "search from text, pages, gumbel", "search from text, at once, gumbel"
SEARCHED = (
    Cell("gumbel", 1.0), Cell("green", 0.0), Cell("unigram", 1.0, words=300),
    Cell("vllm-gumbel", 1.0), Cell("vllm-sbw", 1.0), Cell("sglang", 1.0), Cell("synthid", 1.0),
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--tokens", type=int, default=2_000_000, help="of the ids that are searched"
    )
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    asked = parser.parse_args()
    rng = np.random.default_rng(1)
    ids = rng.integers(0, 49_152, asked.tokens).astype(np.uint32)
    words = "\n".join(SOURCES["notes, English"](Path()))[:CHARACTERS]
    jobs: dict[str, tuple[Callable[[], object], int]] = {}
    for cell in SEARCHED:
        scheme = scheme_for(cell)
        key = scheme.keys(KEY)[0]
        jobs[f"search, {cell.scheme}"] = (
            lambda key=key, scheme=scheme: search(ids, [(None, key)], scheme),
            len(ids),
        )
    jobs |= text_jobs(words) | drawing_jobs(rng)
    found = dict.fromkeys(jobs, float("inf"))
    # All jobs in turn, so that what else the machine does meets none of them alone.
    for name, (work, count) in progress(list(jobs.items()) * asked.repeat, "jobs"):
        found[name] = min(found[name], seconds_of(work) / count)
    missed = limits(found)
    rows = {
        name: {"us_per_token": 1e6 * seconds, "per_second": 1 / seconds}
        for name, seconds in found.items()
    }
    if asked.json:
        more = {"python": platform.python_version(), "numpy": np.__version__, "missed": missed}
        print(json.dumps({**more, "jobs": rows}, indent=1))
    else:
        for name, row in rows.items():
            print(f"{name:<36} {row['us_per_token']:>9.3f} us/token {row['per_second']:>14,.0f}/s")
    print("\n".join(["limits missed:", *missed]) if missed else "no limit missed", file=sys.stderr)
    return 1 if missed else 0


def text_jobs(text: str) -> dict[str, tuple[Callable[[], object], int]]:
    cut, ring = tokenizer(), Ring().rotate("2026-11")

    def found(parts: list[str]) -> Callable[[], None]:
        def run() -> None:
            for part in parts:
                detect(part, ring, cut, now="2026-11")

        return run

    pages = [text[at : at + PAGE] for at in range(0, len(text), PAGE)]
    paged, whole = sum(len(cut.ids(page)) for page in pages), len(cut.ids(text))
    return {
        "tokens alone, pages": (lambda: [cut.ids(page) for page in pages], paged),
        "tokens alone, at once": (lambda: cut.ids(text), whole),
        "tokens with their places, pages": (lambda: [cut.encode(page) for page in pages], paged),
        "tokens with their places, at once": (lambda: cut.encode(text), whole),
        PAGES: (found(pages), paged),
        AT_ONCE: (found([text]), whole),
    }


def drawing_jobs(rng: np.random.Generator) -> dict[str, tuple[Callable[[], object], int]]:
    tokens = 400
    few = rng.normal(size=(tokens, 256)).astype(np.float32) * 3
    many = rng.normal(size=(tokens, 49_152)).astype(np.float32) * 3
    plain = Cell("none", 1.0).drawer(1, 1, np.zeros(0, np.uint32))
    tournament = Cell("synthid", 1.0).drawer(1, 1, np.zeros(0, np.uint32))

    def ours(rows: np.ndarray, green: bool = False) -> Callable[[], None]:
        def run() -> None:
            made = GreenDrawer(KEY[:16]) if green else GumbelDrawer(KEY[:16], Sampling())
            before = [1, 2]
            for row in rows:
                before.append(made.draw(row, before))

        return run

    def theirs(drawer: object) -> Callable[[], None]:
        def run() -> None:
            answer = [1, 2, 3, 4]
            for row in few:
                answer.append(drawer.draw(row, [], answer))  # type: ignore[attr-defined]

        return run

    return {
        "draw of 256, gumbel": (ours(few), tokens),
        "draw of 256, green": (ours(few, True), tokens),
        "draw of 256, no mark": (theirs(plain), tokens),
        "draw of 256, peer SynthID": (theirs(tournament), tokens),
        "draw of 49,152, gumbel": (ours(many), tokens),
        "draw of 49,152, green": (ours(many, True), tokens),
        "green list, peer KGW": (
            lambda: [kgw.green_of.__wrapped__(n, 49_152) for n in range(20)],
            20,
        ),
        "permutation in C, peer KGW": (
            lambda: [np.random.RandomState(n).permutation(49_152) for n in range(20)],
            20,
        ),
    }


def limits(found: dict[str, float]) -> list[str]:
    missed = []
    limits_of = {"search, gumbel": FROM_IDS, PAGES: FROM_TEXT, AT_ONCE: FROM_TEXT}
    for name, least_rate in limits_of.items():
        if 1 / found[name] < least_rate:
            missed.append(f"{name}: {1 / found[name]:,.0f}/s instead of {least_rate:,.0f}")
    if 1e6 * found["draw of 256, gumbel"] > DRAWN:
        missed.append(
            f"draw of 256: {1e6 * found['draw of 256, gumbel']:.0f} us instead of {DRAWN}"
        )
    return missed


def seconds_of(work: Callable[[], object]) -> float:
    """Return the CPU seconds of one run."""
    started = time.process_time()
    work()
    return time.process_time() - started


if __name__ == "__main__":
    sys.exit(main())
