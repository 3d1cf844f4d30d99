"""How often a sentence is wrongly said to have support in its source, or to have none.

    python bench/sources.py

On bench/texts/support.toml, our own texts in Chinese and English. The limits, at the threshold that
the plugin has: at most .10 of what the source says, mostly in its words, is warned of, and at least
.90 of what it does not say, or says with another number. What says the same in other words, and the
opposite in the same words, is shown and held against no limit: no comparison of words sees it.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections import defaultdict
from pathlib import Path

from chopmark_report._figures import Rate
from chopmark_sources import SUPPORT
from chopmark_sources._support import sentences

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TEXTS = Path(__file__).parent / "texts" / "support.toml"
KINDS = ("supported", "reworded", "invented", "number", "opposite")
WRONGLY, RIGHTLY = 0.10, 0.90


def main() -> int:
    cases = tomllib.loads(TEXTS.read_text("utf-8"))["case"]
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    silent: dict[tuple[str, str], int] = defaultdict(int)
    for case in cases:
        for kind in KINDS:
            for text in case[kind]:
                told = list(sentences(text, [case["source"]]))
                key = (case["language"], kind)
                found[key] += [min(one.support for one in told)] if told else []
                silent[key] += not told
    print(f"{'':<4}{'':<12}{'sentences':>10}{'too short':>10}{'warned of':>11}   95 % interval")
    for (language, kind), values in found.items():
        rate = Rate(sum(value < SUPPORT for value in values), len(values))
        low, high = rate.interval
        print(f"{language:<4}{kind:<12}{len(values):>10}{silent[language, kind]:>10}"
              f"{rate.value:>11.2f}   {low:.2f} to {high:.2f}")  # fmt: skip
    for least in (0.2, 0.3, 0.4, 0.5, 0.6):
        shares = [_share(found, kind, least) for kind in KINDS]
        print(f"below {least:.1f}: " + ", ".join(map("{} {:.2f}".format, KINDS, shares)))
    source, answer = cases[0]["source"] * 20, " ".join(cases[1]["supported"]) * 8
    print(f"an answer of {len(answer)} characters, {len(source)} of sources: "
          f"{_microseconds(answer, source):.0f} µs")  # fmt: skip
    wrongly = _share(found, "supported", SUPPORT)
    rightly = min(_share(found, "invented", SUPPORT), _share(found, "number", SUPPORT))
    print(f"supported: {wrongly:.2f} (limit {WRONGLY}); others: {rightly:.2f} (limit {RIGHTLY})")
    return 0 if wrongly <= WRONGLY and rightly >= RIGHTLY else 1


def _share(found: dict[tuple[str, str], list[float]], kind: str, least: float) -> float:
    values = [value for (_, one), some in found.items() for value in some if one == kind]
    return sum(value < least for value in values) / len(values)


def _microseconds(answer: str, source: str) -> float:
    times = []
    for _ in range(50):
        started = time.perf_counter()
        list(sentences(answer, [source]))
        times.append((time.perf_counter() - started) * 1e6)
    return statistics.median(times)


if __name__ == "__main__":
    sys.exit(main())
