"""Tables fit the terminal that they are printed to, and lose nothing by it."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from chopmark.terminal import table

CELLS = st.text(st.sampled_from("ab-. 处置\u0301"), max_size=60).map(" ".join) | st.text(
    st.sampled_from("abc 判定次数-，"), max_size=60
)
ROWS = st.integers(1, 6).flatmap(
    lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=1, max_size=4)
)


def columns_of(line: str) -> int:
    return sum(
        0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in line
    )


@given(ROWS, st.integers(45, 120))
def test_a_table_fits_and_every_character_is_in_it(rows: list[list[str]], columns: int) -> None:
    header = [f"C{n}" for n in range(len(rows[0]))]
    shown = table(header, rows, columns=columns)
    assert max(map(columns_of, shown.split("\n"))) <= columns
    kept = sorted(shown.replace(" ", "").replace("\n", ""))
    assert kept == sorted("".join(header + [c for row in rows for c in row]).replace(" ", ""))


@given(ROWS)
def test_where_there_is_room_nothing_changes(rows: list[list[str]]) -> None:
    header = ["X"] * len(rows[0])
    whole = table(header, rows)
    room = max(map(columns_of, whole.split("\n"))) + 200
    assert table(header, rows, columns=room) == whole


def test_what_is_long_goes_on_below_at_a_blank_or_a_hyphen() -> None:
    rows = [("should-not-refuse", "discrimination by belief", "判定次数")]
    assert table(("KIND", "ABOUT", "N"), rows, columns=32).split("\n") == [
        "KIND     ABOUT           N",
        "should-  discrimination  判定次",
        "not-     by belief       数",
        "refuse",
    ]
