"""Changes an entry in the text of a CSV list: its own row, and the header where a column lacks."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from chopmark.sheets import read_sheet


def amended(text: str, at: int | None, given: Mapping[str, str]) -> str | None:
    """Return `text` with the entry of index `at` changed, or a new one; None where it cannot be."""
    sheet = read_sheet(text)
    if sheet.header is None:
        return None
    lines = list(io.StringIO(text, newline=""))
    ending = "\r\n" if "\r\n" in text else "\n"
    head, length = _record(lines, sheet.header.line)
    columns = list(sheet.columns)
    lacking = [column for column in given if given[column] and column not in columns]
    columns += lacking
    changes = []
    if lacking:
        head += [""] * (len(sheet.columns) - len(head))
        changes.append((sheet.header.line, length, _line([*head, *lacking], ending)))
    if at is None:
        row = [given.get(column, "") for column in columns]
        if lines and not lines[-1].endswith(("\n", "\r")):
            lines[-1] += ending
        changes.append((len(lines) + 1, 0, _line(row, ending)))
    else:
        line = sheet.rows[at].line
        row, length = _record(lines, line)
        row += [""] * (len(columns) - len(row))
        for column, value in given.items():
            if column in columns:
                row[columns.index(column)] = value
        changes.append((line, length, _line(row, ending)))
    for line, length, new in reversed(changes):
        lines[line - 1 : line - 1 + length] = [new]
    return "".join(lines)


def _record(lines: Sequence[str], line: int) -> tuple[list[str], int]:
    """Return the row that begins in `line`, from 1, and how many lines it takes."""
    reader = csv.reader(lines[line - 1 :], strict=True)
    return next(reader), reader.line_num


def _line(row: Sequence[str], ending: str) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=ending).writerow(row)
    return out.getvalue()
