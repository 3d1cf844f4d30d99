"""Brings bare terms, or a table of another make, into a governed list."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass

from ._fold import fold
from ._read import Reading, check
from ._rows import Fault, Row, Sheet

_OWN = ("category", "level", "reviewer", "expires", "score", "folding", "risks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What came of a foreign file: the list or its faults, and how many terms were doubled."""

    reading: Reading
    doubled: int


def bring(
    source: str,
    text: str,
    about: Mapping[str, object],
    given: Mapping[str, object],
    column: str | None,
) -> Brought:
    """Return the terms in `text` as a list.

    Without `column` every line is a term; with it, `text` is CSV whose header has that column,
    and columns with the names of our own fill the entry. `given` is for what is not there. Terms
    that fold like an earlier one are left out.
    """
    rows: list[Row] = []
    seen: set[str] = set()
    doubled = 0
    try:
        found = _lines(text) if column is None else _table(text, column)
    except (csv.Error, ValueError) as error:
        sheet = Sheet(about={}, rows=(), faults=(Fault("", str(error)),))
        return Brought(reading=check(source, sheet), doubled=0)
    for line, cells in found:
        key = fold(str(cells["term"])).strip()
        if key in seen:
            doubled += 1
            continue
        seen.add(key)
        rows.append(Row(number=len(rows) + 1, line=line, cells={**given, **cells}))
    sheet = Sheet(about=about, rows=tuple(rows), faults=())
    return Brought(reading=check(source, sheet), doubled=doubled)


def _lines(text: str) -> list[tuple[int, dict[str, object]]]:
    lines = enumerate(re.split("\r\n|\r|\n", text), 1)
    return [(line, {"term": term.strip()}) for line, term in lines if term.strip()]


def _table(text: str, column: str) -> list[tuple[int, dict[str, object]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header = [cell.strip() for cell in next(reader, [])]
    if column not in header:
        raise ValueError(f"no column {column!r}; the first row names {', '.join(header) or 'none'}")
    names = [
        "term" if name == column else name.casefold() if name.casefold() in _OWN else ""
        for name in header
    ]
    found: list[tuple[int, dict[str, object]]] = []
    for row in reader:
        pairs = zip(names, row, strict=False)
        cells: dict[str, object] = {
            name: cell.strip() for name, cell in pairs if name and cell.strip()
        }
        if "term" in cells:
            found.append((reader.line_num, cells))
    return found
