"""What the pages of the desk about the log take, whatever it holds: each under 100 milliseconds.

    python bench/desk.py [--records 30000] [--json]

A log of so many records is made in a new folder, a hundred days of calls with a category that one
in 20,000 has, and some complaints. Then a browser without a network opens each page in turn, 15
times; the time is that of the whole request, login and HTML included, and the processor's beside
it: on a machine that has other things to do, the limit is for that. The first reading of the log,
which goes on in the background when the desk starts, is told apart, as is what a page takes while
it goes on, what the next desk reads, and the memory of all of it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from report import CATEGORIES
from starlette.testclient import TestClient

from chopmark import Event, Record, Verdict, load_policy
from chopmark.reading import paged
from chopmark.terminal import table
from chopmark.testing import sample_record
from chopmark_desk._app import make_app
from chopmark_desk._desk import Desk, open_desk
from chopmark_desk._known import running_of
from chopmark_log._folder import LogFolder
from chopmark_log._integrate import integrating, publish
from chopmark_log._leaf import call_leaf, commitments_of, encode, event_leaf

MILLISECONDS = 100.0
ROUNDS = 15
PASSWORD = "quiet otters count to nine"
_RARE = 20_000
_BATCH = 4096
_DAYS = 100
_START = 1_780_000_000_000
_POLICY = """
plugins = ["keyword", "log", "complaints"]
[settings.log]
path = "log"
integrate = false
"""


def entries(number: int) -> Iterator[Record | Event]:
    """Yield calls of a hundred days, and a complaint for every ten thousand."""
    chance = random.Random(1)
    base = replace(sample_record(), failures=(), verdicts=(), action="allow")
    for n in range(number):
        at = _START + n * _DAYS * 86_400_000 // number
        id = f"{at:012x}7{chance.getrandbits(12):03x}8{chance.getrandbits(60):015x}"
        id = f"{id[:8]}-{id[8:12]}-{id[12:16]}-{id[16:20]}-{id[20:]}"
        if n % 10_000 == 9_999:
            yield Event(id=id, time=at, kind="complaint.received", data={"deadline": at + 10**9})
            continue
        record = replace(
            base, id=id, time=at, model=f"model-{chance.randrange(6)}",
            duration=int(chance.expovariate(1 / 800)),
        )  # fmt: skip
        if chance.random() < 0.1:
            category = "rare.thing" if n % _RARE == _RARE // 2 else chance.choice(CATEGORIES)
            found = Verdict(category=category, start=0, end=3, detector="onnx", version="3f2a")
            record = replace(record, action="block", ending="blocked", verdicts=(found,))
        yield record


def fill(folder: LogFolder, number: int) -> None:
    """Take so many entries into a new log, as the process that integrates does."""
    folder.create("bench.example/desk")
    store = folder.open(writing=True)
    made, count = entries(number), 0
    with integrating(folder):
        while batch := list(islice(made, _BATCH)):
            leaves = []
            for one in batch:
                if isinstance(one, Event):
                    leaf = event_leaf(one, "w", count)
                else:
                    leaf = call_leaf(one, "w", count, commitments_of(one))
                leaves.append((bytes.fromhex(one.id.replace("-", "")), encode(leaf)))
                count += 1
            store.take(leaves, {})
        publish(folder, store)
    store.close()


class Browser(TestClient):
    """A browser that is logged in."""

    def log_in(self) -> None:
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', self.get("/login").text)
        assert found is not None
        form = {"csrf": found[1], "name": "admin", "password": PASSWORD}
        assert self.post("/login", data=form, follow_redirects=False).status_code == 303

    def took(self, path: str) -> tuple[float, float]:
        """Return the milliseconds that a page takes: of the clock, and of the processor."""
        started, busy = time.perf_counter(), time.process_time()
        found = self.get(path)
        took = (time.perf_counter() - started) * 1000, (time.process_time() - busy) * 1000
        assert found.status_code == 200, (path, found.status_code)
        return took


def measure(desk: Desk, number: int) -> dict[str, Any]:
    """Return the milliseconds of each page: while the log is read, and after."""
    with Browser(make_app(desk), base_url="http://localhost") as browser:
        browser.log_in()
        running, meanwhile = running_of(desk), []
        started, busy = time.perf_counter(), time.process_time()
        while not running.follow(1.0).is_whole:
            meanwhile.append(browser.took("/")[0])
        read, worked = time.perf_counter() - started, time.process_time() - busy
        middle = next(paged(desk.log).forward(number // 2)).said["id"]
        pages = {
            "overview": "/",
            "calls, the newest": "/calls",
            "calls, from the middle on": f"/calls?before={number // 2}",
            "calls of a common category": "/calls?category=hate",
            "calls of a rare category": "/calls?category=rare",
            "calls of a category that is nowhere": "/calls?category=nowhere",
            "calls of the first day": "/calls?from=2026-05-28&to=2026-05-29",
            "blocked calls of a model, one day": "/calls?action=block&model=model-3&to=2026-07-01",
            "one call, with its proof": f"/calls/{middle}",
            "policies, and a difference": "/policies?left=cn",
            "word lists": "/words",
            "a word list": "/words/1",
            "verify": "/verify",
        }
        drawing, _ = browser.took("/pictures/days")
        for path in pages.values():
            browser.took(path)  # the first time compiles templates
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in pages}
        for _ in range(ROUNDS):
            for name, path in pages.items():
                times[name].append(browser.took(path))
    return {
        "records": number,
        "read_seconds": read,
        "read_processor": worked,
        "meanwhile": sorted(meanwhile),
        "drawing": drawing,
        "pages": {
            name: {"clock": sorted(clock), "processor": sorted(busy)}
            for name, found in times.items()
            for clock, busy in [zip(*found, strict=True)]
        },
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=30_000)
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "service.toml").write_text(_POLICY)
        fill(LogFolder(folder / "log"), given.records)
        with open_desk(load_policy(folder / "service.toml")) as desk:
            desk.users.add("admin", "admin", PASSWORD)
            found = measure(desk, given.records)
        with open_desk(load_policy(folder / "service.toml")) as desk:
            started = time.perf_counter()
            while not running_of(desk).follow(1.0).is_whole:
                pass
            found["next_seconds"] = time.perf_counter() - started
    pages = found["pages"].items()
    held = all(statistics.median(took["processor"]) <= MILLISECONDS for _, took in pages)
    if given.json:
        print(json.dumps(found, indent=2))
        return 0 if held else 1
    rows = [
        (name, *(f"{statistics.median(took[by]):.1f}" for by in ("processor", "clock")),
         f"{took['clock'][0]:.1f}", f"{took['clock'][-1]:.1f}")
        for name, took in pages
    ]  # fmt: skip
    print(table(("PAGE", "PROCESSOR MS", "CLOCK MS", "LEAST", "MOST"), rows))
    meanwhile = found["meanwhile"] or [0.0]
    print(
        f"{given.records:,} records: each page within {MILLISECONDS:g} ms of the processor: "
        f"{'yes' if held else 'NO'}; the first reading took {found['read_seconds']:.1f} s, "
        f"{found['read_processor']:.1f} of the processor, with the overview in it, that of "
        f"the next desk {found['next_seconds']:.2f} s, and the "
        f"overview {statistics.median(meanwhile):.0f} ms meanwhile ({len(found['meanwhile'])} "
        f"times); both plots are drawn in {found['drawing']:.0f} ms; {found['megabytes']:.0f} MB; "
        f"{os.cpu_count()} cores"
    )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
