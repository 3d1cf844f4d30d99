"""Changes an entry in the text of a TOML list: one of `[[entries]]`, or of `entries = [ ... ]`."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from chopmark.sheets import read_day

from ._errors import ListError


def amended(text: str, at: int | None, given: Mapping[str, str]) -> str | None:
    """Return `text` with the entry of index `at` changed, or a new one; None where it cannot be."""
    try:
        import tomlkit
        from tomlkit.items import AoT, Array
    except ImportError as error:
        raise ListError(
            "a list in TOML is changed where its comments stay, which needs tomlkit; install with: "
            "pip install 'chopmark[words]'"
        ) from error
    document = tomlkit.parse(text)
    defaults, entries = document.get("defaults", {}), document.get("entries")
    row: dict[str, object] = dict(given)
    if "expires" in row:
        row["expires"] = read_day(row["expires"]) or row["expires"]
    if at is not None and isinstance(entries, (AoT, Array)):
        change(entries[at], row, defaults)
    elif isinstance(entries, AoT):
        table = tomlkit.table()
        table.trivia.indent = "\n"  # an empty line before it
        entries.append(change(table, row, defaults))
    elif isinstance(entries, Array):
        entries.add_line(change(tomlkit.inline_table(), row, defaults))
    else:
        return None
    made = tomlkit.dumps(document)
    return made.replace("\r\n", "\n").replace("\n", "\r\n") if "\r\n" in text else made


Row = MutableMapping[str, Any]


def change(row: Row, given: Mapping[str, object], defaults: Mapping[str, object]) -> Row:
    """Put cells into a row and return it; an empty one stays where a default would fill it."""
    for key, value in given.items():
        if value != "" or key in defaults:
            row[key] = value
        else:
            row.pop(key, None)
    return row
