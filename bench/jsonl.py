"""What an append to the log costs, beside a bare `os.write` of the same bytes.

    python bench/jsonl.py [--appends 20000] [--fsync interval] [--folder DIR]

Prints one JSON object; times are microseconds. With `interval` one append in 0.2 seconds pays for
a sync, which the median does not show and `append_max` does. `without_encode` is what locking,
looking for a moved file and writing cost.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace

from chopmark import Commitment, Mark, Record, Usage, Verdict
from chopmark_jsonl import JsonlLog, encode

COMMITMENT = Commitment(digest="0123456789abcdef" * 4, characters=420)
RECORD = Record(
    id="0190c8f2-7a3b-7c1d-9e2f-4a5b6c7d8e9f", time=1_760_000_000_000, policy="cn@0123456789abcdef",
    adapter="openai", model="qwen-plus", audience="", stream=True, action="modify",
    ending="completed", judged=True, request=COMMITMENT, answer=COMMITMENT, user=COMMITMENT,
    messages=3,
    verdicts=(
        Verdict(category="pii.mobile", start=12, end=23, score=1.0, outcome="modify",
                replacement="[手机号]", detector="pii"),
        Verdict(category="harm.violence", start=0, end=40, score=0.312, outcome="warn",
                detector="onnx", direction="input"),
    ),
    marks=(
        Mark(marker="label", kind="visible", where="start",
             data={"standard": "GB 45438-2025", "language": "zh", "wording_ok": "yes"}),
    ),
    failures=(), usage=Usage(input_tokens=211, output_tokens=388), holdback=24, duration=1834,
    sdk="0.1.0",
)  # fmt: skip


def timed(count: int, run: Callable[[], object]) -> list[float]:
    """Return the microseconds of each of `count` runs, ordered."""
    clock = time.perf_counter_ns
    taken = []
    for _ in range(count):
        start = clock()
        run()
        taken.append((clock() - start) / 1000)
    return sorted(taken)


def quantile(ordered: list[float], share: float) -> float:
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--appends", type=int, default=20_000)
    parser.add_argument("--fsync", default="interval", choices=("never", "interval", "always"))
    parser.add_argument("--folder", default=None, help="where to write; by default a temporary one")
    given = parser.parse_args()
    line = encode(RECORD)
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        fd = os.open(os.path.join(folder, "bare"), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        log = JsonlLog({"path": os.path.join(folder, "log.jsonl"), "fsync": given.fsync})
        records = iter([replace(RECORD, messages=n) for n in range(given.appends + 500)])
        timed(500, lambda: os.write(fd, line))
        timed(500, lambda: log.append(next(records)))
        bare: list[float] = []
        appends: list[float] = []
        for _ in range(10):  # in turns, so that a slow moment of the machine meets both
            bare += timed(given.appends // 10, lambda: os.write(fd, line))
            appends += timed(given.appends // 10, lambda: log.append(next(records)))
        log.close()
        os.close(fd)
    encodes = timed(given.appends, lambda: encode(RECORD))
    bare.sort()
    appends.sort()
    result = {
        "bytes": len(line),
        "fsync": given.fsync,
        "python": sys.version.split()[0],
        "append_p50": quantile(appends, 0.5),
        "append_p99": quantile(appends, 0.99),
        "append_max": quantile(appends, 1.0),
        "encode_p50": quantile(encodes, 0.5),
        "without_encode_p50": round(quantile(appends, 0.5) - quantile(encodes, 0.5), 2),
        "bare_write_p50": quantile(bare, 0.5),
        "bare_write_p99": quantile(bare, 0.99),
        "ratio_p50": round(quantile(appends, 0.5) / quantile(bare, 0.5), 2),
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
