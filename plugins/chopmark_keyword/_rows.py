"""Reads list files into rows as they stand there, before anything in them is checked."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chopmark.sheets import read_sheet

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at one place of a list file, with the cure; `where` may be empty."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.where else self.what


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One entry as written: cells by column, `defaults` of the list filled in."""

    number: int
    line: int
    cells: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A list file as written: what it says of the list, its rows, and what could not be read."""

    about: Mapping[str, object]
    rows: tuple[Row, ...]
    faults: tuple[Fault, ...] = ()


def _broken(what: str, where: str = "") -> Sheet:
    return Sheet(about={}, rows=(), faults=(Fault(where, what),))


def read_toml(text: str) -> Sheet:
    """Read a TOML list: `name`, `version`, `language`, `[defaults]` and `[[entries]]`."""
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: a number of too many digits too
        return _broken(f"not TOML: {error}; correct the file, or name it .csv if it is CSV")
    return _sheet(data)


def read_json(text: str) -> Sheet:
    """Read a JSON list: an object with what a TOML list has."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        return _broken(f"not JSON: {error}; correct the file")
    if not isinstance(data, dict):
        return _broken(f"is {_kind(data)}; write an object with `name` and `entries`")
    return _sheet(data)


def _sheet(data: dict[str, Any]) -> Sheet:
    defaults = data.pop("defaults", {})
    entries = data.pop("entries", None)
    if not isinstance(defaults, dict):
        return _broken(f"`defaults` is {_kind(defaults)}; write it as a table, [defaults]")
    if "term" in defaults:
        return _broken("`term` cannot have a default; write it in each entry", "[defaults]")
    if not isinstance(entries, list):
        found = "missing" if entries is None else _kind(entries)
        return _broken(f"`entries` is {found}; write each entry as a table, [[entries]]")
    rows: list[Row] = []
    faults: list[Fault] = []
    for number, entry in enumerate(entries, 1):
        if isinstance(entry, dict):
            rows.append(Row(number=number, line=0, cells={**defaults, **entry}))
        else:
            cure = "write it as a table with `term`, `category`, `level` and `reviewer`"
            faults.append(Fault(f"entry {number}", f"is {_kind(entry)}; {cure}"))
    return Sheet(about=data, rows=tuple(rows), faults=tuple(faults))


def read_csv(text: str) -> Sheet:
    """Read a CSV list: rows `# key: value` about the list, a header row, then the entries."""
    found = read_sheet(text)
    if found.broken:
        return _broken(f"not CSV: {found.broken}; save the file as CSV in UTF-8")
    if found.header is None:
        return _broken("no header row; write one: term,category,level,reviewer,expires")
    where = f"line {found.header.line}"
    if found.doubled():
        return _broken(f"column {found.doubled()!r} is there twice; keep one", where)
    if "term" not in found.columns:
        what = "no column `term`; the first row after the # rows must name the columns"
        return _broken(what, where)
    rows: list[Row] = []
    faults: list[Fault] = []
    for number, row in enumerate(found.rows, 1):
        if found.overfull(row):
            faults.append(Fault(f"line {row.line}", found.overfull(row)))
        else:
            rows.append(Row(number=number, line=row.line, cells=found.named(row)))
    return Sheet(about=found.about, rows=tuple(rows), faults=tuple(faults))


def _kind(value: object) -> str:
    return f"of type {type(value).__name__}"
