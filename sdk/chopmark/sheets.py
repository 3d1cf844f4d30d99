"""For authors of plugins: reads what people keep in a spreadsheet: rows of CSV, and days."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row: the line that it begins in, from 1, and its cells without the space around them."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A CSV file as written (RFC 4180): rows `# key: value` about it, a header, and its rows.

    Rows without content count as not written. `header` is None where there is none, `broken` says
    why what follows the rows could not be read, and is empty where all was.
    """

    about: Mapping[str, str] = field(default_factory=dict)
    header: SheetRow | None = None
    rows: tuple[SheetRow, ...] = ()
    broken: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, in small letters."""
        return tuple(cell.casefold() for cell in self.header.cells) if self.header else ()

    def doubled(self) -> str:
        """Return a name that two columns have, empty where no two have one."""
        named = [column for column in self.columns if column]
        return next((column for column in named if named.count(column) > 1), "")

    def named(self, row: SheetRow) -> dict[str, str]:
        """Return the cells of `row` by column, without those that are empty."""
        return {name: cell for name, cell in zip(self.columns, row.cells, strict=False) if cell}

    def overfull(self, row: SheetRow) -> str:
        """Return what is wrong, with its cure, where `row` has a cell under no column, else ""."""
        if not any(row.cells[len(self.columns) :]):
            return ""
        count = f"{len(row.cells)} cells under {len(self.columns)} columns"
        return f"{count}; quote a cell that holds a comma"


def read_sheet(text: str) -> Sheet:
    """Return what `text`, a CSV file, says; never raises for what is in it."""
    about: dict[str, str] = {}
    header: SheetRow | None = None
    rows: list[SheetRow] = []
    broken = ""
    try:
        for row in _rows(text.removeprefix("\ufeff")):
            if header is not None:
                rows.append(row)
            elif row.cells[0].startswith("#"):
                key, _, value = ",".join(row.cells)[1:].partition(":")
                about[key.strip()] = value.strip().rstrip(",")  # a spreadsheet fills up the row
            else:
                header = row
    except csv.Error as error:
        broken = str(error)
    return Sheet(about=about, header=header, rows=tuple(rows), broken=broken)


def _rows(text: str) -> Iterator[SheetRow]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    for cells in reader:
        row = SheetRow(line, tuple(cell.strip() for cell in cells))
        if any(row.cells):
            yield row
        line = reader.line_num + 1


def read_day(value: object) -> date | None:
    """Return the day that a cell is, a date of TOML or a text such as 2026-11-30, else None."""
    if isinstance(value, datetime):
        return None  # it is a moment: which day that is depends on where one stands
    if isinstance(value, date):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return None
