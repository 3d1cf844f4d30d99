"""Finished runs in an evidence pack: what was measured, on what, how sure, and what is missing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from chopmark import Policy
from chopmark.hookspecs import Evidence
from chopmark.showing import cell, page, table, writing
from chopmark.wording import Wording

from ._errors import AssessError
from ._event import digests, results_digest
from ._finished import Finished
from ._options import read_options
from ._run import shareable
from ._schema import DEFAULT
from ._sections import FIGURES, UNLIKE, Shown, data, gap, lacking, limit, sections_of, share, shown
from ._shelf import Shelf

_WITHOUT_ANSWERS = ("run.json", "cases.jsonl", "verdicts.jsonl")
_WITH_ANSWERS = ("answers.jsonl", "reviews.jsonl")
"""Answers, and reasons of reviewers, who may quote them."""

_SAYS = (
    "What was measured, on what, and how sure that is. It is no statement that a service conforms "
    "to a law or a standard. A machine judged, and errs; where a person reviewed an answer, that "
    "counts. Intervals are of 95 %: Wilson's for rates, Newcombe's for gaps in refusals, the "
    "bootstrap's for the other gaps. They are of chance in drawing cases, not of the machine's "
    "errors."
)


def evidence(policy: Policy) -> Iterable[Evidence]:
    """Return the runs of `policy`; raise `PolicyError` for wrong options."""
    options = read_options(policy)
    if not options.runs:
        return
    words = Wording.of(__package__, "en")
    runs = shown(options, Path(policy.folder), Shelf(len(options.runs)))
    yield Evidence(
        path="runs.md",
        title="The tests with banks of questions: rates with intervals, and what is missing",
        write=writing(lambda: _overview(runs, words)),
    )
    for one in runs:
        yield Evidence(
            path=f"runs/{one.name}",
            title=_title(one),
            write=_writing(one, policy, words, answers=options.answers),
            shows=_shows(one),
        )


def _title(one: Shown) -> str:
    found = one.found
    if found is None:
        return f"The run {one.name}"
    of = "gaps between groups" if found.pairs else str(found.told["schema"]["title"])
    changed = "; a bank of it changed since" if _is_unlike(found) else ""
    return f"The run {one.name} of {found.told['target']}: {of}{changed}"


def _shows(one: Shown) -> tuple[str, ...]:
    """Return what a run is evidence for: of a bank that changed since it is none."""
    if one.found is None or _is_unlike(one.found):
        return ()
    if one.found.pairs:
        return ("measures.4",)
    return ("gbt45654.bank",) if one.found.told["schema"]["name"] == DEFAULT else ()


def _is_unlike(found: Finished) -> bool:
    return any(name in UNLIKE for name, _ in found.changed)


def _overview(runs: Iterable[Shown], words: Wording) -> str:
    parts = []
    for section in sections_of([*runs], words):
        if section.rows:
            rows = [[*map(cell, row)] for row in section.rows]
            parts += [f"## {section.title}", table(section.header, rows)]
    return page("Tests with banks of questions", _SAYS, *parts)


def _writing(
    one: Shown, policy: Policy, words: Wording, *, answers: bool
) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        found = one.found
        if found is None:
            raise AssessError(one.problem)
        path.mkdir(parents=True)
        names = (*_WITHOUT_ANSWERS, *(_WITH_ANSWERS if answers else ()))
        copied = [name for name in names if (found.run.folder / name).is_file()]
        changed = [name for name in copied if _write_shareable(found.run.folder, path, name)]
        told = {**data(one, words), "sha256": digests(found.run.folder)}
        text = json.dumps(told, indent=2, ensure_ascii=False) + "\n"
        (path / "summary.json").write_text(text, "utf-8")
        summary = page(
            f"The run {cell(one.name)}", _SAYS, *_parts(found, policy, words, copied, changed)
        )
        (path / "summary.md").write_text(summary, "utf-8")

    return write


def _write_shareable(folder: Path, to: Path, name: str) -> bool:
    """Copy the file `name` of a run; return whether a secret in it had to be hidden."""
    was = (folder / name).read_bytes()
    text = shareable(folder, name).encode("utf-8", "surrogatepass")
    (to / name).write_bytes(text)
    return text != was


def _parts(
    found: Finished, policy: Policy, words: Wording, copied: Iterable[str], changed: Iterable[str]
) -> Iterator[str]:
    yield table(("WHAT", "VALUE"), [(what, cell(value)) for what, value in _about(found, policy)])
    yield "## Banks"
    banks = [
        (cell(bank["name"]), cell(bank["version"]), cell(bank.get("licence", "")),
         f"{bank['cases']:,}", f"`{bank['digest']}`")
        for bank in found.told["banks"]
    ]  # fmt: skip
    yield table(
        ("BANK", "VERSION", "LICENCE", "CASES", "SHA-256 OF WHAT IS ASKED AND EXPECTED"), banks
    )
    yield from _gaps(found) if found.pairs else _rates(found, words)
    yield "## What is missing"
    yield "\n".join(f"- {cell(one)}" for one in lacking(found, words)) or "Nothing that is known."
    yield "## Files of the run"
    here = {
        **dict.fromkeys(copied, "yes"),
        **dict.fromkeys(changed, "yes, with the password or key in the target's URL hidden"),
    }
    files = [
        (name, f"`{digest}`", here.get(name, "no"))
        for name, digest in digests(found.run.folder).items()
    ]
    yield table(("FILE", "SHA-256", "IN THIS PACK"), files)


def _about(found: Finished, policy: Policy) -> Iterator[tuple[str, str]]:
    told, about = found.told, found.run.about
    yield "target", str(told["target"])
    for name in ("model", "temperature", "max_tokens", "system"):
        if about["asking"].get(name):
            yield f"asked with {name}", str(about["asking"][name])
    yield "begun", f"{told['begun']}, chopmark {told['chopmark']}"
    yield "judged by", str(told["judge"])
    yield "policy of this pack", f"{policy.name}@{policy.digest}"
    if found.pairs:
        yield "answers", f"{told['answered']} of {told['cases']}"
    else:
        states = ", ".join(f"{state} {count}" for state, count in told["states"].items() if count)
        drawn = ", ".join(f"{kind} {number}" for kind, number in told["sample"].items())
        yield "what is asked for", f"{told['schema']['title']} ({told['schema']['name']})"
        yield "drawn", f"{drawn}; seed {told['seed']}"
        yield "cases", f"{told['cases']}: {states}"
        yield "reviewed", f"{told['reviewed']} by {', '.join(told['reviewers']) or 'nobody'}"
        if told["reviewed"]:
            yield "people agreed with the machine", share(told["agreement"])
    yield "results, SHA-256", results_digest(found.run.folder)
    if found.event:
        yield "noted in the log", f"{found.event['log']}, event {found.event['id']}"


def _rates(found: Finished, words: Wording) -> Iterator[str]:
    rows = found.told["rates"]
    head = ("KIND", "MEASURED", "CASES", "JUDGED", "REVIEWED", "RATE, 95 %", "LIMIT")
    yield "## Rates"
    yield table(
        head,
        [
            (row["kind"], row["measure"], str(row["cases"]), str(row["judged"]),
             str(row["reviewed"]), share(row["rate"]), limit(row, words))
            for row in rows if not row["code"]
        ],
    )  # fmt: skip
    by = {(row["kind"], row["code"]): row for row in rows if row["code"]}
    counts = {(row["kind"], row["code"]): row for row in found.coverage or () if row["code"]}
    names = {**found.run.codes(), **{code: row["about"] for (_, code), row in counts.items()}}
    lines = []
    for key in sorted({**counts, **by}):
        row, count = by.get(key), counts.get(key)
        lines.append(
            (
                key[0], cell(key[1]), cell(names.get(key[1], "")),
                f"{count['cases']:,}" if count else "-", f"{count['fewest']:,}" if count else "-",
                str(row["judged"]) if row else "0", share(row["rate"]) if row else "-",
            )
        )  # fmt: skip
    yield "## By risk"
    yield "`ASKED FOR` is the schema's least number of cases of the banks, not of the sample."
    yield table(
        ("KIND", "CODE", "ABOUT", "IN THE BANKS", "ASKED FOR", "JUDGED", "RATE, 95 %"), lines
    )


def _gaps(found: Finished) -> Iterator[str]:
    told = found.told
    yield "## Gaps between groups"
    yield (
        f"The first group's figure less the second's. Of {len(FIGURES) * len(told['gaps'])} "
        f"intervals about {told['by_chance']:g} do not hold 0 by chance alone."
    )
    yield table(
        ("AXIS", "GROUPS", "PAIRS", "REFUSALS", "TONE", "DETECTOR SCORES", "APART"),
        [
            (cell(one["axis"]), cell(f"{one['one']} - {one['other']}"), str(one["pairs"]),
             *(gap(one[figure]) for figure in FIGURES), ", ".join(one["apart"]) or "-")
            for one in told["gaps"]
        ],
    )  # fmt: skip
