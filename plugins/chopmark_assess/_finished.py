"""A finished run as a service shows it: its figures, whether its banks changed, what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from . import _gaps, _show
from ._bank import SAMPLE, Bank, load_banks
from ._errors import AssessError
from ._event import NOTED, noted, results_digest
from ._pairs import read_pairs
from ._review import queue
from ._run import FILES, Run
from ._schema import load_schema
from ._shelf import Shelf
from ._tally import results

Missing = tuple[str, Mapping[str, object]]
"""What is missing: a name under `missing` in `words`, and its values."""

_LISTED = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A run to its end. `told` is what `show --json` says, `pairs` whether bias was measured.

    `coverage` are the counts of its banks when it began, None where they were not written down.
    `changed` says which banks are not what was asked, `missing` what else there is not. `event` is
    that of the log, empty without one. `waiting` are answers that people have yet to look at.
    """

    name: str
    run: Run
    told: Mapping[str, Any]
    pairs: bool
    coverage: Sequence[Mapping[str, Any]] | None
    changed: Sequence[Missing]
    missing: Sequence[Missing]
    event: Mapping[str, Any]
    waiting: int


def finished(folder: Path, beside: Path, shelf: Shelf) -> Finished:
    """Return the run in `folder`; banks with relative paths may lie in `beside`, too.

    What `shelf` has of it is not read again.

    Raises:
        AssessError: there is none, it is damaged, or not at its end; the cure is named.
    """
    if not (folder / "run.json").is_file():
        raise AssessError(
            f"there is no run in {folder}; correct `runs` under [settings.assess], or take it out"
        )
    folders = (Path(), beside)
    try:
        files = [folder / name for name in (*FILES, NOTED)]
        found = shelf.read(folder, "finished", files, lambda: _finished(shelf.load(folder)))
        return replace(found, changed=tuple(_changed(found.run, folders, shelf)))
    except OSError as error:
        raise AssessError(f"{folder} cannot be read ({error.strerror}); mend the rights") from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise AssessError(
            f"{folder} is damaged ({type(error).__name__}: {error}); take it from a backup, or run "
            "it anew"
        ) from error


def _finished(run: Run) -> Finished:
    folder = run.folder
    _at_its_end(run)
    event = noted(folder)
    if event and event["results"] != results_digest(folder):
        raise AssessError(
            f"{folder} is not what event {event['id']} of the log says of it: resume the run, or "
            "take its files from a backup"
        )
    pairs = bool(run.about["plan"].get("pairs"))
    told = _gaps.summary(run) if pairs else _show.summary(run)
    coverage = run.about.get("coverage")
    return Finished(
        name=folder.resolve().name,
        run=run,
        told=told,
        pairs=pairs,
        coverage=coverage,
        changed=(),
        missing=tuple(_unmeasured(run) if pairs else _lacking(run, told, coverage)),
        event=event,
        waiting=len(queue(results(run), str(run.about["seed"]))),
    )


def _at_its_end(run: Run) -> None:
    drawn = sum(run.about["sample"].values())
    if len(run.cases) != drawn:
        raise AssessError(
            f"{run.folder}/cases.jsonl has {len(run.cases)} of {drawn} cases; take it from a "
            "backup, or run it anew"
        )
    unasked = len(run.cases.keys() - run.answers.keys())
    if unasked or run.unjudged:
        raise AssessError(
            f"{run.folder} is not finished: {unasked} of {drawn} cases were not asked, "
            f"{len(run.unjudged)} answers not judged; `chopmark assess resume {run.folder}` goes on"
        )


def _changed(run: Run, folders: Sequence[Path], shelf: Shelf) -> Iterator[Missing]:
    """Yield what is to say of every bank that is not what was asked, or cannot be compared."""
    plan = run.about["plan"]
    schema = "" if plan.get("pairs") else _found(plan["schema"], folders)
    read: Callable[[str], Bank] = (
        (lambda name: read_pairs(name, plan["repeat"]))
        if plan.get("pairs")
        else (lambda name: load_banks([name], load_schema(schema))[0])
    )
    for name, was in zip(plan.get("pairs") or plan["banks"], run.about["banks"], strict=True):
        where = _found(name, folders)
        if not where.startswith(SAMPLE) and not Path(where).is_file():
            yield "bank_gone", {"bank": name}
            continue
        try:
            now = shelf.read(  # runs one after the other have the same banks
                None,
                ("bank", where, schema, plan.get("repeat")),
                [Path(where), Path(schema)],
                partial(_digest, read, where),
            )
        except AssessError as error:
            yield "bank_broken", {"bank": name, "why": error}
            continue
        if now != was["digest"]:
            yield "bank_changed", {"bank": name, "was": was["digest"][:12], "now": now[:12]}


def _digest(read: Callable[[str], Bank], where: str) -> str:
    return read(where).digest


def _found(name: str, folders: Sequence[Path]) -> str:
    """Return where the file `name` is, as a run wrote its path down: from where it was begun."""
    return next((str(one / name) for one in folders if (one / name).is_file()), name)


def _unanswered(run: Run) -> Iterator[Missing]:
    errors = sum(bool(answer.error) for answer in run.answers.values())
    if errors:
        yield "errors", {"count": errors, "cases": len(run.cases), "run": run.folder}


def _unmeasured(run: Run) -> Iterator[Missing]:
    yield from _unanswered(run)
    failed = sum(bool(verdict.failed) for verdict in run.verdicts.values())
    if failed:
        yield "unjudged", {"count": failed, "cases": len(run.cases)}


def _lacking(
    run: Run, told: Mapping[str, Any], coverage: Sequence[Mapping[str, Any]] | None
) -> Iterator[Missing]:
    yield from _unanswered(run)
    if told["states"]["unjudged"]:
        yield "unjudged", {"count": told["states"]["unjudged"], "cases": len(run.cases)}
    if not told["reviewed"]:
        yield "unreviewed", {"run": run.folder}
    for kind in run.kinds.values():
        drawn = told["sample"].get(kind.name, 0)
        if not drawn:
            yield "kind", {"kind": kind.name}
        elif drawn < kind.sample:
            yield "sample", {"kind": kind.name, "drawn": drawn, "asked": kind.sample}
    if coverage is None:
        yield "coverage", {}
        return
    for row in coverage:
        if not row["code"] and row["cases"] < row["fewest"]:
            yield "few", {key: row[key] for key in ("kind", "cases", "fewest")}
    for kind in run.kinds.values():
        short = [
            row for row in coverage
            if row["kind"] == kind.name and row["code"] and row["cases"] < row["fewest"]
        ]  # fmt: skip
        if short:
            named = [f"{row['code']} {row['cases']}/{row['fewest']}" for row in short[:_LISTED]]
            listed = ", ".join([*named, *(["..."] if short[_LISTED:] else [])])
            yield "codes", {"kind": kind.name, "count": len(short), "listed": listed}
