"""What following a conversation costs: a turn's read and write in each store.

The limit is a ratio in one run: a write to the SQLite store over the bare statement in a
transaction of its own. Times are printed beside it, with and without another process that writes
to the same file all the time.

    python bench/conversation.py [--repeat N] [--redis ADDRESS]

A Redis server has to be there already; what it keeps of this begins with "chopmark-bench:".

Exits with 1 where the limit is exceeded.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.synchronize import Event
from pathlib import Path

from chopmark.stores import MemoryStore, RedisStore, SQLiteStore, Store
from chopmark_conversation import Build, State

LIMIT = 2.0
KEYS = [f"{n:032x}" for n in range(64)]


def change(kept: bytes | None) -> bytes:
    return Build().after(State.unpack(kept), 1e9, 0.1, answered=True).pack()


def write(path: Path, ready: Event, stop: Event) -> None:
    store = SQLiteStore(path, timeout=5)
    while not stop.is_set():
        store.update(KEYS[0], change)
        ready.set()
    store.close()


def times(works: dict[str, Callable[[int], object]], repeat: int) -> dict[str, list[float]]:
    """Return microseconds of each run, the works taking turns, sorted."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for n in range(repeat):
        for name, work in works.items():
            started = time.perf_counter()
            work(n)
            found[name].append((time.perf_counter() - started) * 1e6)
    return {name: sorted(values) for name, values in found.items()}


def works(store: Store, name: str) -> dict[str, Callable[[int], object]]:
    return {
        f"{name}, read": lambda n: store.load(KEYS[n % 64]),
        f"{name}, write": lambda n: store.update(KEYS[n % 64], change),
    }


def bare(connection: sqlite3.Connection) -> Callable[[int], object]:
    def work(n: int) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT OR REPLACE INTO t VALUES (?, ?, ?)", (KEYS[n % 64], 0.5, 1e9))
        connection.execute("COMMIT")

    return work


def show(name: str, values: list[float]) -> None:
    p99 = values[int(len(values) * 0.99)]
    print(f"{name:<44}{statistics.median(values):>10.1f}{p99:>10.1f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=3_000)
    parser.add_argument("--redis", metavar="ADDRESS", help="of a server to measure, too")
    asked = parser.parse_args()
    repeat = asked.repeat
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(
            "CREATE TABLE t (key TEXT PRIMARY KEY, risk REAL, at REAL) WITHOUT ROWID"
        )
        store = SQLiteStore(folder / "risk.db", timeout=5)
        server = RedisStore(asked.redis, prefix="chopmark-bench:") if asked.redis else None
        alone = times(
            {
                **works(MemoryStore(), "memory"),
                **works(store, "sqlite"),
                **(works(server, "redis") if server else {}),
                "the bare statement": bare(connection),
            },
            repeat,
        )
        print(f"{'microseconds':<44}{'p50':>10}{'p99':>10}")
        for what, values in alone.items():
            show(what, values)
        spawn = multiprocessing.get_context("spawn")
        ready, stop = spawn.Event(), spawn.Event()
        other = spawn.Process(target=write, args=(folder / "risk.db", ready, stop))
        other.start()
        ready.wait(60)
        for what, values in times(works(store, "sqlite, another process writing"), repeat).items():
            show(what, values)
        stop.set()
        other.join()
        store.close()
        connection.close()
    write_p50 = statistics.median(alone["sqlite, write"])
    ratio = write_p50 / statistics.median(alone["the bare statement"])
    fine = ratio <= LIMIT
    print(f"sqlite, write, over the bare statement: {ratio:.2f} (limit {LIMIT:g})")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
