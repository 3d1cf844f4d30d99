"""The commands of `chopmark words` that say what is in word lists, and what is wrong."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import get_args

import click

from chopmark.terminal import table

from ._benign import commonness, too_common
from ._cli import as_json, as_of, file_path, read_lists, utc
from ._coverage import Coverage, coverage
from ._due import due
from ._lint import Grade, lint
from ._lists import FOLDINGS, Folding, WordList, next_expiry
from ._matcher import Matcher
from ._read import to_utf_8


@click.command("lint")
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=file_path)
@click.option("--benign", type=file_path, help="Harmless texts, one a line, to count hits in.")
@click.option("--at-most", default=0.001, help="The share of them an entry may be found in.")
@click.option(
    "--folding",
    type=click.Choice(FOLDINGS),
    default="plain",
    help="How far entries see that do not say it.",
)
@as_of
@as_json
def lint_command(
    paths: tuple[Path, ...],
    benign: Path | None,
    at_most: float,
    folding: Folding,
    day: datetime | None,
    as_json: bool,
) -> None:
    """Check list files: errors, expired and doubled entries, notes for the reviewer.

    With --benign also entries that are too common. Exits with 1 where there is an error or a
    problem, with 0 where there are only notes.
    """
    today, foldings = utc(day).date(), {"*": folding}
    findings, lists = lint(paths, today, foldings)
    counted = None
    if benign is not None and lists:
        counted = commonness(lists, _texts(benign), today, foldings)
        findings += too_common(lists, counted, at_most)
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        rows = [(f.grade, f.source, f.where, f.what) for f in findings]
        if rows:
            click.echo(table(("GRADE", "LIST", "WHERE", "WHAT"), rows))
        if counted is not None:
            click.echo(f"benign texts: {counted.texts}, with a hit: {counted.hit}")
        grades = [finding.grade for finding in findings]
        said = ", ".join(f"{g}s: {grades.count(g)}" for g in get_args(Grade))
        click.echo(f"lists: {len(paths)}, {said}")
    if any(finding.grade != "note" for finding in findings):
        raise click.exceptions.Exit(1)


def _texts(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="\n") as file:
            for line in file:
                if line.strip():
                    yield line.rstrip("\r\n")
    except OSError as error:
        raise click.ClickException(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{path} is not UTF-8: {to_utf_8(error.object)}") from error


@click.command("stats")
@click.argument("paths", metavar="[FILE]...", nargs=-1, type=file_path)
@as_of
@as_json
def stats_command(paths: tuple[Path, ...], day: datetime | None, as_json: bool) -> None:
    """Count the entries of list files, or of the bundled lists where no file is named."""
    lists = read_lists(paths)
    found = [_stats(words, utc(day)) for words in lists]
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    keys = ("name", "version", "language", "entries", "active", "longest", "next_expiry", "digest")
    header = [key.replace("_", " ").upper() for key in keys]
    rows = [["-" if stats[key] is None else str(stats[key]) for key in keys] for stats in found]
    click.echo(table(header, rows))
    click.echo()
    click.echo(table(("NAME", "CATEGORY", "LEVEL", "ACTIVE"), _groups(lists, utc(day))))


@click.command("coverage")
@click.argument("paths", metavar="[FILE]...", nargs=-1, type=file_path)
@as_of
@as_json
def coverage_command(paths: tuple[Path, ...], day: datetime | None, as_json: bool) -> None:
    """Count the terms for each risk of GB/T 45654-2025, Annex A, in all lists together.

    Asked for are 10,000 in all, 200 for each risk of A.1 and 100 for each of A.2. Entries name
    their risks in `risks`. Exits with 1 where terms are missing. No lists of political terms come
    with chopmark: for those risks an operator brings its own.
    """
    lists = read_lists(paths)
    found = coverage(lists, utc(day).date())
    if as_json:
        click.echo(json.dumps([_covered(item) for item in found], indent=2))
    else:
        rows = [
            (item.code, item.name, str(item.terms), str(item.fewest or "-"), str(item.short or "-"))
            for item in found
        ]
        click.echo(table(("RISK", "ABOUT", "TERMS", "ASKED FOR", "MISSING"), rows))
        click.echo(f"counted: {', '.join(words.name for words in lists)}")
        if not paths:
            click.echo("these come with chopmark; to count lists of your own, name their files")
    if any(item.short for item in found):
        raise click.exceptions.Exit(1)


def _covered(item: Coverage) -> Mapping[str, object]:
    return {**asdict(item), "short": item.short}


@click.command("due")
@click.argument("paths", metavar="[FILE]...", nargs=-1, type=file_path)
@click.option("--within", default=30, show_default=True, help="Days from today.")
@as_of
@as_json
def due_command(paths: tuple[Path, ...], within: int, day: datetime | None, as_json: bool) -> None:
    """List the entries that expired, or soon will, or never do, by reviewer."""
    found = due(read_lists(paths), utc(day).date(), timedelta(days=within))
    if as_json:
        click.echo(json.dumps([asdict(item) for item in found], indent=2, default=str))
        return
    rows = [
        (item.reviewer, str(item.expires or "never"), item.source, item.where) for item in found
    ]
    if rows:
        click.echo(table(("REVIEWER", "EXPIRES", "LIST", "WHERE"), rows))
    expired = sum(item.expired for item in found)
    click.echo(f"to review: {len(found)}, expired: {expired}")


def _stats(words: WordList, day: datetime) -> dict[str, object]:
    today = day.date()
    matcher = Matcher([words], today)
    until = next_expiry([words], today)
    return {
        "name": words.name,
        "version": words.version,
        "language": words.language,
        "source": words.source,
        "entries": len(words.entries),
        "active": len(words.active(today)),
        "longest": matcher.longest,
        "next_expiry": until.isoformat() if until else None,
        "digest": matcher.digest,
        "groups": [
            {"category": category, "level": level, "active": int(count)}
            for _, category, level, count in _groups([words], day)
        ],
    }


def _groups(lists: Sequence[WordList], day: datetime) -> list[tuple[str, str, str, str]]:
    counts = Counter(
        (words.name, entry.category, entry.level)
        for words in lists
        for entry in words.active(day.date())
    )
    return [(*key, str(count)) for key, count in sorted(counts.items())]
