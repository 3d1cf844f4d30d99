"""Runs guard packages side by side: what they cost, and what they let through while streaming.

    python bench/peers/compare.py --setup                     # makes the peers' environments
    python bench/peers/compare.py --env nemoguardrails=PATH   # or name those that are there
    python bench/peers/compare.py --markdown --only chopmark,NeMo

Every row is a process of its own, in an environment of its own; rounds take the rows in turn, so
that what else the machine does meets all of them. No network is used, apart from --setup. A peer
that is missing or fails is a row that says so. Times in the tables are CPU time; --json has
wall time too. docs/figures-peers.md says how to read the tables.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from environments import OWN, REQUIREMENTS, ROOT, ROWS, PeerError, Row, Running, set_up
from figures import summary, tables

WARM_UP = 3


def main() -> None:
    asked = _arguments()
    rows = [row for row in ROWS if any(part in row.name for part in asked.only.split(","))]
    start = time.time()
    with ExitStack() as stack:
        results = compare(rows, places(rows, asked), asked.rounds, stack)
    about = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "rounds": asked.rounds,
        "seconds": round(time.time() - start),
    }
    if asked.json:
        print(json.dumps({"about": about, "rows": results}, ensure_ascii=False, indent=2))
        return
    print(tables(results, asked.markdown))
    used = {pair for row in results.values() for pair in row.get("versions", {}).items()}
    print("\n" + ", ".join(" ".join(pair) for pair in sorted(used)))
    print(", ".join(f"{name} {value}" for name, value in about.items()))


def places(rows: list[Row], asked: argparse.Namespace) -> dict[str, Path | PeerError]:
    """Return where each environment is, set up if that was asked for."""
    found: dict[str, Path | PeerError] = {}
    given = dict(pair.split("=", 1) for pair in asked.env)
    for name in dict.fromkeys(row.env for row in rows):
        own = Path(sys.executable) if name == OWN else asked.folder.absolute() / name
        found[name] = Path(given[name]).absolute() if name in given else own
        if asked.setup and name not in given and name != OWN:
            try:
                set_up(name, asked.folder.absolute() / name)
            except PeerError as failed:
                found[name] = failed
    return found


def compare(
    rows: list[Row], found: dict[str, Path | PeerError], rounds: int, stack: ExitStack
) -> dict[str, Any]:
    """Return the figures by the row's name, or `{"failed": why}`."""
    results: dict[str, Any] = {row.name: {} for row in rows}
    running: dict[str, Running] = {}
    calls: dict[str, list[Any]] = {row.name: [] for row in rows}
    streams: dict[str, list[Any]] = {row.name: [] for row in rows}

    def attempt(work: Callable[[Row], None], row: Row) -> None:
        if "failed" in results[row.name]:
            return
        try:
            work(row)
        except (PeerError, OSError, ValueError) as failed:
            results[row.name] = {"failed": str(failed)[:200]}

    def begin(row: Row) -> None:
        name = row.name
        place = found[row.env]
        if isinstance(place, PeerError):
            raise place
        running[name] = Running.start(row, place)
        stack.callback(running[name].stop)
        results[name]["versions"] = running[name].order("hello")["versions"]
        running[name].order("calls", count=WARM_UP)
        running[name].order("streams", count=WARM_UP)

    def once(row: Row) -> None:
        calls[row.name].append(running[row.name].order("calls"))
        streams[row.name].append(running[row.name].order("streams"))

    def end(row: Row) -> None:
        probe = running[row.name].order("probe")
        results[row.name].update(summary(calls[row.name], streams[row.name], probe))

    # Starting and probing are not timed, so they share the cores; rounds run one by one.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(partial(attempt, begin), rows))
        for _ in range(rounds):
            for row in rows:
                attempt(once, row)
        list(pool.map(partial(attempt, end), rows))
    return results


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--env",
        action="append",
        default=[],
        metavar="NAME=PATH",
        help=f"an environment or interpreter; NAME is one of {', '.join(REQUIREMENTS)}",
    )
    parser.add_argument("--setup", action="store_true", help="make what --env does not name")
    parser.add_argument(
        "--folder", type=Path, default=ROOT / ".venv-peers", help="where --setup puts them"
    )
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--only", default="", help="rows whose names hold one of these, by comma")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--markdown", action="store_true")
    asked = parser.parse_args()
    wrong = [pair for pair in asked.env if pair.split("=", 1)[0] not in REQUIREMENTS]
    if wrong or any("=" not in pair for pair in asked.env):
        parser.error(f"--env takes NAME=PATH, NAME one of {', '.join(REQUIREMENTS)}")
    if asked.rounds < 1:
        parser.error("--rounds takes 1 or more")
    return asked


if __name__ == "__main__":
    main()
