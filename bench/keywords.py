"""What the keyword detector costs, against a plain loop and against the bare automaton.

Prints milliseconds for lists of 100, 1,000 and 10,000 terms: one text of 1,000 characters judged
whole, the same text streamed in 100 pieces of 10, and 543 characters streamed by 2. Beside each
stands the limit that it is held against, and the ratios to `term in text` for every term, and to
`ahocorasick_rs` searching the text, or each piece, with neither folding nor word ends nor offsets.
The deeper levels are measured for 1,000 and 10,000 terms, and held against nothing: what they find
is in bench/disguises.py.

    python bench/keywords.py [--json] [--repeat N]

Exits with 1 where a limit is exceeded. (A script named keyword.py would hide a module of the
standard library from every script beside it.)
"""

from __future__ import annotations

import argparse
import csv
import json
import platform
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ahocorasick_rs import AhoCorasick, MatchKind

from chopmark import Context, Policy
from chopmark_keyword import KeywordDetector

CONTEXT = Context(direction="output")
SIZES = (100, 1_000, 10_000)
DEEP_SIZES = (1_000, 10_000)
# Milliseconds. Best peer at 10,000 terms and 1,000 characters: 3.4, worst 154; streamed by 2: 43 s.
LIMITS = {"no hit": 0.1, "20 hits": 0.1, "100 x 10": 0.1, "272 x 2": 5.0, "open": 0.01}
PROSE = (
    "机器学习是一种让计算机从数据中自动学习规律的方法。它广泛应用于图像识别、语音处理和推荐系统，"
    "也可以用来预测天气、交通和用电量。使用时先收集数据，再训练模型，最后检验它在新数据上的表现。"
)


@dataclass(frozen=True)
class Row:
    terms: int
    folding: str
    what: str
    milliseconds: float
    limit: float | None
    loop: float
    bare: float

    @property
    def fine(self) -> bool:
        return self.limit is None or self.milliseconds <= self.limit


def best(work: Callable[[], object], repeat: int) -> float:
    """Milliseconds of processor time of the fastest run."""
    least = float("inf")
    for _ in range(repeat):
        start = time.thread_time()
        work()
        least = min(least, time.thread_time() - start)
    return least * 1000


def make_terms(count: int, rng: random.Random) -> list[str]:
    """Distinct terms of 2 to 6 characters out of 3,500 common ones."""
    han = [chr(code) for code in range(0x4E00, 0x4E00 + 3_500)]
    found: dict[str, None] = {}
    while len(found) < count:
        found["".join(rng.choices(han, k=rng.randint(2, 6)))] = None
    return list(found)


def make_detector(terms: Sequence[str], folding: str) -> KeywordDetector:
    with tempfile.TemporaryDirectory() as folder:
        with Path(folder, "bench.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerows([["# name: bench"], ["# version: 1"], ["# language: zh"]])
            writer.writerow(["term", "category", "level", "reviewer"])
            writer.writerows([term, "bench", "block", "bench"] for term in terms)
        policy = Policy(name="bench", folder=folder).with_options(
            "keyword", lists=["bench.csv"], bundled=False, folding=folding,
            reload_seconds=float("inf"),
        )  # fmt: skip
        return KeywordDetector.from_policy(policy)


def with_hits(text: str, terms: Sequence[str], hits: int, rng: random.Random) -> str:
    """`text` with so many terms written over it, evenly spread."""
    step = len(text) // hits
    for n in range(hits):
        term = rng.choice(terms)
        text = text[: n * step] + term + text[n * step + len(term) :]
    return text


def pieces(text: str, size: int) -> list[str]:
    return [text[n : n + size] for n in range(0, len(text), size)]


def stream(detector: KeywordDetector, parts: Sequence[str]) -> None:
    scanner = detector.open(CONTEXT)
    feed = scanner.feed
    for part in parts:
        feed(part)
    scanner.finish()


def measure(size: int, repeat: int, folding: str) -> list[Row]:
    rng = random.Random(20_261_124 + size)
    terms = make_terms(size, rng)
    detector = make_detector(terms, folding)
    automaton = AhoCorasick(terms, matchkind=MatchKind.Standard, store_patterns=False)
    find = automaton.find_matches_as_indexes
    clean = (PROSE * 20)[:1_000]
    hits = with_hits(clean, terms, 20, rng)
    assert not detector.judge(clean, CONTEXT)
    assert len(detector.judge(hits, CONTEXT)) >= 20
    rows: list[Row] = []

    def row(what: str, work: Callable[[], object], parts: Sequence[str]) -> None:
        taken = best(work, repeat)
        loop = best(lambda: [[t for t in terms if t in part] for part in parts], 5)
        bare = best(lambda: [find(part, True) for part in parts], repeat)
        limit = LIMITS[what] if folding == "plain" else None
        rows.append(Row(size, folding, what, taken, limit, taken / loop, taken / bare))

    tens, twos = pieces(clean, 10), pieces(clean[:543], 2)
    row("no hit", lambda: detector.judge(clean, CONTEXT), [clean])
    row("20 hits", lambda: detector.judge(hits, CONTEXT), [hits])
    row("100 x 10", lambda: stream(detector, tens), tens)
    row("272 x 2", lambda: stream(detector, twos), twos)
    row("open", lambda: detector.open(CONTEXT), [""])
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    parser.add_argument("--repeat", type=int, default=300, help="runs, of which the fastest counts")
    options = parser.parse_args()
    rows = [row for size in SIZES for row in measure(size, options.repeat, "plain")]
    for folding in ("disguise", "decode"):
        few = max(3, options.repeat // 20)
        rows += [row for size in DEEP_SIZES for row in measure(size, few, folding)]
    if options.json:
        print(json.dumps([{**asdict(row), "fine": row.fine} for row in rows], indent=2))
    else:
        print(f"Python {platform.python_version()}, fastest of {options.repeat} runs")
        head = f"{'terms':>6}  {'level':<8}  {'what':<9} {'ms':>8} {'limit':>6}"
        print(f"{head}      to loop  to bare automaton")
        for row in rows:
            said = "" if row.limit is None else "fine" if row.fine else "OVER"
            ratios = f"{row.loop:>9.4f}x  {row.bare:>8.1f}x" if row.what != "open" else ""
            taken = f"{row.milliseconds:>8.4f} {row.limit or '-':>6} {said:<4}"
            print(f"{row.terms:>6}  {row.folding:<8}  {row.what:<9} {taken} {ratios}")
    return 0 if all(row.fine for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
