"""What policy `cn` adds to the wait for a streamed answer's first text, and for its last.

    python bench/stream.py [--pace 20] [--rounds 5] [--json]

An answer of 1,000 characters in 100 pieces comes at the pace of a model; the same function is asked
bare and guarded in turn, and the caller notes when the first text and when the last piece came.
What is added to the first text is mostly hold-back: a clause must end before it can be judged. So
the wait for the clause's end is shown apart: it is what the pace, and not the computer, costs.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator

from chopmark import Chopmark, load_policy

ZH = "西湖位于杭州城西，三面环山，湖上有苏堤和白堤，四季景色各不相同，是中国最有名的湖泊之一。"
EN = "The lake lies west of the city, with hills on three sides; its causeways are well known. "
PIECE = 10


def pieces_of(text: str) -> list[str]:
    whole = (text * (1000 // len(text) + 1))[:1000]
    return [whole[at : at + PIECE] for at in range(0, len(whole), PIECE)]


def listen(answer: Callable[[str], Iterator[str]]) -> tuple[float, float]:
    """Return after how many milliseconds the first text and the last piece came."""
    started = time.perf_counter()
    first = last = 0.0
    for text in answer("?"):
        last = (time.perf_counter() - started) * 1000
        if text and not first:
            first = last
    return first, last


def measure(text: str, pace: float, rounds: int, folder: str) -> dict[str, float]:
    pieces = pieces_of(text)

    def bare(prompt: str) -> Iterator[str]:
        started = time.perf_counter()
        for n, piece in enumerate(pieces, 1):  # the server goes on while a piece is judged
            time.sleep(max(0.0, started + n * pace - time.perf_counter()))
            yield piece

    # Nothing of one round may be remembered in the next.
    policy = load_policy("cn").with_options("onnx", cache=0)
    chop = Chopmark(policy.with_options("log", path=os.path.join(folder, "log")))
    runs = {"bare": bare, "guarded": chop.guard(bare)}
    listen(runs["guarded"])  # loads the models
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            took[name].append(listen(run))
    first, last = (
        {name: statistics.median(times[part] for times in took[name]) for name in runs}
        for part in (0, 1)
    )
    clause = next(n for n, piece in enumerate(pieces, 1) if set(piece) & set("。；;"))
    return {
        "first_ms": first["guarded"] - first["bare"],
        "last_ms": last["guarded"] - last["bare"],
        "bare_first_ms": first["bare"],
        "bare_last_ms": last["bare"],
        "wait_for_clause_ms": (clause - 1) * pace * 1000,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pace", type=float, default=20, help="milliseconds a piece")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = {
            name: measure(text, asked.pace / 1000, asked.rounds, folder)
            for name, text in (("zh", ZH), ("en", EN))
        }
    if asked.json:
        print(json.dumps(found, indent=2))
        return
    for name, figures in found.items():
        print(
            f"{name}: first text {figures['bare_first_ms']:.0f} ms bare, "
            f"{figures['first_ms']:+.0f} ms guarded ({figures['wait_for_clause_ms']:.0f} of it "
            f"until a clause ends); last piece {figures['bare_last_ms']:.0f} ms bare, "
            f"{figures['last_ms']:+.1f} ms guarded"
        )


if __name__ == "__main__":
    main()
