"""What a report over a million records takes: seconds and memory, beside reading the JSON alone.

    python bench/report.py [--records 1000000] [--log 200000]

The limits are 10 seconds and 500 MB for a million records, and seconds in proportion for less. The
records are made up, in the form and the length of real ones; writing them is not counted. They are
read from JSON Lines, and fewer of them from the transparency log, which takes a minute a million to
write.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from chopmark import Record, Verdict, load_policy
from chopmark.reading import open_log
from chopmark.testing import sample_record
from chopmark_jsonl import encode

SECONDS, MEGABYTES = 10.0, 500.0
CATEGORIES = ("pii.email", "hate", "violence", "keyword.fraud")


def records(number: int) -> Iterator[Record]:
    chance = random.Random(1)
    base = replace(sample_record(), failures=(), verdicts=())
    for n in range(number):
        record = replace(
            base, id=str(uuid.UUID(int=n)), time=1_732_000_000_000 + n * 3000,
            duration=int(chance.expovariate(1 / 800)),
        )  # fmt: skip
        if chance.random() < 0.1:
            category = chance.choice(CATEGORIES)
            found = Verdict(category=category, start=0, end=3, detector="onnx", version="3f2a")
            record = replace(record, action="block", ending="blocked", verdicts=(found,))
        yield record


def write(plugin: str, folder: Path, number: int) -> Path:
    """Write the records into a log of `plugin`, and return the policy that names it."""
    policy = folder / f"{plugin}.toml"
    policy.write_text(f'plugins = ["{plugin}"]\n[settings.{plugin}]\npath = "{plugin}.records"\n')
    if plugin == "jsonl":  # a file is a file, however it was written
        with (folder / "jsonl.records").open("wb") as file:
            file.writelines(map(encode, records(number)))
        return policy
    log = open_log(load_policy(policy))
    for record in records(number):
        log.append(record)
    log.close()
    return policy


def parse(number: int) -> float:
    """Return the seconds that parsing the records as JSON takes, and nothing else."""
    lines = [encode(record) for record in records(20_000)]
    started = time.perf_counter()
    for line in lines:
        json.loads(line)
    return (time.perf_counter() - started) * number / len(lines)


def report(plugin: str, number: int) -> bool:
    with tempfile.TemporaryDirectory() as name:
        policy = write(plugin, Path(name), number)
        command = [sys.executable, "-m", "chopmark", "report", "--policy", str(policy)]
        started = time.perf_counter()
        subprocess.run([*command, "--out", str(Path(name) / "report.html")], check=True)
        took = time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    limit = SECONDS * number / 1e6
    print(
        f"{plugin}: {number:,} records, as a page with plots: {took:.1f} s (limit {limit:g}), "
        f"{memory:.0f} MB (limit {MEGABYTES:g}); {took / parse(number):.2f} times the JSON alone"
    )
    return took <= limit and memory <= MEGABYTES


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--log", type=int, default=200_000)
    given = parser.parse_args()
    held = [report("jsonl", given.records), report("log", given.log)]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
