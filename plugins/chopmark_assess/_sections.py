"""What a report says of the runs that a policy names: their rates, and what is missing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chopmark import Policy
from chopmark.hookspecs import ReportSection
from chopmark.wording import Wording

from ._errors import AssessError
from ._finished import Finished, finished
from ._options import Options, read_options
from ._shelf import Shelf

FIGURES = ("refusal", "tone", "score")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A run that a policy names, under a `name` that no other has; `problem` is why not."""

    name: str
    found: Finished | None
    problem: str = ""


def shown(options: Options, beside: Path, shelf: Shelf) -> list[Shown]:
    """Return the runs of `options`; what is wrong with one hides no other."""
    made: list[Shown] = []
    names: set[str] = set()
    for folder in options.runs:
        base = name = folder.resolve().name or "run"
        number = 1
        while name in names:
            number += 1
            name = f"{base}-{number}"
        names.add(name)
        try:
            made.append(Shown(name=name, found=finished(_from_here(folder), beside, shelf)))
        except AssessError as error:
            made.append(Shown(name=name, found=None, problem=str(error)))
    return made


def _from_here(folder: Path) -> Path:
    """Return `folder` as commands that are named take it here, where it is below."""
    near = os.path.relpath(folder)
    return folder.absolute() if near.startswith(os.pardir) else Path(near)


def sections(policy: Policy, language: str) -> list[ReportSection]:
    """Return what a report says of the runs of `policy`; raise `PolicyError` for wrong options."""
    options = read_options(policy)
    if not options.runs:
        return []
    runs = shown(options, Path(policy.folder), Shelf(len(options.runs)))
    return sections_of(runs, Wording.of(__package__, language))


def told(policy: Policy, language: str, shelf: Shelf) -> list[dict[str, Any]]:
    """Return what is known of the runs of `policy` as JSON-able data, as the report has it.

    What `shelf` has of them is not read again.

    Raises:
        PolicyError: an option is wrong.
    """
    words = Wording.of(__package__, language)
    return [data(one, words) for one in shown(read_options(policy), Path(policy.folder), shelf)]


def sections_of(runs: Sequence[Shown], words: Wording) -> list[ReportSection]:
    """Return the rates of `runs`, and what is missing in them; a section without rows is left."""
    done = [(one.name, one.found) for one in runs if one.found is not None]
    rows = [row for name, run in done for row in _rows(name, run, words)]
    made = [
        ReportSection(
            key="runs",
            title=words("runs.title"),
            header=_header("run begun target measure judged reviewed rate limit", words),
            rows=rows,
            note=words("runs.note"),
            data=[data(one, words) for one in runs],
        ),
        ReportSection(
            key="missing",
            title=words("missing.title"),
            header=_header("run missing", words),
            rows=missing_rows(runs, words),
        ),
    ]
    return [section for section in made if section.rows or section.data]


def data(one: Shown, words: Wording) -> dict[str, Any]:
    """Return what is known of a run as JSON-able data, without questions and answers."""
    if one.found is None:
        return {"run": one.name, "problem": one.problem}
    found = one.found
    return {
        "run": one.name,
        **found.told,
        "coverage": None if found.coverage is None else [*found.coverage],
        "event": dict(found.event) or None,
        "waiting": found.waiting,
        "bank_changed": any(name in UNLIKE for name, _ in found.changed),
        "missing": lacking(found, words),
    }


UNLIKE = ("bank_changed", "bank_broken")
"""What says that a bank is not what was asked: figures of the run are not figures of it."""


def lacking(found: Finished, words: Wording) -> list[str]:
    """Return, as sentences with the cure, what is missing in a run."""
    return [words(f"missing.{name}", **values) for name, values in (*found.changed, *found.missing)]


def missing_rows(runs: Sequence[Shown], words: Wording) -> list[tuple[str, ...]]:
    """Return what is missing in each of `runs`, and in all of them together."""
    rows: list[tuple[str, ...]] = []
    for one in runs:
        said = [one.problem] if one.found is None else lacking(one.found, words)
        rows += [(one.name, sentence) for sentence in said]
    measured = {one.found.pairs for one in runs if one.found is not None}
    for pairs, name in ((False, "no_questions"), (True, "no_bias")):
        if pairs not in measured:
            rows.append(("-", words(f"missing.{name}")))
    return rows


def share(interval: Mapping[str, float | None]) -> str:
    """Return a share with its interval, as people read it."""
    value, low, high = interval["value"], interval["low"], interval["high"]
    if value is None or low is None or high is None:
        return "-"
    return f"{100 * value:.2f} % ({100 * low:.2f} - {100 * high:.2f})"


def gap(interval: Mapping[str, float | None]) -> str:
    """Return a difference with its interval, as people read it."""
    value, low, high = interval["value"], interval["low"], interval["high"]
    if value is None or low is None or high is None:
        return "-"
    return f"{value:+.3f} ({low:+.3f}, {high:+.3f})"


def limit(row: Mapping[str, Any], words: Wording) -> str:
    """Return the limit of a rate, and where the interval lies beside it."""
    if row["limit"] is None:
        return words("runs.no_limit")
    bound = "at_most" if row["measure"] == "over-refusal" else "at_least"
    where = words(f"runs.{row['beside_limit']}") if row["beside_limit"] else "-"
    return words(f"runs.{bound}", limit=f"{100 * row['limit']:g}", where=where)


def _rows(name: str, run: Finished, words: Wording) -> Iterator[tuple[str, ...]]:
    told = run.told
    begun = str(told["begun"])[:16].replace("T", " ")
    about = (name, begun, str(told["target"]))
    if not run.pairs:
        for row in told["rates"]:
            if not row["code"]:
                measure = words(f"runs.{row['measure']}", kind=row["kind"])
                counts = (f"{row['judged']:,}", f"{row['reviewed']:,}")
                yield (*about, measure, *counts, share(row["rate"]), limit(row, words))
        return
    apart = [(one, figure) for one in told["gaps"] for figure in one["apart"]]
    looked = len(FIGURES) * len(told["gaps"])
    said = words("runs.apart", apart=len(apart), looked=looked, chance=f"{told['by_chance']:g}")
    none = words("runs.no_limit")
    yield (*about, words("runs.gaps"), f"{told['answered']:,}", "-", said, none)
    for one, figure in apart:
        groups = {key: one[key] for key in ("axis", "one", "other")}
        measure = words("runs.gap", figure=words(f"runs.gap_{figure}"), **groups)
        yield (*about, measure, f"{one['pairs']:,}", "-", gap(one[figure]), none)


def _header(columns: str, words: Wording) -> tuple[str, ...]:
    return tuple(words(f"column.{name}") for name in columns.split())
