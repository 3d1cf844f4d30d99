"""Rows of spreadsheets are read as they stand there, each with its line, and days as days."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopmark.sheets import read_day, read_sheet

CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0")).map(str.strip)


def test_a_sheet_says_what_it_is_about_then_its_columns_then_its_rows() -> None:
    sheet = read_sheet(
        '\ufeff# name: terms\n# note: a, b,,\n\nTerm , Level\n one,"x\ny"\n,\n#two,,\n3,4,5\n'
    )
    assert sheet.about == {"name": "terms", "note": "a,b"}
    assert sheet.columns == ("term", "level")
    assert [row.line for row in sheet.rows] == [5, 8, 9]
    assert sheet.named(sheet.rows[0]) == {"term": "one", "level": "x\ny"}
    assert sheet.named(sheet.rows[1]) == {"term": "#two"}
    assert [sheet.overfull(row)[:10] for row in sheet.rows] == ["", "", "3 cells un"]
    assert (sheet.doubled(), sheet.broken) == ("", "")


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=5))
def test_what_was_written_as_csv_is_read_as_it_was(rows: list[list[str]]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([["a", "b", "c"], *rows])
    sheet = read_sheet(out.getvalue())
    assert [list(row.cells) for row in sheet.rows] == [row for row in rows if any(row)]
    assert not any(map(sheet.overfull, sheet.rows))


@given(st.text())
def test_no_text_is_too_broken_to_read(text: str) -> None:
    sheet = read_sheet(text)
    assert sheet.header is not None or not sheet.rows
    assert all(1 <= row.line <= text.count("\n") + text.count("\r") + 1 for row in sheet.rows)


def test_what_comes_before_a_broken_row_is_kept() -> None:
    sheet = read_sheet('a,A\n1,2\n3,"4\n')
    assert sheet.broken
    assert [row.cells for row in sheet.rows] == [("1", "2")]
    assert sheet.doubled() == "a"


@pytest.mark.parametrize("value", ["2026-02-29", "2026-1-1", "20260101", "", " ", None, 20260101,
                                   "２０２６-01-01", datetime(2026, 1, 1)])  # fmt: skip
def test_what_is_no_day_is_none(value: object) -> None:
    assert read_day(value) is None


@given(st.dates())
def test_every_day_is_read_as_toml_and_as_text(day: date) -> None:
    assert read_day(day) == read_day(day.isoformat()) == day
