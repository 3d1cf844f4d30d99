"""The command `chopmark keyword`, for those who look after word lists."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import get_args

import click

from chopmark import PolicyError

from ._lint import Grade, lint
from ._lists import WordList, next_expiry
from ._matcher import Matcher
from ._read import bundled_names, load_file, read_bundled
from ._table import table

_as_of = click.option(
    "--on",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Take this day (YYYY-MM-DD, UTC) for today.",
)
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
_file = click.Path(path_type=Path)


@click.group()
def keyword() -> None:
    """Look after the word lists of plugin `keyword`."""


@keyword.command("lint")
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=_file)
@_as_of
@_as_json
def lint_command(paths: tuple[Path, ...], day: datetime | None, as_json: bool) -> None:
    """Check list files: errors, expired and doubled entries, notes for the reviewer.

    Exits with 1 where there is an error or a problem, with 0 where there are only notes.
    """
    findings = lint(paths, _day(day).date())
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        rows = [(f.grade, f.source, f.where, f.what) for f in findings]
        if rows:
            click.echo(table(("GRADE", "LIST", "WHERE", "WHAT"), rows))
        grades = [finding.grade for finding in findings]
        said = ", ".join(f"{g}s: {grades.count(g)}" for g in get_args(Grade))
        click.echo(f"lists: {len(paths)}, {said}")
    if any(finding.grade != "note" for finding in findings):
        raise click.exceptions.Exit(1)


@keyword.command("stats")
@click.argument("paths", metavar="[FILE]...", nargs=-1, type=_file)
@_as_of
@_as_json
def stats_command(paths: tuple[Path, ...], day: datetime | None, as_json: bool) -> None:
    """Count the entries of list files, or of the bundled lists where no file is named."""
    try:
        lists = [*map(load_file, paths)] or [*map(read_bundled, bundled_names())]
    except PolicyError as error:
        raise click.ClickException(str(error)) from error
    found = [_stats(words, _day(day)) for words in lists]
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    keys = ("name", "version", "language", "entries", "active", "longest", "next_expiry", "digest")
    header = [key.replace("_", " ").upper() for key in keys]
    rows = [["-" if stats[key] is None else str(stats[key]) for key in keys] for stats in found]
    click.echo(table(header, rows))
    click.echo()
    click.echo(table(("NAME", "CATEGORY", "LEVEL", "ACTIVE"), _groups(lists, _day(day))))


def _day(day: datetime | None) -> datetime:
    return day or datetime.now(timezone.utc)


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
