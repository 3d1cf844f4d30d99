"""The commands `chopmark words diff`, `import` and `export`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import get_args

import click

from chopmark.terminal import counted, table

from ._bring import bring
from ._cli import as_json, as_of, file_path, read_lists, utc
from ._diff import Change, Kind, diff
from ._lists import FOLDINGS, Entry, WordList
from ._read import misread, to_utf_8
from ._write import WRITERS, cells

_to = click.option(
    "--to",
    "target",
    required=True,
    type=file_path,
    help=f"The file to write: {', '.join(WRITERS)}.",
)
_force = click.option("--force", is_flag=True, help="Replace the file where there is one.")


@click.command("diff")
@click.argument("old", type=file_path)
@click.argument("new", type=file_path)
@click.option("--terms", is_flag=True, help="Print the terms too, not only where they stand.")
@as_json
def diff_command(old: Path, new: Path, terms: bool, as_json: bool) -> None:
    """Say which entries were removed, changed and added from the list OLD to the list NEW.

    Exits with 1 where the lists differ.
    """
    one, other = read_lists([old, new])
    changes = diff(one, other)
    if as_json:
        data = [_change(change, terms=terms) for change in changes]
        click.echo(json.dumps(data, ensure_ascii=False, indent=2))
    else:
        rows = [_row(change, terms=terms) for change in changes]
        if rows:
            header = ("KIND", "OLD", "NEW", "CHANGED", "TERM")
            click.echo(table(header if terms else header[:-1], rows))
        kinds = [change.kind for change in changes]
        counts = ", ".join(f"{kind}: {kinds.count(kind)}" for kind in get_args(Kind))
        click.echo(f"version {one.version} to {other.version}, {counts}")
    if changes:
        raise click.exceptions.Exit(1)


def _change(change: Change, *, terms: bool) -> Mapping[str, object]:
    return {
        "kind": change.kind,
        "keys": change.keys,
        "old": _shown(change.old, terms=terms),
        "new": _shown(change.new, terms=terms),
    }


def _shown(entry: Entry | None, *, terms: bool) -> Mapping[str, object] | None:
    if entry is None:
        return None
    kept = {key: value for key, value in cells(entry).items() if terms or key != "term"}
    return {"number": entry.number, **kept}


def _row(change: Change, *, terms: bool) -> list[str]:
    old, new = change.old, change.new
    keys = [
        f"{key}: {_cell(old, key)} -> {_cell(new, key)}" for key in change.keys if key != "term"
    ]
    row = [
        change.kind,
        old.where if old else "-",
        new.where if new else "-",
        "; ".join(keys or (["term"] if change.keys else ["-"])),
    ]
    shown = new or old
    return [*row, shown.term] if terms and shown else row


def _cell(entry: Entry | None, key: str) -> str:
    return str(cells(entry).get(key, "-")) if entry else "-"


@click.command("import")
@click.argument("source", type=file_path)
@click.option("--name", required=True, help="The name of the list: a-z, 0-9, `.`, `_`, `-`.")
@click.option("--version", required=True, help="Its version.")
@click.option("--language", required=True, help="Its language, such as zh or en.")
@click.option("--reviewer", required=True, help="Who answers for the entries.")
@click.option("--category", required=True, help="Their category, such as fraud.")
@click.option("--level", required=True, help="What they ask for: block, escalate, warn ...")
@click.option("--expires", help="The last day on which they hold: YYYY-MM-DD.")
@click.option("--folding", type=click.Choice(FOLDINGS), help="How far to see through disguises.")
@click.option("--risks", help="Codes of GB/T 45654-2025, Annex A, such as 'A.1.f A.4.a'.")
@click.option("--column", help="SOURCE is CSV, and the terms are in this column.")
@_to
@_force
def import_command(
    source: Path,
    name: str,
    version: str,
    language: str,
    column: str | None,
    target: Path,
    force: bool,
    **given: str | None,
) -> None:
    """Make a list of the bare terms in SOURCE, one a line, or of a table of another make.

    Terms that are there twice are taken once. Columns of a table that are named as ours fill the
    entries; the options are for the rest.
    """
    try:
        text = source.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise click.ClickException(f"{source} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{source} is not UTF-8: {to_utf_8(error.object)}") from error
    if misread(text, language):
        raise click.ClickException(f"{source} is not UTF-8: {to_utf_8(text.encode())}")
    about = {"name": name, "version": version, "language": language}
    kept = {key: value for key, value in given.items() if value is not None}
    brought = bring(str(source), text, about, kept, column)
    if brought.reading.words is None:
        for fault in brought.reading.faults:
            click.echo(str(fault), err=True)
        raise click.ClickException(f"{source} was not taken; correct it, or the options")
    _write(brought.reading.words, target, force=force)
    taken = counted(len(brought.reading.words.entries), "entry", "entries")
    click.echo(f"{target}: {taken}; left out because doubled: {brought.doubled}")


@click.command("export")
@click.argument("source", metavar="FILE", type=file_path)
@click.option("--active", is_flag=True, help="Leave out entries that have expired.")
@click.option("--category", help="Only entries of this category, and below it.")
@_to
@_force
@as_of
def export_command(
    source: Path,
    active: bool,
    category: str | None,
    target: Path,
    force: bool,
    day: datetime | None,
) -> None:
    """Write the list FILE in another form: a list again, or bare terms (.txt)."""
    (found,) = read_lists([source])
    entries = found.active(utc(day).date()) if active else found.entries
    if category is not None:
        whole = category if category.split(".")[0] == "keyword" else f"keyword.{category}"
        entries = tuple(e for e in entries if f"{e.category}.".startswith(f"{whole}."))
    if target.suffix.casefold() == ".txt":
        entries = tuple(e for e in entries if e.level != "allow")
    _write(replace(found, entries=entries), target, force=force)
    every = counted(len(found.entries), "entry", "entries")
    click.echo(f"{target}: {len(entries)} of {every}")


def _write(found: WordList, target: Path, *, force: bool) -> None:
    writer = WRITERS.get(target.suffix.casefold())
    if writer is None:
        raise click.ClickException(f"{target}: the suffix must be one of {', '.join(WRITERS)}")
    try:
        with target.open("w" if force else "x", encoding="utf-8", newline="") as file:
            file.write(writer(found))
    except FileExistsError as error:
        raise click.ClickException(f"{target} exists; name another file, or --force") from error
    except OSError as error:
        raise click.ClickException(f"{target} cannot be written ({error.strerror})") from error
