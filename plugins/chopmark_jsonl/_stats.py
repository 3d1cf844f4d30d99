"""Counts what a file of records says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from ._format import EVENT
from ._read import Line

COUNTED = (
    "action", "ending", "model", "category", "mark", "failure", "event", "problem",
)  # fmt: skip
"""What is counted, by the names of `count`."""


def count(lines: Iterable[Line]) -> dict[str, Any]:
    """Return the counts of `lines` as plain data; durations are milliseconds."""
    counters: dict[str, Counter[str]] = {name: Counter() for name in COUNTED}
    durations: list[int] = []
    times: list[int] = []
    for line in lines:
        record = line.record
        if record is None:
            counters["problem"][line.problem] += 1
            continue
        if record["k"] == EVENT:
            counters["event"][str(record["kind"])] += 1
            continue
        for name in ("action", "ending", "model"):
            counters[name][str(record.get(name, ""))] += 1
        for verdict in record.get("verdicts", ()):
            counters["category"][f"{verdict['category']} {verdict['outcome']}"] += 1
        for mark in record.get("marks", ()):
            placed = "placed" if mark["placed"] else "not placed"
            counters["mark"][f"{mark['marker']} {mark['where']} {placed}"] += 1
        for failure in record.get("failures", ()):
            counters["failure"][f"{failure['role']} {failure['name']} {failure['error']}"] += 1
        durations.append(record.get("duration", 0))
        times.append(record.get("time", 0))
    durations.sort()
    return {
        "records": len(times),
        "first": min(times, default=None),
        "last": max(times, default=None),
        "duration": {"p50": _quantile(durations, 50), "p95": _quantile(durations, 95)},
        **{name: dict(counter.most_common()) for name, counter in counters.items()},
    }


def _quantile(ordered: list[int], percent: int) -> int | None:
    """Return the least value that `percent` of the values do not exceed."""
    if not ordered:
        return None
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
