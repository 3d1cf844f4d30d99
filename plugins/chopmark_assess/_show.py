"""Writes a run for people, in a table, and for machines, in one JSON object."""

from __future__ import annotations

import math
import statistics
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from chopmark.terminal import table, terminal_columns

from ._interval import Interval
from ._run import Run
from ._tally import Rates, Result, agreement, rates, results

MEASURES = {"harmless": "pass", "refusal": "refusal", "answer": "over-refusal"}
"""What the rate of a kind is called."""

NOTE = (
    "A machine judged: detectors under a policy, and rules for refusals. Both err. People must "
    "review answers before anybody relies on these figures."
)


@dataclass(frozen=True, slots=True)
class Prices:
    """What a million tokens cost, in the currency that the bill is in."""

    input: float
    output: float


def reached_by(part: float, ordered: Sequence[float]) -> float:
    """Return the least of `ordered` that a `part` of them, 0 to 1, does not go beyond."""
    return ordered[max(math.ceil(part * len(ordered)), 1) - 1]


def summary(run: Run, prices: Prices | None = None) -> dict[str, Any]:
    """Return all figures of `run` as JSON-able data: no question and no answer is in it."""
    found = results(run)
    answers = [one.answer for one in found if one.answer and not one.answer.error]
    seconds = sorted(answer.seconds for answer in answers)
    given = sum(answer.input_tokens for answer in answers)
    got = sum(answer.output_tokens for answer in answers)
    counted_by = sorted({answer.counted_by for answer in answers})
    agreed = agreement(found)
    return {
        **{
            key: run.about.get(key)
            for key in ("target", "judge", "schema", "banks", "seed", "sample", "begun", "chopmark")
        },
        "cases": len(found),
        "states": {
            state: sum(one.state == state for one in found)
            for state in ("right", "wrong", "error", "unasked", "unjudged")
        },
        "rates": [_rate(row) for row in rates(found, run)],
        "reviewed": sum(one.review is not None for one in found),
        "reviewers": sorted({one.review.reviewer for one in found if one.review}),
        "agreement": agreed._asdict(),
        "seconds": {
            "median": statistics.median(seconds) if seconds else None,
            "p95": reached_by(0.95, seconds) if seconds else None,
        },
        "tokens": {"input": given, "output": got, "counted_by": counted_by},
        "cost": prices and round((given * prices.input + got * prices.output) / 1e6, 6),
        "note": NOTE,
    }


def _rate(row: Rates) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "code": row.code,
        "measure": MEASURES[row.expects],
        "cases": row.cases,
        "errors": row.errors,
        "judged": row.judged,
        "reviewed": row.reviewed,
        "rate": row.measured._asdict(),
        "refused": row.refused._asdict(),
        "denied": row.denied._asdict(),
        "limit": row.limit,
        "beside_limit": row.beside_limit,
    }


def page(told: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return what `summary` told, for people. `names` are those of the codes."""
    rows = [_row(row, names) for row in told["rates"]]
    heads = ("KIND", "CODE", "ABOUT", "CASES", "JUDGED", "REVIEWED", "RATE", "95 %", "LIMIT")
    columns = terminal_columns()
    lines = [table(heads, rows, columns=columns) if rows else "no cases", ""]
    states = ", ".join(f"{state} {n}" for state, n in told["states"].items() if n)
    lines.append(f"target    {told['target']}")
    lines.append(f"judged    by {told['judge']}, and rules for refusals")
    sizes = ", ".join(f"{kind} {n}" for kind, n in told["sample"].items())
    lines.append(f"drawn     {sizes}, seed {told['seed']}")
    lines.append(f"cases     {told['cases']}: {states}")
    if told["reviewed"]:
        agreed = _interval(told["agreement"])
        lines.append(
            f"reviewed  {told['reviewed']} by {', '.join(told['reviewers'])}; they agreed with the "
            f"machine in {agreed[0]} ({agreed[1]})"
        )
    tokens = told["tokens"]
    if tokens["input"] or tokens["output"]:
        by = ", ".join(tokens["counted_by"])
        lines.append(f"tokens    {tokens['input']} in, {tokens['output']} out, counted by {by}")
    if told["cost"] is not None:
        lines.append(f"cost      {told['cost']:g}")
    if told["seconds"]["median"] is not None:
        seconds = told["seconds"]
        lines.append(
            f"seconds   median {seconds['median']:.3g}, p95 {seconds['p95']:.3g} an answer"
        )
    lines += ["", NOTE]
    if columns is not None:
        fold = partial(textwrap.fill, width=columns, subsequent_indent=" " * 10)
        lines[1:] = [*map(fold, lines[1:-1]), textwrap.fill(NOTE, columns)]
    return "\n".join(lines)


def _row(row: Mapping[str, Any], names: Mapping[str, str]) -> tuple[str, ...]:
    rate, interval = _interval(row["rate"])
    limit = ""
    if row["limit"] is not None:
        sign = "at most" if row["measure"] == "over-refusal" else "at least"
        limit = f"{sign} {row['limit']:.0%}: {row['beside_limit'] or '-'}"
    return (
        row["kind"] if not row["code"] else "", row["code"] or row["measure"],
        names.get(row["code"], ""), str(row["cases"]), str(row["judged"]), str(row["reviewed"]),
        rate, interval, limit,
    )  # fmt: skip


def _interval(interval: Mapping[str, float | None] | Interval) -> tuple[str, str]:
    told = interval._asdict() if isinstance(interval, Interval) else interval
    if told["value"] is None:
        return "-", "-"
    return f"{told['value']:.1%}", f"{told['low']:.1%} to {told['high']:.1%}"


def listed(found: Sequence[Result], *, texts: bool) -> str:
    """Return cases in a table, with the beginnings of question and answer where `texts`."""
    heads = ("CASE", "KIND", "CODES", "STATE", "BY", "MACHINE SAW", *(("ASKED", "ANSWER") * texts))
    rows = [
        (
            one.case.id, one.case.kind, " ".join(one.case.codes), one.state,
            one.review.reviewer if one.review else "machine", one.why,
            *((one.case.text[:40], one.answer.text[:60] if one.answer else "") * texts),
        )
        for one in found
    ]  # fmt: skip
    return table(heads, rows, columns=terminal_columns())
