"""What policy `cn` costs a streamed answer: 1,000 characters in 100 chunks, beside the bare loop.

Limits: 300 µs without the ONNX models; with them, 1.2 times the sum of the parts: the tokenizing
and the runs of the network that one such call asks for, of the first model and, where that is
unsure, of the second, each on its own; and the policy without them. A busy machine moves that
ratio: what the policy does for the models beside their runs is also timed, with ones that remember.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from chopmark import Chopmark, Policy, load_policy

ZH = "西湖位于杭州城西，三面环山，湖上有苏堤和白堤，四季景色各不相同，是中国最有名的湖泊之一。"
EN = "The lake lies west of the city, with hills on three sides; its causeways are well known. "
ROUNDS = 60
ALONE = 1500


class Asked(NamedTuple):
    """What a model was asked, and what it found; `growth` tells texts apart that grew."""

    scorer: Any
    text: str
    most: int
    growth: int
    found: Any


def policy(folder: str, *, onnx: bool) -> Policy:
    from dataclasses import replace

    whole = load_policy("cn").with_options("log", path=os.path.join(folder, "log"))
    if onnx:
        whole = whole.with_options("onnx", cache=0)  # the same answer is asked for again and again
    plugins = tuple(p for p in whole.plugins if onnx or p != "onnx")
    return replace(whole, plugins=plugins)


def measure(text: str, folder: str) -> dict[str, float]:
    pieces = [text[i : i + 10] for i in range(0, 1000, 10)]

    def bare(prompt: str) -> Iterator[str]:
        yield from pieces

    light = Chopmark(policy(folder, onnx=False)).guard(bare)
    whole = Chopmark(policy(folder, onnx=True))
    guarded = whole.guard(bare)
    (model,) = [d for d in whole.detectors if d.name.startswith("onnx")]
    question = "介绍一下西湖"
    asked = listen(model, lambda: list(guarded(question)))

    def parts() -> None:
        from chopmark_onnx._progress import Growth

        texts: dict[int, Growth] = {}
        for one in asked:
            growth = texts.setdefault(one.growth, Growth())
            one.scorer.score(one.text, one.most, growth=growth)

    took = interleaved(
        {"bare": lambda: list(bare(question)), "without": lambda: list(light(question))}, ALONE
    )
    # Apart: a process without the models has no network either that empties the caches.
    took |= interleaved({"parts": parts, "with": lambda: list(guarded(question))}, ROUNDS)
    with remembering(asked):
        runs = {"again": lambda: list(light(question)), "beside": lambda: list(guarded(question))}
        took |= interleaved(runs, ALONE // 3)
    low = {name: min(times) for name, times in took.items()}
    mid = {name: statistics.median(times) for name, times in took.items()}
    return {
        "without_us_min": low["without"] - low["bare"],
        "without_us_median": mid["without"] - mid["bare"],
        "with_us_min": low["with"] - low["bare"],
        "parts_us_min": low["parts"],
        "ratio_to_parts": (low["with"] - low["bare"])
        / (low["parts"] + low["without"] - low["bare"]),
        "beside_us_min": low["beside"] - low["again"],
        "runs": len(asked),
        "runs_of_the_second": sum(one.scorer is not asked[0].scorer for one in asked),
    }


def interleaved(runs: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Return the microseconds of each run; taking turns, a busy moment hits all of them."""
    took: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(rounds + 1):
        for name, run in runs.items():
            started = time.perf_counter()
            run()
            if turn:  # the first one fills caches
                took[name].append((time.perf_counter() - started) * 1e6)
    return took


def listen(model: Any, call: Callable[[], object]) -> list[Asked]:
    """Return what `call` asks of the models: of which, about which text, by how many windows.

    Of texts that grew only the end is judged again.
    """
    asked: list[Asked] = []
    kept: list[object] = []  # so that no two have one id

    def hear(scorer: Any) -> None:
        score = scorer.score

        def heard(text: str, most: int, **how: Any) -> Any:
            kept.append(how["growth"])
            found = score(text, most, **how)
            asked.append(Asked(scorer, text, most, id(how["growth"]), found))
            return found

        scorer.score = heard

    model.warm_up()
    scorers = [stage.shared.load() for stage in model.stages]
    for scorer in scorers:
        hear(scorer)
    call()
    for scorer in scorers:
        del scorer.score
    return asked


@contextmanager
def remembering(asked: Sequence[Asked]) -> Iterator[None]:
    """Have the models that were asked give the same answers without running."""
    by_scorer: dict[Any, dict[str, Any]] = {}
    for one in asked:
        by_scorer.setdefault(one.scorer, {})[one.text] = one.found
    for scorer, found in by_scorer.items():
        scorer.score = lambda text, most, found=found, **how: found[text]
    try:
        yield
    finally:
        for scorer in by_scorer:
            del scorer.score


MEMORY = """
import resource, sys
from collections.abc import Callable, Iterator
from typing import Any
def rss():
    with open('/proc/self/statm') as f: return int(f.read().split()[1]) * resource.getpagesize()
from langchain_core.language_models.chat_models import BaseChatModel
before = rss()
from chopmark import Chopmark, load_policy
policy = load_policy('cn').with_options('log', path=sys.argv[1])
chop = Chopmark(policy)
chop.screen('你好，世界。')
print((rss() - before) / 2**20)
"""


def memory(folder: str) -> float:
    """Return what a process that has LangChain grows by for policy `cn`, in MiB."""
    code = [sys.executable, "-c", MEMORY, os.path.join(folder, "memory")]
    return float(subprocess.run(code, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found: dict[str, object] = {
            "zh": measure(ZH * 30, folder),
            "en": measure(EN * 15, folder),
            "memory_mib": memory(folder),
        }
    if asked.json:
        print(json.dumps(found, indent=2))
        return
    for language in ("zh", "en"):
        row = found[language]
        assert isinstance(row, dict)
        print(
            f"policy cn, {language}, 100 chunks  without the model {row['without_us_min']:6.0f} µs "
            f"(median {row['without_us_median']:.0f}; limit 300)   with it "
            f"{row['with_us_min']:6.0f} µs = {row['ratio_to_parts']:.2f} x its parts (limit 1.2; "
            f"{row['runs']} runs, {row['runs_of_the_second']} of them of the second model, and "
            f"{row['beside_us_min']:.0f} µs beside them)"
        )
    grown = found["memory_mib"]
    print(f"memory of a process with policy cn, over one with LangChain alone: {grown:.0f} MiB")


if __name__ == "__main__":
    main()
