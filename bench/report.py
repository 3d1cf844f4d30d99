"""What a report over a million records takes: seconds and memory, beside reading the JSON alone.

    python bench/report.py [--records 1000000] [--log 200000] [--policy FILE]

The limits are 10 seconds and 500 MB for a million records, and seconds in proportion for less; the
seconds are those of the clock, on a machine that has nothing else to do. The memory is that of the
largest process: a transparency log is counted by up to four, as many as there are processors. The
records are made up, in the form and the length of real ones; writing them is not counted. They are
read from JSON Lines, and fewer of them from the transparency log, which takes a minute a million to
write; or from the log of FILE alone, such as `bench/desk.py --folder` leaves.
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
    """Return the processor's seconds that parsing the records as JSON takes, and nothing else."""
    lines = [encode(record) for record in records(20_000)]
    started = time.process_time()
    for line in lines:
        json.loads(line)
    return (time.process_time() - started) * number / len(lines)


def report(name: str, policy: Path, out: Path) -> bool:
    """Print what a report of the log of `policy` takes; return whether that is within limits."""
    command = [sys.executable, "-m", "chopmark", "report", "--policy", str(policy)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    done = subprocess.run([*command, "--out", str(out)], check=True, capture_output=True, text=True)
    took = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    number = int(done.stdout.split(": ")[-1].split()[0].replace(",", ""))
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    memory = after.ru_maxrss / 1024  # of the largest child so far
    limit = SECONDS * number / 1e6
    print(
        f"{name}: {number:,} calls, as a page with plots: {took:.1f} s of the clock (limit "
        f"{limit:.3g}), {busy:.1f} of the processors, {memory:.0f} MB (limit {MEGABYTES:g}); "
        f"{busy / parse(number):.2f} times the JSON alone"
    )
    return took <= limit and memory <= MEGABYTES


def made(plugin: str, number: int) -> bool:
    """Do so for a log of so many records, which is made for it."""
    with tempfile.TemporaryDirectory() as name:
        return report(plugin, write(plugin, Path(name), number), Path(name) / "report.html")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--log", type=int, default=200_000)
    parser.add_argument("--policy", type=Path, help="of a log that is there, instead")
    given = parser.parse_args()
    if given.policy:
        with tempfile.TemporaryDirectory() as name:
            held = [report(str(given.policy), given.policy, Path(name) / "report.html")]
    else:
        held = [made("jsonl", given.records), made("log", given.log)]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
