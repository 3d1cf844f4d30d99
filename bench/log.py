"""What the log costs, and how it grows, beside raw SQLite and other logs, in one interleaved run.

    python bench/log.py --quick             every row, in about a minute
    python bench/log.py [--folder DIR] [--entries 10000 100000 1000000] [--peers VENV] [--json]

Limits (two cores, a disk whose syncs take 0.2 to 4 ms):

    a durable append, beside raw SQLite with synchronous = FULL, at batch 1, 10, 100    >= 0.8
    an append with `os`, with building its record: p50 <= 80 us, p99 <= 1 ms
    64 threads that wait for the disk, beside logs that commit each append              >= 100
    of 4 processes the slowest beside the fastest                                       >= 0.5
    a proof at a million entries                                                        <= 2 ms
    a full verify, entries a second of one core                                     >= 200,000
    bytes an entry in the log, all of it                                                <= 750
    bytes an entry that fingerprints of answers add, by which texts are found           <= 550

`--peers` is an environment in which pymerkle, auditchain and ledgerchain are installed, or some of
them: `python -m venv VENV && VENV/bin/pip install pymerkle auditchain ledgerchain`. A batch of raw
SQLite is one transaction; one of the log is as many frames in a spool with one sync. What is
integrated is beside that: the same rows, in the tree, in one transaction. Times are medians of
rounds in turns, with the least and the most in brackets. What is verified a second is that of a
core, by the processor's time, since others may be at work. `--quick` has fewer and shorter rounds,
and a log of 30,000 entries: good to see what is wrong, and not to be quoted.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import secrets
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from jsonl import RECORD, quantile

from chopmark import Content, Message, Record
from chopmark._record import new_id
from chopmark.terminal import table
from chopmark_log._audit import audit
from chopmark_log._canonical import encode
from chopmark_log._export import prove
from chopmark_log._find import find
from chopmark_log._folder import FINGERPRINTS, LogFolder
from chopmark_log._integrate import publish
from chopmark_log._leaf import call_leaf
from chopmark_log._log import TransparencyLog
from chopmark_log._signing import read_verifier_key
from chopmark_log._spool import Spool
from chopmark_log._sqlite import SqliteFile
from chopmark_log._sqlite_store import SqliteStore
from chopmark_log._store import id_of

PARTS = ("batches", "calls", "waiting", "fairness", "growth", "texts")
PEERS = ("pymerkle", "auditchain", "ledgerchain")
PEER = Path(__file__).parent / "peers" / "log_peer.py"
WRITER = "19b0a1b2c3d-12345-0a1b2c3d"


@dataclass(frozen=True)
class Effort:
    """How long is measured: rounds, and seconds of a round."""

    rounds: int = 7
    batch: float = 0.4
    calls: int = 1500
    together: tuple[int, float] = (3, 2.0)
    race: tuple[int, float] = (3, 5.0)
    texts: int = 20_000


WHOLE = Effort()
QUICK = Effort(rounds=2, batch=0.15, calls=700, together=(1, 1.0), race=(1, 2.5), texts=1500)


def begin(what: str) -> None:
    """Say on the terminal what is measured now."""
    print(f"{time.perf_counter() - STARTED:5.0f} s  {what}", file=sys.stderr, flush=True)


STARTED = time.perf_counter()


def record() -> Record:
    return replace(RECORD, id=new_id(), time=time.time_ns() // 1_000_000)


def leaf(number: int) -> bytes:
    """Return a leaf as a call has it; no two have a hash in common."""
    digests = {name: secrets.token_urlsafe(32) for name in ("request", "answer", "user")}
    return encode(call_leaf(record(), WRITER, number, digests))


def leaves(start: int, count: int) -> list[bytes]:
    """Return what `leaf` returns for so many numbers, in a tenth of the time."""
    number = 1 << 50
    model = leaf(number)
    said = json.loads(model)
    digests = [said["commit"][name] for name in sorted(said["commit"])]
    for value in (*digests, said["id"], str(number)):  # in the order in which they stand there
        model = model.replace(value.encode(), b"%s")
    return [
        model
        % (*(secrets.token_urlsafe(32).encode() for _ in digests), new_id().encode(), b"%d" % at)
        for at in range(start, start + count)
    ]


def spread(values: list[float], digits: int = 0) -> str:
    shown = [f"{one:,.{digits}f}" for one in (statistics.median(values), min(values), max(values))]
    return f"{shown[0]} [{shown[1]} .. {shown[2]}]"


@contextmanager
def new_log(folder: str | None) -> Iterator[LogFolder]:
    with tempfile.TemporaryDirectory(dir=folder) as there:
        made = LogFolder(Path(there) / "log")
        made.create("example.com/bench")
        yield made


def batches(folder: str | None, effort: Effort) -> dict[str, Any]:
    """Durable appends a second, by batch: raw SQLite, the log's intake, the log's tree."""
    found: dict[str, Any] = {}
    with new_log(folder) as made:
        raw = sqlite3.connect(made.path / "raw.db", isolation_level=None)
        raw.execute("PRAGMA journal_mode = WAL")
        raw.execute("PRAGMA synchronous = FULL")
        raw.execute("CREATE TABLE entries (at INTEGER PRIMARY KEY, leaf BLOB NOT NULL)")
        spool = Spool(made.spools, "bench")
        store = made.open(writing=True)
        numbers = iter(range(1 << 40))

        def into_sqlite(batch: int) -> None:
            raw.execute("BEGIN IMMEDIATE")
            raw.executemany(
                "INSERT INTO entries (leaf) VALUES (?)",
                [(leaf(next(numbers)),) for _ in range(batch)],
            )
            raw.execute("COMMIT")

        def into_spool(batch: int) -> None:
            for _ in range(batch):
                end = spool.append(leaf(next(numbers)))
            spool.sync(end)

        def into_tree(batch: int) -> None:
            made = [leaf(next(numbers)) for _ in range(batch)]
            store.take([(id_of(one), one) for one in made], {"bench": next(numbers)})

        ways = {"sqlite": into_sqlite, "append": into_spool, "tree": into_tree}
        for batch in (1, 10, 100):
            rates: dict[str, list[float]] = {name: [] for name in ways}
            for _ in range(2 * effort.rounds):
                for name, way in ways.items():
                    rates[name].append(rate(partial(way, batch), effort.batch) * batch)
            # Round by round, since the disk is not the same from one second to the next.
            ratios = {
                name: [one / other for one, other in zip(some, rates["sqlite"], strict=True)]
                for name, some in rates.items()
            }
            found[str(batch)] = {
                **{name: spread(some) for name, some in rates.items()},
                "append_ratio": round(statistics.median(ratios["append"]), 2),
                "append_ratios": spread(ratios["append"], 2),
                "tree_ratios": spread(ratios["tree"], 2),
            }
        raw.close()
        store.close()
        spool.close()
    return found


def rate(run: Callable[[], object], seconds: float) -> float:
    """Return how often a second `run` can be run."""
    count, start = 0, time.perf_counter()
    while (taken := time.perf_counter() - start) < seconds:
        run()
        count += 1
    return count / taken


def calls(folder: str | None, effort: Effort) -> dict[str, Any]:
    """What a call waits for an append with `os`, while its process also takes in.

    `cpu` is what the processor does for it in the median: others who are at work change that less.
    """
    halves: dict[str, list[float]] = {"p50": [], "p99": [], "max": [], "cpu": []}
    with new_log(folder) as made:
        log = TransparencyLog({"path": str(made.path)})
        clock = time.perf_counter_ns
        for _ in range(500):
            log.append(record())
        for _ in range(effort.rounds):
            taken, worked = [], []
            for _ in range(effort.calls):
                begun = time.thread_time_ns()
                start = clock()
                log.append(record())
                taken.append((clock() - start) / 1000)
                worked.append((time.thread_time_ns() - begun) / 1000)
                time.sleep(0.0003)  # calls come; a loop without a pause measures the other thread
            taken.sort()
            halves["p50"].append(quantile(taken, 0.5))
            halves["p99"].append(quantile(taken, 0.99))
            halves["max"].append(taken[-1])
            halves["cpu"].append(quantile(sorted(worked), 0.5))
        log.close()
    return {f"{name}_us": spread(some, 1) for name, some in halves.items()} | {
        "p50": statistics.median(halves["p50"]), "p99": statistics.median(halves["p99"]),
    }  # fmt: skip


def waiting(folder: str | None, effort: Effort, peers: str | None) -> dict[str, Any]:
    """Records a second that are on the disk, with 64 threads that wait; and peers."""
    rates: dict[str, list[float]] = {"log": []}
    rounds, seconds = effort.together
    for _ in range(rounds):
        with new_log(folder) as made:
            rates["log"].append(_together(made, 64, seconds))
        for name in PEERS if peers else ():
            with tempfile.TemporaryDirectory(dir=folder) as there:
                done = subprocess.run(
                    [os.path.join(str(peers), "bin", "python"), PEER, name, there, str(seconds)],
                    input=leaf(0), capture_output=True, check=False,
                )  # fmt: skip
                if done.returncode == 0:
                    rates.setdefault(name, []).append(float(done.stdout))
    middle = {name: statistics.median(some) for name, some in rates.items()}
    ratios = {f"beside_{name}": round(middle["log"] / middle[name]) for name in middle}
    del ratios["beside_log"]
    return {**{name: spread(some) for name, some in rates.items()}, **ratios}


def _together(made: LogFolder, count: int, seconds: float) -> float:
    """Return the records a second that so many threads get onto the disk."""
    log = TransparencyLog({"path": str(made.path), "durability": "disk"})
    start = time.perf_counter()
    done: list[int] = []

    def append() -> None:
        own = 0
        while time.perf_counter() < start + seconds:
            log.append(record())
            own += 1
        done.append(own)

    threads = [threading.Thread(target=append) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = sum(done) / (time.perf_counter() - start)
    log.close()
    return found


def fairness(folder: str | None, effort: Effort) -> dict[str, Any]:
    """Records of each of four processes that write to the disk for five seconds."""
    shares, totals = [], []
    rounds, seconds = effort.race
    for _ in range(rounds):
        with new_log(folder) as made:
            counts = _race(made, 4, seconds)
        shares.append(min(counts) / max(counts))
        totals.append(sum(counts) / seconds)
    return {"slowest_beside_fastest": spread(shares, 2), "all_a_second": spread(totals)}


def _race(made: LogFolder, count: int, seconds: float) -> list[int]:
    racers = []
    start = time.time() + 0.3
    for _ in range(count):
        out, told = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                log = TransparencyLog({"path": str(made.path), "durability": "disk"})
                log.append(record())
                time.sleep(max(0.0, start - time.time()))
                done = 0
                while time.time() < start + seconds:
                    log.append(record())
                    done += 1
                os.write(told, str(done).encode())
            finally:
                os.kill(os.getpid(), signal.SIGKILL)
        os.close(told)
        racers.append((child, out))
    counts = []
    for child, out in racers:
        counts.append(int(os.read(out, 64)))
        os.close(out)
        os.waitpid(child, 0)
    return counts


def growth(folder: str | None, sizes: list[int]) -> dict[str, Any]:
    """Bytes, proofs and verifying, as the log grows."""
    found: dict[str, Any] = {}
    with new_log(folder) as made:
        store = made.open(writing=True)
        key = read_verifier_key(str(made.public))
        taking, told = 0.0, time.perf_counter()
        for size in sorted(sizes):
            before = store.size
            while (at := store.size) < size:
                batch = [(id_of(one), one) for one in leaves(at, min(4096, size - at))]
                start = time.perf_counter()
                store.take(batch, {"bench": at + 1})
                taking += time.perf_counter() - start
                if time.perf_counter() - told > 5:
                    told = time.perf_counter()
                    begin(f"growth: {at:,} of {size:,} entries")
            publish(made, store)
            begin(f"growth: verifying {size:,} entries, three times")
            rates = []
            for _ in range(3):
                start = time.process_time()  # of one core: others may be at work here
                seen = audit(store, [key])
                rates.append(size / (time.process_time() - start))
                assert not seen.faults, seen.faults
            proofs = []
            for n in range(200):
                start = time.perf_counter()
                prove(store, n * (size // 200))
                proofs.append((time.perf_counter() - start) * 1000)
            found[str(size)] = {
                "verified_a_second": spread(rates),
                "proof_ms": spread(proofs, 2),
                "taken_a_second": round((size - before) / taking),
                "bytes_an_entry": round(_bytes(store) / size),
                "leaf_bytes": len(leaf(0)),
                "verify": statistics.median(rates), "proof": statistics.median(proofs),
            }  # fmt: skip
            taking = 0.0
            begin(f"growth: {size:,} entries: {found[str(size)]}")
        store.close()
    return found


def texts(folder: str | None, effort: Effort) -> dict[str, Any]:
    """Bytes an entry that finding texts adds to the log, and those of the texts, sealed."""
    chance = random.Random(7)
    words = [_word(chance) for _ in range(4000)]
    with new_log(folder) as made:
        log = TransparencyLog({"path": str(made.path)})
        characters = 0
        for at in range(effort.texts):
            said = "".join(chance.choices(words, k=160))
            characters += len(said)
            asked = Message(role="user", text="".join(chance.choices(words, k=20)))
            log.append_with(record(), Content(messages=(asked,), answer=said, user=f"u{at % 500}"))
        log.close()
        find(made, "".join(chance.choices(words, k=60)))
        size = effort.texts
        index = sum(one.stat().st_size for one in (made.path / FINGERPRINTS).rglob("*"))
        side = SqliteFile(made.path / "side.db", writing=True)
        side.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        side.close()
        return {
            "entries": size, "characters_an_answer": round(characters / size),
            "index_bytes_an_entry": round(index / size),
            "sealed_bytes_an_entry": round((made.path / "side.db").stat().st_size / size),
        }  # fmt: skip


def _word(chance: random.Random) -> str:
    """Return a word of two or three Chinese characters; what they mean does not matter here."""
    return "".join(chr(chance.randrange(0x4E00, 0x9F00)) for _ in range(chance.choice((2, 2, 3))))


def _bytes(store: SqliteStore) -> int:
    store.file.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    return store.file.path.stat().st_size


def limits(results: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """Return what was measured beside what was asked for."""
    rows = []

    def row(what: str, value: float, least: float | None = None, most: float | None = None) -> None:
        holds = value >= least if least is not None else value <= float(most or 0)
        limit = f">= {least:,}" if least is not None else f"<= {most:,}"
        rows.append((what, f"{value:,}", limit, "holds" if holds else "MISSED"))

    for batch, found in results.get("batches", {}).items():
        row(f"append beside SQLite, batch {batch}", found["append_ratio"], least=0.8)
    if "calls" in results:
        row("append with os, p50 us", results["calls"]["p50"], most=80)
        row("append with os, p99 us", results["calls"]["p99"], most=1000)
    for name in PEERS:
        if f"beside_{name}" in results.get("waiting", {}):
            row(f"64 threads beside {name}", results["waiting"][f"beside_{name}"], least=100)
    if "fairness" in results:
        share = float(results["fairness"]["slowest_beside_fastest"].split(" ")[0])
        row("slowest process beside fastest", share, least=0.5)
    for size, found in results.get("growth", {}).items():
        row(f"proof at {int(size):,}, ms", round(found["proof"], 2), most=2)
        row(f"verify at {int(size):,}, entries/s", round(found["verify"]), least=200_000)
        row(f"bytes an entry at {int(size):,}", found["bytes_an_entry"], most=750)
    if "texts" in results:
        found = results["texts"]["index_bytes_an_entry"]
        row("bytes an entry to find it again", found, most=550)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", help="where logs are made; by default a temporary one")
    parser.add_argument("--entries", type=int, nargs="+")
    parser.add_argument("--quick", action="store_true", help="every row, in about a minute")
    parser.add_argument(
        "--only", choices=PARTS, nargs="+", default=PARTS, help="measure these alone"
    )
    parser.add_argument("--peers", help="an environment with other logs")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.folder is not None and shutil.disk_usage(given.folder).free < 2 << 30:
        sys.exit("less than 2 GiB are free there")
    effort = QUICK if given.quick else WHOLE
    entries = given.entries or ([30_000] if given.quick else [10_000, 100_000, 1_000_000])
    ways: dict[str, Callable[[], dict[str, Any]]] = {
        "batches": lambda: batches(given.folder, effort),
        "calls": lambda: calls(given.folder, effort),
        "waiting": lambda: waiting(given.folder, effort, given.peers),
        "fairness": lambda: fairness(given.folder, effort),
        "growth": lambda: growth(given.folder, entries),
        "texts": lambda: texts(given.folder, effort),
    }
    results: dict[str, Any] = {
        "python": platform.python_version(), "sqlite": sqlite3.sqlite_version,
        "cores": os.cpu_count(), "load": os.getloadavg(),
    }  # fmt: skip
    for name in given.only:
        begin(name)
        results[name] = ways[name]()
    results["load_after"] = os.getloadavg()
    begin("done")
    if given.json:
        print(json.dumps(results, indent=2))
        return
    for name in given.only:
        print(f"\n{name}")
        for key, value in results[name].items():
            print(f"  {key}: {value}")
    print()
    print(table(("WHAT", "FOUND", "LIMIT", ""), limits(results)))


if __name__ == "__main__":
    main()
