"""Measures plugin `minors`: what it flags in texts that are harmless, and how long a text takes.

    python bench/minors.py [--data DIR]

DIR holds the folders `kdconv-half-zh`, `cvalues-half-zh`, `self-instruct-benign-en`, `cold-zh` and
`davidson-en`. The first three hold harmless text; the last two are posts of adults, of which only
those are taken that are labelled as not offensive. Beside them stand the harmless twins of the
project's own corpus, which were looked at when the phrases were written. Times are ratios to the
same phrases as one regular expression over the whole text; the exit status is 1 over a limit.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import tomli

from chopmark import Context
from chopmark_minors import MinorsDetector
from chopmark_minors._phrases import Phrase, read_bundled

WAYS = (
    Context(direction="input", role="user", audience="minor"),
    Context(direction="output", audience="minor"),
)
CORPUS = Path(__file__).parents[1] / "models" / "corpus"
MOST_DENIED = 0.001
"""The greatest share of harmless texts that may be denied."""

HAN = (
    "我和你一起学习怎么用望远镜看星星，老师在哪里，我们就去哪里。每天晚上他都想看一会儿书，然后写一篇日记，"
    "说说今天学了什么。你觉得这样好不好？不要着急，慢慢来，我们可以一起推荐几本好书。"
)
ENGLISH = (
    "How do I learn to play chess well? I want to get better, and you are the best person to ask. "
    "My parents don't play, so where can I find good games to study on my own in a week? "
)
# The most that a whole text of 1,000 characters may cost, and one in pieces of 10.
SPEED = (("Chinese prose", HAN, 0.3, 0.5), ("English prose", ENGLISH, 0.3, 0.5))


def lines(file: Path) -> Iterator[str]:
    yield from filter(None, file.read_text("utf-8").split("\n"))


def seeds(file: Path) -> Iterator[str]:
    for line in lines(file):
        task = json.loads(line)
        yield task["instruction"]
        for instance in task["instances"]:
            yield from filter(None, (instance["input"], instance["output"]))


def labelled(file: Path, text: str, label: str, harmless: str) -> Iterator[str]:
    with file.open(encoding="utf-8", newline="") as rows:
        yield from (row[text] for row in csv.DictReader(rows) if row[label] == harmless)


def benign(folder: Path) -> Iterator[str]:
    """The harmless twins, beside each of which the corpus has something harmful."""
    for file in sorted(folder.glob("*/*.toml")):
        for family in tomli.loads(file.read_text("utf-8")).get("family", ()):
            yield from family.get("benign", ())


def sets(data: Path) -> Iterator[tuple[str, Iterable[str]]]:
    tasks = data / "self-instruct-benign-en"
    yield "kdconv-half-zh, talk", lines(data / "kdconv-half-zh" / "utterances.txt")
    yield "cvalues-half-zh, delicate questions", lines(data / "cvalues-half-zh" / "prompts.txt")
    yield "self-instruct, seed tasks", seeds(tasks / "seed_tasks.jsonl")
    prompts = (json.loads(line)["prompt"] for line in lines(tasks / "p3_t0_prompts_sample.jsonl"))
    yield "self-instruct, P3 prompts", prompts
    cold = data / "cold-zh" / "test.csv"
    yield "cold-zh test, posts not offensive", labelled(cold, "TEXT", "label", "0")
    yield "models/corpus, harmless twins", benign(CORPUS)
    posts = data / "davidson-en" / "labeled_data.csv"
    yield "davidson-en, posts of class neither", labelled(posts, "tweet", "class", "2")


def flagged(detector: MinorsDetector, data: Path) -> bool:
    """Print the table of what is flagged; return whether the harmless texts keep the limit."""
    print(f"{'texts':<38}{'direction':>10}{'count':>8}{'denied':>8}{'warned':>8}")
    fine = True
    for name, found in sets(data):
        texts = list(found)
        for context in WAYS:
            counts: Counter[str] = Counter()
            for text in texts:
                outcomes = {v.outcome for v in detector.judge(text, context)}
                counts["deny" if "deny" in outcomes else "warn" if outcomes else ""] += 1
            denied, warned = counts["deny"], counts["warn"]
            row = f"{name:<38}{context.direction:>10}{len(texts):>8}{denied:>8}{warned:>8}"
            print(row)
            fine = fine and ("posts" in name or denied <= MOST_DENIED * len(texts))
    return fine


def best(work: Callable[[], object], than: Callable[[], object], rounds: int = 40) -> float:
    """Return the least time of `work` over that of `than`, the two taking turns."""
    least = [float("inf")] * 2
    for _ in range(rounds):
        for n, run in enumerate((work, than)):
            started = time.perf_counter()
            run()
            least[n] = min(least[n], time.perf_counter() - started)
    return least[0] / least[1]


def expression(phrases: Iterable[Phrase]) -> re.Pattern[str]:
    terms = ("".join(f"(?:{'|'.join(map(re.escape, part))})" for part in p.parts) for p in phrases)
    return re.compile("|".join(terms), re.IGNORECASE)


def stream(detector: MinorsDetector, pieces: Iterable[str]) -> None:
    scanner = detector.open(WAYS[1])
    for piece in pieces:
        scanner.feed(piece)
    scanner.finish()


def speed(detector: MinorsDetector) -> bool:
    """Print the ratios; return whether they keep their limits."""
    plain = expression(read_bundled())
    print(f"\n{'1,000 characters, of one expression':<38}{'whole':>10}{'by 10':>10}")
    fine = True
    for name, prose, most_whole, most_pieces in SPEED:
        text = (prose * 20)[:1_000]
        pieces = [text[n : n + 10] for n in range(0, len(text), 10)]
        than = lambda text=text: plain.findall(text)  # noqa: E731
        whole = best(lambda text=text: detector.judge(text, WAYS[1]), than)
        cut = best(lambda pieces=pieces: stream(detector, pieces), than)
        kept = whole <= most_whole and cut <= most_pieces
        limits = f"limits {most_whole:g} and {most_pieces:g}"
        print(f"{name:<38}{whole:>10.2f}{cut:>10.2f}  {limits}{'' if kept else ': OVER'}")
        fine = fine and kept
    return fine


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="the folder of the sets; without it, speed alone")
    options = parser.parse_args()
    detector = MinorsDetector(read_bundled(), ["minor"])
    fine = speed(detector)
    if options.data:
        fine = flagged(detector, options.data) and fine
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
