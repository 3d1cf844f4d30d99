"""What a report over a million records takes: seconds and memory, beside reading the JSON alone.

    python bench/report.py [--records 1000000]

The limits are 10 seconds and 500 MB, for a million records. The records are made up, in the form
and the length of real ones; writing them is not counted.
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
from dataclasses import replace
from pathlib import Path

from chopmark import Verdict
from chopmark.testing import sample_record
from chopmark_jsonl import encode

SECONDS, MEGABYTES = 10.0, 500.0
CATEGORIES = ("pii.email", "hate", "violence", "keyword.fraud")


def write(path: Path, records: int) -> None:
    chance = random.Random(1)
    base = replace(sample_record(), failures=(), verdicts=())
    with path.open("wb") as file:
        for n in range(records):
            record = replace(
                base, id=str(uuid.UUID(int=n)), time=1_732_000_000_000 + n * 3000,
                duration=int(chance.expovariate(1 / 800)),
            )  # fmt: skip
            if chance.random() < 0.1:
                category = chance.choice(CATEGORIES)
                found = Verdict(category=category, start=0, end=3, detector="onnx")
                record = replace(record, action="block", ending="blocked", verdicts=(found,))
            file.write(encode(record))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=1_000_000)
    records = parser.parse_args().records
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "records.jsonl", records)
        policy = folder / "p.toml"
        policy.write_text('plugins = ["jsonl"]\n[settings.jsonl]\npath = "records.jsonl"\n')
        started = time.perf_counter()
        with (folder / "records.jsonl").open("rb") as file:
            for line in file:
                json.loads(line)
        parsing = time.perf_counter() - started
        command = [sys.executable, "-m", "chopmark", "report", "--policy", str(policy)]
        started = time.perf_counter()
        subprocess.run([*command, "--out", str(folder / "report.html")], check=True)
        took = time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{records:,} records, as a page with plots: {took:.1f} s, {memory:.0f} MB")
    print(f"the JSON alone: {parsing:.1f} s, so {took / parsing:.2f} times that")
    print(f"limits at a million: {SECONDS:g} s, {MEGABYTES:g} MB")
    return 0 if took <= SECONDS * records / 1e6 and memory <= MEGABYTES else 1


if __name__ == "__main__":
    sys.exit(main())
