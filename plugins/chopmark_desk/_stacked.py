"""Gives each cell of a table the name of its column, so that a phone can show rows as lists.

The style sheet stacks the cells of a row on a narrow screen, where browsers forget that they are a
table: roles say it again. What stands in a cell is left as it is; only our own tags begin with `<`.
"""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_TAG = re.compile(r"<(?P<close>/?)(?P<name>thead|tbody|tr|th|td)(?P<rest>[^<>]*)>")
_CELL = re.compile(r"<t[hd]\b[^<>]*>(?P<text>(?:[^<]|<(?!/?t[hd]\b))*)</t[hd]>")
_INNER = re.compile(r"<[^<>]*>")
_SPAN = re.compile(r'colspan="(\d+)"')
_ROLES = {"thead": "rowgroup", "tbody": "rowgroup", "tr": "row", "td": "cell"}


def stacked(rows: Markup) -> Markup:
    """Return the inside of a table with a role at each of its tags, and `data-label` at cells.

    Args:
        rows: a `thead` with one row, and what else a table has.
    """
    head, _, _ = rows.partition("</thead>")
    labels = [
        _INNER.sub("", found["text"]).strip().replace('"', "&#34;")
        for found in _CELL.finditer(head)
    ]
    column = 0

    def named(found: re.Match[str]) -> str:
        nonlocal column
        name, rest = found["name"], found["rest"]
        if found["close"]:
            return found[0]
        if name == "tr":
            column = 0
        role = _ROLES.get(name) or ("columnheader" if 'scope="col"' in rest else "rowheader")
        label = ""
        if role in ("cell", "rowheader"):
            span = _SPAN.search(rest)
            if span is None and column < len(labels) and labels[column]:
                label = f' data-label="{labels[column]}"'  # escaped: it is from the page itself
            column += int(span[1]) if span else 1
        return f'<{name}{rest} role="{role}"{label}>'

    return Markup(_TAG.sub(named, escape(rows)))
