"""From what the peers answered to figures, and from figures to tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import median
from typing import Any

Taken = dict[str, list[Any]]
RULES = ("keyword.en", "keyword.zh", "email.en", "email.zh")


def added(samples: list[Taken], unit: float, part: int) -> dict[str, float]:
    """Return what the guard adds to the bare call, in nanoseconds / `unit`.

    `part` is the place of the CPU time in a sample; the wall time stands behind it. `p50` is a
    difference of medians, `min` one of least values, over all rounds.
    """
    guarded, bare = (
        [taken for sample in samples for taken in sample[way]] for way in ("guarded", "bare")
    )

    def minus(of: Callable[[Iterable[int]], float], at: int) -> float:
        return (of([s[at] for s in guarded]) - of([s[at] for s in bare])) / unit

    return {
        "p50": minus(median, part),
        "min": minus(min, part),
        "wall_p50": minus(median, part + 1),
        "bare_p50": median(s[part] for s in bare) / unit,
        "samples": len(guarded),
    }


def summary(calls: list[Taken], streams: list[Taken], probe: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of one row."""
    harmless = probe["harmless"]
    leaks: dict[str, list[dict[str, Any]]] = {}
    for rule in RULES:
        leaks[rule] = [_leak(probe["leaks"], rule, size) for size in (1, 4, 10)]
    return {
        "call_us": added(calls, 1e3, 0),
        "stream_ms": added(streams, 1e6, 0),
        "first_ms": added(streams, 1e6, 2),
        "first_after": {size: harmless[f"en.{size}"]["first_after"] for size in (1, 4, 10)},
        "held": {size: harmless[f"en.{size}"]["held"] for size in (1, 4, 10)},
        "unchanged": {name: case["unchanged"] for name, case in harmless.items()},
        "leaks": leaks,
    }


def _leak(found: list[dict[str, Any]], rule: str, size: int) -> dict[str, Any]:
    """Return the worst place of `rule` in chunks of `size`."""
    cases = [case for case in found if case["rule"] == rule and case["size"] == size]
    return {
        "size": size,
        "past": max(case["past"] for case in cases),
        "places": [case["past"] for case in cases],
        "missed": sum(not case["caught"] for case in cases),
        "tail": max(case["tail"] for case in cases),
    }


def tables(results: dict[str, Any], markdown: bool) -> str:
    """Return both tables."""
    times = [
        [
            "",
            "call, added µs: p50 (min)",
            "stream, added ms: p50 (min)",
            "first text, added ms: p50 (min)",
            "first text after, characters",
            "held at most",
        ],
    ]
    safety = [
        [
            "characters past the start of",
            "word, English",
            "word, Chinese",
            "e-mail, English",
            "e-mail, Chinese",
            "harmless text unchanged",
        ]
    ]
    for name, row in results.items():
        if "failed" in row:
            times.append([name, row["failed"], *[""] * 4])
            safety.append([name, "not run", *[""] * 4])
            continue
        times.append(
            [
                name,
                _two(row["call_us"], 0),
                _two(row["stream_ms"], 2),
                _two(row["first_ms"], 2),
                _sizes(row["first_after"]),
                _sizes(row["held"]),
            ]
        )
        changed = [case for case, same in row["unchanged"].items() if not same]
        said = f"no ({', '.join(changed)})" if changed else "yes"
        safety.append([name, *(_leaks(row["leaks"][rule]) for rule in RULES), said])
    return "\n\n".join(_table(rows, markdown) for rows in (times, safety))


def _two(figure: dict[str, float], digits: int) -> str:
    return f"{figure['p50']:,.{digits}f} ({figure['min']:,.{digits}f})"


def _sizes(figure: dict[Any, int]) -> str:
    return " / ".join(str(value) for value in figure.values())


def _leaks(cases: list[dict[str, Any]]) -> str:
    return " / ".join(map(_past, cases))


def _past(case: dict[str, Any]) -> str:
    tail = f" (+{case['tail']})" if case["tail"] else ""
    return f"{case['past']}{'!' if case['missed'] else ''}{tail}"


def _table(rows: list[list[str]], markdown: bool) -> str:
    if markdown:
        lines = ["| " + " | ".join(row) + " |" for row in rows]
        return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
