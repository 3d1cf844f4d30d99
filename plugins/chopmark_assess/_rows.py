"""Reads the files of banks into rows as they stand there, each with the line that it begins in.

CSV: rows `# key: value` about the bank, a header row, a row for each case. TOML: keys about the
bank, a `[[cases]]` for each. JSON Lines: `{"bank": {...}}` in the first line, an object for each.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chopmark import sheets

from ._errors import AssessError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TO_UTF_8 = "save it as UTF-8 (from GBK: iconv -f GBK -t UTF-8 FILE)"
_HEADING = re.compile(r"[ \t]*\[\[[ \t]*cases[ \t]*\]\]")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a line of a file, with the cure; line 0 is the file as a whole."""

    source: str
    line: int
    what: str

    def __str__(self) -> str:
        return (
            f"{self.source}:{self.line}: {self.what}"
            if self.line
            else f"{self.source}: {self.what}"
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One case as written: cells by key."""

    line: int
    cells: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file as written: what it says of the bank, its rows, and what could not be read."""

    source: str
    about: Mapping[str, object]
    rows: tuple[Row, ...]
    faults: tuple[Fault, ...] = ()


def read_sheet(path: Path, *, needs: str = "text") -> Sheet:
    """Read the file at `path`; a broken line is a fault, and does not hide the others.

    `needs` is the column that a CSV file must have.

    Raises:
        AssessError: the file cannot be read at all.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise AssessError(
            f"{path} cannot be read ({error.strerror}); correct the path or the rights"
        ) from error
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        raise AssessError(
            f"{path}:{before.count(10) + 1}: not UTF-8 at byte {error.start}; {TO_UTF_8}"
        ) from error
    return parse_sheet(str(path), path.suffix, text, needs=needs)


def parse_sheet(source: str, suffix: str, text: str, *, needs: str = "text") -> Sheet:
    """Read `text` as a file with `suffix`."""
    if suffix.casefold() == ".csv":
        return _csv(source, text, needs)
    reader = {".toml": _toml, ".jsonl": _jsonl}.get(suffix.casefold())
    if reader is None:
        raise AssessError(f"{source}: suffix {suffix!r} is not .csv, .toml or .jsonl; rename it")
    return reader(source, text)


def _csv(source: str, text: str, needs: str) -> Sheet:
    found = sheets.read_sheet(text)
    faults: list[Fault] = []
    rows: list[Row] = []
    if found.header and (found.doubled() or (needs and needs not in found.columns)):
        what = f"the header row must name the columns, `{needs}` too, each once"
        return Sheet(source, found.about, (), (Fault(source, found.header.line, what),))
    for row in found.rows:
        if found.overfull(row):
            faults.append(Fault(source, row.line, found.overfull(row)))
        else:
            rows.append(Row(row.line, found.named(row)))
    if found.broken:
        what = f"not CSV from here on: {found.broken}; is a quote open? Save it as CSV"
        faults.append(Fault(source, _behind(found), what))
    elif not found.header:
        faults.append(Fault(source, 0, "no header row; write one: id,text,codes"))
    return Sheet(source, found.about, tuple(rows), tuple(faults))


def _behind(found: sheets.Sheet) -> int:
    """Return the line behind the last row that could be read, where what is broken begins."""
    last = found.rows[-1] if found.rows else found.header
    if last is None:
        return 1
    return last.line + sum(cell.count("\n") for cell in last.cells) + 1


def _toml(source: str, text: str) -> Sheet:
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found[1]) if found else 0
        return Sheet(source, {}, (), (Fault(source, line, f"not TOML: {error}"),))
    cases = data.pop("cases", None)
    if not isinstance(cases, list):
        what = "no cases; write each as a table [[cases]]"
        return Sheet(source, data, (), (Fault(source, 0, what),))
    lines = _headings(text, len(cases))
    rows = [Row(n, case) for n, case in zip(lines, cases, strict=True) if isinstance(case, dict)]
    faults = [
        Fault(source, n, "is no table; write [[cases]]")
        for n, case in zip(lines, cases, strict=True)
        if not isinstance(case, dict)
    ]
    return Sheet(source, data, tuple(rows), tuple(faults))


def _headings(text: str, count: int) -> list[int]:
    """Return the lines of the `[[cases]]`; all 0 where they do not agree with what was parsed."""
    lines = [n for n, line in enumerate(text.split("\n"), 1) if _HEADING.match(line)]
    return lines if len(lines) == count else [0] * count


def _jsonl(source: str, text: str) -> Sheet:
    about: Mapping[str, object] = {}
    rows: list[Row] = []
    faults: list[Fault] = []
    for line, written in enumerate(text.split("\n"), 1):
        if not written.strip():
            continue
        try:
            data = json.loads(written)
        except (ValueError, RecursionError) as error:
            what = f"not JSON: {error}; one object in a line, or delete the line"
            faults.append(Fault(source, line, what))
            continue
        if not isinstance(data, dict):
            what = f"is of type {type(data).__name__}; write an object with `text`"
            faults.append(Fault(source, line, what))
        elif [*data] == ["bank"] and isinstance(data["bank"], dict) and not rows:
            about = data["bank"]
        else:
            rows.append(Row(line, data))
    return Sheet(source, about, tuple(rows), tuple(faults))
