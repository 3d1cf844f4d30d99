"""Measures plugin `onnx`: what it adds to tokenizer and network, batches, long texts, memory.

    python bench/onnx.py [--model bundled:small]

The ratios, which a machine's speed does not change, have limits: the exit status is 1 over one.
The parts are tokenizer, arrays and session as a program of three lines has them. Everything is
taken in turns in one run; times are medians. But where it says so, nothing is remembered.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from chopmark import Chopmark, Context, Policy
from chopmark._scanners import open_scanner
from chopmark_onnx import OnnxDetector, chopmark_detectors
from chopmark_onnx._batches import Batches
from chopmark_onnx._onnxruntime import onnxruntime

OUTPUT = Context(direction="output")
LIMIT = 1.2
GROWTH = 1.5
CLAUSES = (
    "好。",
    "今天天气很好，我们一起去公园散步吧。",
    "Let us meet at the library at noon and talk about it.",
    "这部小说讲的是一个年轻人离开家乡，到大城市谋生的故事，写得很细致，也很感人，值得一读再读。",
)
ROUNDS = 400


def main() -> int:
    """Print the figures; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="bundled:small")
    model = parser.parse_args().model
    worst = show_ratio(model)
    growth = show_growth(model)
    show_conversation(model)
    show_batches(model)
    show_threads(model)
    show_long(model)
    show_memory(model)
    print(f"\nworst ratio {worst:.2f}, limit {LIMIT}; growth {growth:.2f}, limit {GROWTH}")
    return int(worst > LIMIT or growth > GROWTH)


def made(model: str, **options: object) -> OnnxDetector:
    policy = Policy(name="bench").with_options("onnx", model=model, **{"cache": 0, **options})
    [detector] = chopmark_detectors(policy)
    assert isinstance(detector, OnnxDetector)
    detector.warm_up()
    return detector


class Parts:
    """The tokenizer and the network alone, as a program of one's own would call them.

    It uses the detector's own session, so that both find the weights in the same caches; with
    `arena` it opens one with onnxruntime's defaults.
    """

    def __init__(self, detector: OnnxDetector, *, arena: bool = False) -> None:
        scorer = detector.stages[0].shared.load()
        self.tokenizer = scorer.encoder._tokenizer
        self.session = scorer.network._session
        if arena:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            self.session = onnxruntime.InferenceSession(
                str(detector.folder.model), options, providers=["CPUExecutionProvider"]
            )
        self.inputs = {given.name: given.type for given in self.session.get_inputs()}
        self.type = np.int32 if "int32" in self.inputs["input_ids"] else np.int64

    def ids(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer.encode(text).ids
        return ids

    def feed(self, rows: Sequence[Sequence[int]]) -> dict[str, Any]:
        longest = max(map(len, rows))
        ids = np.ones((len(rows), longest), np.int64)
        mask = np.zeros((len(rows), longest), np.int64)
        for number, row in enumerate(rows):
            ids[number, : len(row)] = row
            mask[number, : len(row)] = 1
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        return {
            name: given[name].astype(np.int32 if "int32" in kind else np.int64)
            for name, kind in self.inputs.items()
        }

    def run(self, feed: dict[str, Any]) -> Any:
        return self.session.run(None, feed)[0]

    def score(self, text: str) -> Any:
        """Score a text in the shortest way there is."""
        ids = np.array([self.tokenizer.encode(text).ids], self.type)
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        if "token_type_ids" in self.inputs:
            given["token_type_ids"] = np.zeros_like(ids)
        return self.session.run(None, given)[0]


def medians(calls: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """Return what each call costs in microseconds, tried in turns."""
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for call, taken in zip(calls, times, strict=True):
            started = time.perf_counter()
            call()
            taken.append((time.perf_counter() - started) * 1e6)
    return [statistics.median(taken) for taken in times]


def show_ratio(model: str) -> float:
    """Print a line for each clause; return the worst ratio."""
    detector = made(model)
    parts = Parts(detector)
    print("one clause: microseconds, and the detector in times of its parts in a plain program")
    print(f"{'tokens':>8}{'tokenizer':>11}{'network':>9}{'parts':>8}{'detector':>10}{'ratio':>7}")
    worst = 0.0
    for text in CLAUSES:
        ids = parts.ids(text)
        feed = parts.feed([ids])
        calls: tuple[Callable[[], object], ...] = (
            partial(parts.ids, text),
            partial(parts.run, feed),
            partial(parts.score, text),
            partial(detector.judge, text, OUTPUT),
        )
        gc.disable()
        tokenizer, network, whole, judged = medians(calls, ROUNDS)
        gc.enable()
        ratio = judged / whole
        worst = max(worst, ratio)
        print(
            f"{len(ids):>8}{tokenizer:>11.1f}{network:>9.1f}{whole:>8.1f}{judged:>10.1f}"
            f"{ratio:>7.2f}"
        )
    return worst


def prose(characters: int, draw: random.Random) -> str:
    """Return a text of clauses that no earlier one had."""
    words = "今天气很好我们一起去公园散步图书馆见面小说讲个年轻人离开家乡故事"
    clauses = []
    while sum(map(len, clauses)) < characters:
        clauses.append("".join(draw.choices(words, k=24)) + "。")
    return "".join(clauses)[-characters:]


def show_growth(model: str) -> float:
    """Print what the end of an answer costs; return how much more behind 10,000 characters."""
    draw = random.Random(1)
    quiet = {"report_from": 1.0, "threshold": 1.0}  # a find would shorten what the next one sees
    ways = {
        "by clause": made(model, **quiet),
        "whole, nothing remembered": made(model, granularity="whole", **quiet),
        "whole": made(model, granularity="whole", cache=2048, **quiet),
    }
    lengths = (100, 1_000, 10_000)
    print("\nthe last 25 characters of a stream: microseconds, by the length of the answer")
    print(" " * 28 + "".join(f"{length:>10,}" for length in lengths))
    grown = {}
    for way, detector in ways.items():
        times: dict[int, list[float]] = {length: [] for length in lengths}
        for _ in range(7):
            for length, taken in times.items():
                text = prose(length, draw)
                scanner = open_scanner(detector, OUTPUT, 100)
                scanner.feed(text[:-25])
                started = time.perf_counter()
                scanner.feed(text[-25:])
                scanner.finish()
                taken.append((time.perf_counter() - started) * 1e6)
        low = [min(taken) for taken in times.values()]
        print(f"  {way:<26}" + "".join(f"{taken:>10.0f}" for taken in low))
        grown[way] = low[-1] / low[-2]
    return max(grown["by clause"], grown["whole"])


def show_conversation(model: str) -> None:
    """Print what the requests of a conversation cost, each of which repeats all before it."""
    draw = random.Random(2)
    turns = [prose(200, draw) for _ in range(20)]
    took: dict[int, list[float]] = {0: [], 2048: []}
    for _ in range(3):
        for cache, times in took.items():
            policy = Policy(name="bench", plugins=("onnx",)).with_options(
                "onnx", model=model, cache=cache, warm_up=True
            )
            chop = Chopmark(policy)
            started = time.perf_counter()
            for turn in range(len(turns)):
                for message in turns[: turn + 1]:
                    chop.screen(message)
            times.append((time.perf_counter() - started) * 1e3)
            del chop
            gc.collect()  # and with the last detector what was remembered
    without, remembered = min(took[0]), min(took[2048])
    print("\n20 requests of a conversation, each with all messages of 200 characters before it")
    print(f"  nothing remembered {without:.0f} ms, as it is {remembered:.0f} ms")


def show_batches(model: str) -> None:
    """Print what a row of a batch costs, and what company does to a score."""
    detector = made(model)
    lean, usual = Parts(detector), Parts(detector, arena=True)
    print("\na batch: microseconds for each row, without and with onnxruntime's arena")
    print(f"{'tokens':>8}{'rows':>6}{'without':>9}{'with':>9}")
    draw = np.random.default_rng(1)
    for tokens, rows in ((16, 1), (16, 4), (16, 16), (128, 1), (128, 8), (128, 32)):
        feed = lean.feed(draw.integers(4, 20_000, (rows, tokens)).tolist())
        for parts in (lean, usual):
            parts.run(feed)
        calls = (partial(lean.run, feed), partial(usual.run, feed))
        without, with_arena = (taken / rows for taken in medians(calls, max(12, 400 // rows)))
        print(f"{tokens:>8}{rows:>6}{without:>9.0f}{with_arena:>9.0f}")
    ids = [lean.ids(text * n) for n in (1, 2) for text in CLAUSES]
    together = lean.run(lean.feed(ids))
    alone = np.concatenate([lean.run(lean.feed([row])) for row in ids])
    moved = np.abs(1 / (1 + np.exp(-together)) - 1 / (1 + np.exp(-alone))).max()
    print(f"a probability moves by up to {moved:.4f} where eight texts share a batch")


class Joined:
    """What the option `batch` does, on the network that it is refused for."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._batches = Batches(self._run_all, 32, 0.002, lambda: threading.active_count() - 1)
        self.sizes: list[int] = []

    def _run_all(self, windows: Sequence[list[int]]) -> Any:
        self.sizes.append(len(windows))
        return self._parts.run(self._parts.feed(windows))

    def __call__(self, text: str) -> None:
        self._batches(self._parts.ids(text))


def show_threads(model: str) -> None:
    """Print the pace of callers at the same time, and how near it is to `session.run` alone."""
    detector = made(model)
    parts = Parts(detector)
    texts = [text * (n % 2 + 1) for n in range(160) for text in CLAUSES]
    feeds = {text: parts.feed([parts.ids(text)]) for text in set(texts)}
    joined = Joined(parts)
    ways: dict[str, Callable[[str], object]] = {
        "session.run": lambda text: parts.run(feeds[text]),
        "and tokenizer": parts.score,
        "the detector": lambda text: detector.judge(text, OUTPUT),
        "joined": joined,
    }
    print("\ncallers at the same time: texts a second, and in parts of session.run; best of 3")
    print(f"{'callers':>8}" + "".join(f"{way:>20}" for way in ways))
    for count in (1, 8, 64):
        best = dict.fromkeys(ways, 0.0)
        for _ in range(3):
            for way, ask in ways.items():
                best[way] = max(best[way], hammer(ask, texts, count))
        bare = best["session.run"]
        line = "".join(f"{pace:>12.0f} /{pace / bare:>6.2f}" for pace in best.values())
        print(f"{count:>8}{line}")
    print(f"a joined batch held {statistics.mean(joined.sizes):.1f} texts")


def hammer(ask: Callable[[str], object], texts: Sequence[str], count: int) -> float:
    def work(own: Sequence[str]) -> None:
        for text in own:
            ask(text)

    threads = [threading.Thread(target=work, args=(texts[n::count],)) for n in range(count)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(texts) / (time.perf_counter() - started)


def show_long(model: str) -> None:
    """Print how long a megabyte takes: at once, and clause by clause through the SDK."""
    text = "".join(CLAUSES) * 10_000
    text = text.encode()[:1_000_000].decode(errors="ignore")
    detector = made(model, granularity="whole")
    started = time.perf_counter()
    found = detector.judge(text, OUTPUT)
    print(f"\na megabyte ({len(text):,} characters)")
    cut = [v.detail for v in found if v.category == "unjudged"]
    print(f"  whole      {time.perf_counter() - started:6.2f} s  {', '.join(cut) or 'all judged'}")
    policy = Policy(name="bench", plugins=("onnx",)).with_options("onnx", model=model, cache=0)
    chop = Chopmark(policy)
    started = time.perf_counter()
    chop.screen(text)
    clauses = text.count("。") + text.count(". ")
    print(f"  by clause  {time.perf_counter() - started:6.2f} s  about {clauses:,} clauses")
    remembering = made(model, granularity="whole", cache=2048)
    started = time.perf_counter()
    remembering.judge("a" * 10_000_000, OUTPUT)
    print(f"ten megabytes of one letter, whole, {time.perf_counter() - started:.2f} s")


MEMORY = """
import gc, json, resource, sys, time
from chopmark import Chopmark, Policy
def rss():
    gc.collect()
    try:
        return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() / 1e6
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
def made(plugins):
    policy = Policy(name="bench", plugins=plugins)
    if plugins:
        policy = policy.with_options("onnx", model=sys.argv[1])
    return Chopmark(policy)
bare = made(())
found = {"SDK alone": rss()}
started = time.perf_counter()
chop = made(("onnx",))
built = time.perf_counter() - started
found["policy loaded"] = rss()
started = time.perf_counter()
chop.screen("好。")
first = time.perf_counter() - started
found["first text judged"] = rss()
others = [made(("onnx",)) for _ in range(9)]
for other in others:
    other.screen("好。")
found["ten policies"] = rss()
for n in range(1500):
    chop.screen("今天天气很好，" * (n % 97 + 1))
found["1,500 texts of all lengths"] = rss()
chop.screen("今天天气很好，" * 48_000)
found["after a megabyte"] = rss()
print(json.dumps({"rss": found, "built": built, "first": first}))
"""


def show_memory(model: str) -> None:
    """Print the resident memory of a process without and with the plugin, and the cold start."""
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, model], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    print("\nresident memory, MB")
    for when, size in found["rss"].items():
        print(f"  {when:<28}{size:>7.1f}")
    built, first = found["built"] * 1000, found["first"] * 1000
    print(f"policy loaded in {built:.0f} ms, first text {first:.0f} ms")


if __name__ == "__main__":
    sys.exit(main())
