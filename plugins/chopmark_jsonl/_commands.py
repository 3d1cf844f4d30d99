"""The commands `chopmark records tail`, `show` and `stats`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import click

from chopmark.terminal import Commands, table

from ._format import EVENT
from ._log import DEFAULT_PATH
from ._read import Line, last_lines, read
from ._stats import COUNTED, count

if TYPE_CHECKING:
    from collections.abc import Callable

_HEAD = ("TIME (UTC)", "ID", "ACTION", "ENDING", "MODEL", "VERDICTS", "MARKS", "MS")


def _options(command: Callable[..., None]) -> Callable[..., None]:
    path = click.option(
        "--path", default=DEFAULT_PATH, show_default=True, help="The file of records."
    )
    as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    return path(as_json(command))


@click.group(cls=Commands)
def records() -> None:
    """Look into a file of records."""


@records.command()
@click.option("-n", "number", default=10, show_default=True, type=click.IntRange(1))
@_options
def tail(number: int, path: str, as_json: bool) -> None:
    """Show the last records, the newest last."""
    lines = list(read(path, last_lines(path, number)))
    if as_json:
        for line in lines:
            click.echo(_json(line.record if line.record else _problem(line)))
        return
    rows = [_row(line.record) for line in lines if line.record]
    click.echo(table(_HEAD, rows) if rows else f"no records in {path}")
    _report(lines)


@records.command()
@click.argument("record_id")
@_options
def show(record_id: str, path: str, as_json: bool) -> None:
    """Show the records whose id begins with RECORD_ID, or ends with it."""
    shown = 0
    for line in read(path):
        record = line.record
        ident = str(record["id"]) if record else ""
        if record and (ident.startswith(record_id) or ident.endswith(record_id)):
            shown += 1
            click.echo(_json(record) if as_json else _page(record, line.position))
    if not shown:
        raise click.ClickException(
            f"{path} has no record {record_id!r}; `chopmark records tail` shows ids"
        )


@records.command()
@_options
def stats(path: str, as_json: bool) -> None:
    """Count the records, by what was done and found."""
    found = count(read(path))
    if as_json:
        click.echo(_json(found))
        return
    if not found["records"] and not found["problem"]:
        click.echo(f"no records in {path}")
        return
    span = f"{_time(found['first'])} to {_time(found['last'])}" if found["records"] else ""
    rows = [("records", span, str(found["records"]))]
    rows += [("milliseconds", name, str(value)) for name, value in found["duration"].items()]
    for name in COUNTED:
        rows += [(name, key, str(number)) for key, number in found[name].items()]
    click.echo(table(rows[0], rows[1:]))


def _row(record: Mapping[str, Any]) -> tuple[str, ...]:
    ident = str(record["id"])[-12:]  # the front of a UUIDv7 is the time, alike in neighbours
    if record["k"] == EVENT:
        return (_time(record["time"]), ident, record["kind"], "-", "-", "-", "-", "-")
    verdicts = ", ".join(sorted({str(v["category"]) for v in record["verdicts"]}))
    marks = ", ".join(
        f"{m['marker']}{'' if m['placed'] else ' (not placed)'}" for m in record["marks"]
    )
    ms = str(record["duration"])
    return (
        _time(record["time"]),
        ident,
        record["action"],
        record["ending"],
        record["model"],
        verdicts or "-",
        marks or "-",
        ms,
    )


def _page(record: Mapping[str, Any], position: int) -> str:
    rows = [("position", str(position))]
    for key, value in record.items():
        if key == "time":
            rows.append((key, f"{_time(value)} ({value})"))
        elif isinstance(value, list):
            rows += [(key, _flat(part)) for part in value] or [(key, "-")]
        else:
            rows.append((key, _flat(value)))
    return table(rows[0], rows[1:]) + "\n"


def _flat(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{key}={_flat(part)}" for key, part in value.items() if part != "")
    if isinstance(value, str):
        return value or "-"
    return _json(value)


def _time(milliseconds: int) -> str:
    try:
        when = datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
    except (OverflowError, ValueError, OSError):
        return str(milliseconds)
    return f"{when:%Y-%m-%d %H:%M:%S}"


def _problem(line: Line) -> dict[str, object]:
    return {"position": line.position, "problem": line.problem}


def _report(lines: list[Line]) -> None:
    for line in lines:
        if line.problem:
            click.echo(f"line at byte {line.position}: {line.problem}", file=sys.stderr)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, sort_keys=isinstance(value, dict))
