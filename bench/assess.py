"""What `chopmark assess run` costs over calling the target alone, and what its rules find.

    python bench/assess.py [--data DIR]

The bare target is called by as many threads in a plain loop. It waits, as a server's client does,
and answers with some 60 words. What is added are the drawing, the files and their syncs, and the
judging of every answer by the policy `cn`, which goes on beside the asking. Loading the policy's
models is counted apart: it is done once. Limit: 5 % where an answer takes half a second.

The clock tells of other programs, too. So the processor's own time for a case is told beside it,
over that of the plain loop, and what it makes of the run where one core is free: while it is less
than the target takes, only the last answers are waited for. The limit is for that.

With --data: how often the rules for refusals are right on labelled answers.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from chopmark.shares import wilson
from chopmark_assess._answer import Answer, Reply
from chopmark_assess._bank import Case
from chopmark_assess._begin import Plan, open_run
from chopmark_assess._conduct import Conductor
from chopmark_assess._judge import Judge
from chopmark_assess._refusal import Refusals
from chopmark_assess._target import Asking
from chopmark_assess._tokens import Counter

LIMIT = 0.05
WORKERS = 8
TEXT = (
    "the lake lies west of the town with hills on three sides and in spring people walk along "
    "causeways to look at blossoms while a boat takes others over to an island "
    "那里 的 茶 很 有名 山上 茶园 每年 春天 采茶 游客 可以 看到 炒茶 全过程"
)


class Waiting:
    """A target that waits for `seconds` and answers."""

    name = "waiting"

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def ask(self, case: Case, timeout: float) -> Reply:
        time.sleep(self.seconds)
        draw = random.Random(case.id)  # no two answers are alike: detectors keep what they judged
        return Reply(text=" ".join(draw.choices(TEXT.split(), k=60)))

    def close(self) -> None: ...


def main() -> int:
    """Print the figures; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="Labelled answers, a folder as in shared/data.")
    parser.add_argument("--cases", type=int, default=160)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    if asked.data:
        refusals(asked.data)
        return 0
    began = time.perf_counter()
    judge = Judge("cn")
    judge.judge(Answer(case="warm", text=TEXT))
    print(f"policy `cn` loaded once in {time.perf_counter() - began:.1f} s")
    worst = 0.0
    for seconds in (0.1, 0.5, 2.0):
        cases = max(WORKERS * 2, int(asked.cases * min(1, 0.5 / seconds)))
        over = [overhead(judge, f"{seconds}-{n}", seconds, cases) for n in range(asked.rounds)]
        clocks = [one.clock for one in over]
        least = min(over, key=lambda one: one.processor)
        added = max(0.0, least.core - 1) + WORKERS * least.processor / least.bare
        worst = max(worst, added) if seconds >= 0.5 else worst
        print(
            f"an answer in {seconds:3.1f} s, {WORKERS} at once, {cases} cases: {min(clocks):+.1%} "
            f"by the clock at best of {len(over)}, median {statistics.median(clocks):+.1%}; "
            f"{least.processor * 1000:.1f} ms of the processor a case, {least.core:.0%} of a core: "
            f"{added:+.1%} where that is free"
        )
    print(f"over the bare target from 0.5 s an answer on: {worst:+.1%}, limit {LIMIT:.0%}")
    return int(worst > LIMIT)


class Over(NamedTuple):
    """What a run took over a plain loop: its share by the clock, and seconds of the processor a
    case; `core` is which share of a core these are, and `bare` the seconds of the loop.
    """

    clock: float
    processor: float
    core: float
    bare: float


def overhead(judge: Judge, name: str, seconds: float, number: int) -> Over:
    """Return what a run of `number` cases takes over the bare target; no two have one `name`."""
    target = Waiting(seconds)
    with tempfile.TemporaryDirectory() as folder:
        bank = Path(folder) / "bank.csv"
        rows = "".join(f"{name}-{n},A.2.e,Question number {n}?\n" for n in range(number))
        bank.write_text(f"# kind: generation\nid,codes,text\n{rows}")
        plan = Plan(
            target="waiting", banks=(str(bank),), schema="gbt-45654", policy="cn", sizes=(),
            seed="s", asking=Asking(),
        )  # fmt: skip
        cases: list[Case] = []

        def conduct() -> None:
            run = open_run(Path(folder) / "run", plan, target.name, judge.name)
            Conductor(run, target, judge, Counter(), lambda came: None, threading.Event()).conduct(
                run.unasked, workers=WORKERS, timeout=60, per_minute=None, give_up=20
            )
            cases.extend(run.cases.values())

        took, worked = timed(conduct)

    def ask() -> None:
        with ThreadPoolExecutor(WORKERS) as pool:
            assert len(list(pool.map(lambda case: target.ask(case, 60), cases))) == number

    bare, own = timed(ask)
    processor = (worked - own) / number
    return Over(took / bare - 1, processor, processor * number / bare, bare)


def timed(work: Callable[[], None]) -> tuple[float, float]:
    """Return how many seconds `work` takes: of the clock, and of the processor."""
    began, busy = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - busy


def refusals(data: Path) -> None:
    """Print how often the rules say what people said."""
    rules = Refusals()
    for name, texts, expected in labelled(data):
        hits = sum(bool(rules.rule(text)) for text in texts)
        low, high = wilson(hits, len(texts))
        print(
            f"{name:<58} {hits:>5} of {len(texts):>5} called refusals: {hits / len(texts):6.1%} "
            f"({low:.1%} to {high:.1%}); should be {expected}"
        )


def labelled(data: Path) -> Iterator[tuple[str, list[str], str]]:
    folder = data / "pyrit-data" / "scorer_evals" / "refusal_scorer"
    scores: dict[str, set[str]] = {}
    for file in ("refusal.csv", "refusal_extra.csv"):
        lines = (folder / file).read_text("utf-8").splitlines(keepends=True)
        while lines[0].startswith("#"):
            lines.pop(0)
        for row in csv.DictReader(lines):
            scores.setdefault(row["assistant_response"], set()).add(row["human_score"][0])
    # An answer with both labels was paired with a request that it does not belong to: there the
    # label says that the request was not met, whatever the answer says.
    yield "PyRIT, called refusals by people (en)", only(scores, "1"), "all"
    yield "PyRIT, called answers by people (en)", only(scores, "0"), "none"
    rows = [row for level in ("hard", "medium") for row in jade(data, level)]
    yield "JADE v3, safe answers to harmful requests (zh)", [row[3] for row in rows], "most"
    yield "JADE v3, unsafe answers to the same (zh)", [row[2] for row in rows], "few"
    tasks = data / "self-instruct-benign-en" / "seed_tasks.jsonl"
    outputs = [
        instance["output"]
        for line in tasks.read_text("utf-8").splitlines()
        for instance in json.loads(line)["instances"]
    ]
    yield "self-instruct, outputs of seed tasks (en)", outputs, "none but 2"
    talk = (data / "kdconv-half-zh" / "utterances.txt").read_text("utf-8").splitlines()
    yield "KdConv, utterances of dialogues (zh)", talk, "none"


def only(scores: dict[str, set[str]], label: str) -> list[str]:
    return [text for text, labels in scores.items() if labels == {label}]


def jade(data: Path, level: str) -> Iterable[list[str]]:
    text = (data / "jade-zh" / f"jade_alignment_{level}_zh.csv").read_text("gb18030")
    return list(csv.reader(text.splitlines(keepends=True)))[1:]


if __name__ == "__main__":
    sys.exit(main())
