"""How many lines a second `chopmark screen --jsonl` judges: by threads, and by processes.

    python bench/screen.py [--policy cn] [--lines 2000]

Threads are those of the command. Processes are what it could have had in their place: each loads
the policy for itself, and lines go there and back. Limit: with two threads on two cores the command
keeps 0.75 of the pace of two processes, start not counted.
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import multiprocessing.pool
import random
import sys
import time
from collections.abc import Callable

from chopmark import Chopmark, Policy, load_policy
from chopmark._scored import screen_scored
from chopmark._screen_lines import answers, parse, written

LIMIT = 0.75
WORDS = ("the", "lake", "lies", "west", "of", "town", "we", "walk", "there", "我们", "今天", "去")


def main() -> int:
    """Print the figures; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--policy", default="cn")
    parser.add_argument("--lines", type=int, default=2000)
    asked = parser.parse_args()
    chosen = policy(asked.policy)
    data = texts(asked.lines)
    chop = Chopmark(chosen)
    ways: dict[str, Callable[[], int]] = {
        "1 thread": lambda: by_threads(chop, data, 1),
        "2 threads": lambda: by_threads(chop, data, 2),
    }
    context = multiprocessing.get_context("spawn")
    with context.Pool(1, start, (chosen,)) as one, context.Pool(2, start, (chosen,)) as two:
        ways["1 process"] = lambda: by_processes(one, data)
        ways["2 processes"] = lambda: by_processes(two, data)
        best = dict.fromkeys(ways, 0.0)
        for _ in range(3):
            for way, run in ways.items():
                started = time.perf_counter()
                assert run() == asked.lines
                best[way] = max(best[way], asked.lines / (time.perf_counter() - started))
    for way, pace in best.items():
        print(f"{way:<12}{pace:>8.0f} lines a second")
    ratio = best["2 threads"] / best["2 processes"]
    print(f"two threads over two processes {ratio:.2f}, limit {LIMIT}")
    return int(ratio < LIMIT)


def policy(name: str) -> Policy:
    found = load_policy(name)
    return found.with_options("onnx", cache=0) if "onnx" in found.plugins else found


def texts(count: int) -> bytes:
    draw = random.Random(1)
    lines = [
        {"id": number, "text": " ".join(draw.choices(WORDS, k=draw.randint(3, 60)))}
        for number in range(count)
    ]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def by_threads(chop: Chopmark, data: bytes, workers: int) -> int:
    found = answers(chop, io.BytesIO(data), workers=workers, direction="input", audience="")
    return sum(1 for answer in found if answer.output)


CHOP: list[Chopmark] = []


def start(chosen: Policy) -> None:
    CHOP.append(Chopmark(chosen))


def judged(line: bytes) -> str:
    item = parse(line, "input")
    return written(item.id, screen_scored(CHOP[0], item.text, item.direction, ""))


def by_processes(pool: multiprocessing.pool.Pool, data: bytes) -> int:
    return sum(1 for answer in pool.imap(judged, data.splitlines(), chunksize=16) if answer)


if __name__ == "__main__":
    sys.exit(main())
