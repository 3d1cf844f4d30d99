"""Each cell of a table has the name of its column, so that a phone can show rows as lists."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup, escape
from tests.plugins.desk.conftest import Browser

from chopmark_desk._stacked import stacked


class Cells(HTMLParser):
    """Collects the cells of the tables of a page: tag, role, label, and text."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str, str]] = []
        self.roles: set[tuple[str, str]] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in ("th", "td"):
            label = given.get("data-label", "over several" if "colspan" in given else "")
            self.found.append((tag, given.get("role", ""), label, ""))
        elif tag in ("table", "thead", "tbody", "tr"):
            self.roles.add((tag, given.get("role", "")))

    def handle_data(self, data: str) -> None:
        if self.found:
            *rest, text = self.found[-1]
            self.found[-1] = (*rest, text + data)  # type: ignore[assignment]


def cells(html: str) -> Cells:
    parser = Cells()
    parser.feed(html)
    return parser


@given(
    heads=st.lists(st.text(), min_size=1, max_size=4),
    rows=st.lists(st.lists(st.text(), min_size=4, max_size=4), max_size=3),
)
def test_whatever_stands_in_a_table_stays_and_is_named(
    heads: list[str], rows: list[list[str]]
) -> None:
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(one) for one in heads)
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(
            Markup("").join(Markup("<td>{}</td>").format(one) for one in row[: len(heads)])
        )
        for row in rows
    )
    made = stacked(Markup("<thead><tr>{}</tr></thead><tbody>{}</tbody>").format(head, body))
    plain = re.sub(r' (role|data-label)="[^"]*"', "", str(made))
    assert plain == f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    labels = [label for tag, _, label, _ in cells(str(made)).found if tag == "td"]
    want = [cells(f'<td data-label="{escape(one.strip())}">').found[0][2] for one in heads]
    assert labels == [one for _ in rows for one in want]


def test_a_cell_over_several_columns_has_no_name_and_those_behind_it_have_theirs() -> None:
    made = stacked(
        Markup(
            '<thead><tr><th scope="col">A</th><th scope="col">B</th><th scope="col">C</th></tr>'
            '</thead><tbody><tr><td colspan="2">x</td><td>y</td></tr></tbody>'
        )
    )
    assert [cell[2] for cell in cells(str(made)).found[3:]] == ["over several", "C"]


@pytest.mark.parametrize("path", ["/", "/calls", "/calls?all=yes", "/policies", "/words"])
def test_every_cell_of_the_pages_is_named_and_every_part_keeps_its_role(
    as_role: Callable[[str], Browser], path: str
) -> None:
    found = cells(as_role("admin").see(path))
    assert found.found
    assert found.roles <= {
        ("table", "table"), ("thead", "rowgroup"), ("tbody", "rowgroup"), ("tr", "row"),
    }  # fmt: skip
    for _, role, label, text in found.found:
        assert role in ("columnheader", "rowheader", "cell"), text
        assert role == "columnheader" or label, text
