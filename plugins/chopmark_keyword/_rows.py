"""Reads list files into rows as they stand there, before anything in them is checked."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

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
    """Read a CSV list: rows `# key: value` about the list, a header row, then the entries.

    Cells lose the white space around them; empty cells and empty rows count as not written.
    """
    about: dict[str, object] = {}
    header: list[str] | None = None
    rows: list[Row] = []
    faults: list[Fault] = []
    try:
        for line, cells in _records(text):
            if header is None and cells[0].startswith("#"):
                key, _, value = cells[0][1:].partition(":")
                about[key.strip()] = value.strip()
            elif header is None:
                header = [cell.casefold() for cell in cells]
                doubled = sorted({c for c in header if c and header.count(c) > 1})
                if doubled:
                    what = f"column {doubled[0]!r} is there twice; keep one"
                    return _broken(what, f"line {line}")
                if "term" not in header:
                    what = "no column `term`; the first row after the # rows must name the columns"
                    return _broken(what, f"line {line}")
            elif len(cells) > len(header) and any(cells[len(header) :]):
                what = f"{len(cells)} cells under {len(header)} columns"
                cure = "quote a cell that holds a comma"
                faults.append(Fault(f"line {line}", f"{what}; {cure}"))
            else:
                number = len(rows) + len(faults) + 1
                named = {c: v for c, v in zip(header, cells, strict=False) if v}
                rows.append(Row(number=number, line=line, cells=named))
    except csv.Error as error:
        return _broken(f"not CSV: {error}; save the file as CSV in UTF-8")
    if header is None:
        return _broken("no header row; write one: term,category,level,reviewer,expires")
    return Sheet(about=about, rows=tuple(rows), faults=tuple(faults))


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    for cells in reader:
        stripped = [cell.strip() for cell in cells]
        if any(stripped):
            yield line, stripped
        line = reader.line_num + 1


def _kind(value: object) -> str:
    return f"of type {type(value).__name__}"
