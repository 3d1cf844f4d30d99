"""What the label costs a stream, beside the same guarded stream without one.

    python bench/label_stream.py [--rounds 60] [--json]

The flow without a label has one detector that finds nothing, so that it is no bare loop; the others
have the label, too, at each place and in each format. All take turns in every round. Printed are
microseconds of processor time a chunk, least and median of the rounds, over the flow without one,
and as a ratio to it. Limit: 2 µs a chunk in each, least of the rounds; the exit status is 1 where
one is over it.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping

from chopmark import Chopmark, Policy
from chopmark.testing import WordDetector, plugin
from chopmark_label import Label

LIMIT = 2.0
CHUNKS = 500
PLACES: Mapping[str, Mapping[str, object]] = {
    "start": {},
    "end": {"position": "end"},
    "both": {"position": "both"},
    "every": {"every": 200},
}
WITHOUT = "no label"
# An answer in Markdown, in pieces of about a token.
ANSWER = (
    "## The lake\n\nIt lies west of the old town; two causeways cross it.\n\n- a walk of an hour\n"
    "- a boat, from any of the piers\n\n```python\nfor stop in line:\n    print(stop)\n```\n\n"
    "西湖在杭州城西，湖上有苏堤和白堤，四季景色各不相同。\n\n"
)


def main() -> int:
    """Print the figures; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    asked = parser.parse_args()
    took = measure(flows(), asked.rounds)
    low, mid = ({n: f(t) for n, t in took.items()} for f in (min, statistics.median))
    found = {
        name: {
            "least_us": round(low[name] - low[WITHOUT], 3),
            "median_us": round(mid[name] - mid[WITHOUT], 3),
            "ratio": round(low[name] / low[WITHOUT], 3),
        }
        for name in took
        if name != WITHOUT
    }
    over = [name for name, figures in found.items() if figures["least_us"] > LIMIT]
    if asked.json:
        print(json.dumps({"without_us": round(low[WITHOUT], 3), "limit_us": LIMIT, "over": found}))
    else:
        print(f"{WITHOUT}: {low[WITHOUT]:.2f} µs a chunk; limit for a label {LIMIT} µs")
        for name, figures in found.items():
            print(
                f"{name:<18} least {figures['least_us']:>6.2f}  median {figures['median_us']:>6.2f}"
                f"  ratio {figures['ratio']:.2f}{'  over the limit' if name in over else ''}"
            )
    return int(bool(over))


def flows() -> dict[str, Callable[[], int]]:
    detector = WordDetector({"~": "deny"})
    made = {WITHOUT: flow(Chopmark(Policy(name="one"), plugins=[plugin(detectors=[detector])]))}
    for form in ("plain", "markdown", "html"):
        for place, options in PLACES.items():
            if form == "html" and place == "every":
                continue  # there is no such label
            both = plugin(detectors=[detector], markers=[Label({**options, "format": form})])
            made[f"{form}, {place}"] = flow(Chopmark(Policy(name="label"), plugins=[both]))
    return made


def flow(chop: Chopmark) -> Callable[[], int]:
    text = (ANSWER * 20)[: 4 * CHUNKS]
    pieces = [text[at : at + 4] for at in range(0, len(text), 4)]

    @chop.guard
    def answer(question: str) -> Iterator[str]:
        yield from pieces

    return lambda: sum(1 for _ in answer("a question"))


def measure(runs: Mapping[str, Callable[[], int]], rounds: int) -> dict[str, list[float]]:
    """Return the microseconds a chunk of each round."""
    took: dict[str, list[float]] = {name: [] for name in runs}
    gc.disable()
    order = list(runs.items())
    for turn in range(rounds + 1):
        order = [*order[1:], order[0]]  # none is always the first one after the collection
        for name, run in order:
            started = time.process_time_ns()
            run()
            if turn:  # the first one fills caches
                took[name].append((time.process_time_ns() - started) / 1000 / CHUNKS)
        gc.collect()
    gc.enable()
    return took


if __name__ == "__main__":
    sys.exit(main())
