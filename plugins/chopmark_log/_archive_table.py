"""The columns of an archive: what leaves say, typed, made by DuckDB from the leaves alone.

So a column can be compared with the leaf beside it, and says nothing that the leaf does not. Fields
that a leaf leaves out have their usual values in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ._leaf import CALL, MARK, VERDICT

_TEXT, _NUMBER, _SWITCH = "VARCHAR", "BIGINT", "BOOLEAN"
_VERDICT = {
    "detector": _TEXT, "category": _TEXT, "outcome": _TEXT, "score": _NUMBER, "direction": _TEXT,
    "kind": _TEXT, "part": _NUMBER, "start": _NUMBER, "end": _NUMBER, "detail": _TEXT,
    "version": _TEXT,
}  # fmt: skip
_MARK = {"marker": _TEXT, "kind": _TEXT, "where": _TEXT, "placed": _SWITCH, "reason": _TEXT}
_FAILURE = {"role": _TEXT, "name": _TEXT, "error": _TEXT, "handled": _TEXT}
_SHAPE = {
    "k": _TEXT, "id": _TEXT, "t": _NUMBER, "w": {"h": _TEXT, "n": _NUMBER}, "policy": _TEXT,
    "adapter": _TEXT, "model": _TEXT, "sdk": _TEXT, "audience": _TEXT, "stream": _SWITCH,
    "action": _TEXT, "ending": _TEXT, "judged": _SWITCH, "messages": _NUMBER, "payload": _TEXT,
    "characters": {"request": _NUMBER, "answer": _NUMBER}, "verdicts": [_VERDICT],
    "marks": [_MARK], "failures": [_FAILURE], "tokens": {"in": _NUMBER, "out": _NUMBER},
    "holdback": _NUMBER, "duration": _NUMBER, "clock": _NUMBER, "kind": _TEXT, "actor": _TEXT,
    "about": [_TEXT],
}  # fmt: skip


def _literal(value: Any) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value).lower()


def _field(name: str) -> str:
    """Return what a leaf of a call has, or what it leaves out."""
    if CALL.get(name) in (None, []):
        return f"s.{name}"
    return f"CASE s.k WHEN 'call' THEN coalesce(s.{name}, {_literal(CALL[name])}) END"


def _list(name: str, shape: Mapping[str, str], usual: Mapping[str, Any]) -> str:
    fields = ", ".join(
        f"'{one}': coalesce(x.\"{one}\", {_literal(usual[one])})"
        if one in usual
        else f"'{one}': x.\"{one}\""
        for one in shape
    )
    return f"CASE s.k WHEN 'call' THEN coalesce([{{{fields}}} FOR x IN s.{name}], []) END"


COLUMNS: Mapping[str, str] = {
    "entry": "entry",
    "leaf": "encode(leaf)",
    "kind": "s.k",
    "record": "TRY_CAST(s.id AS UUID)",
    "time": "epoch_ms(s.t)",
    "writer": "s.w.h",
    "number": "s.w.n",
    "clock": "coalesce(s.clock, 0)",
    **{
        name: _field(name)
        for name in (
            "policy", "adapter", "model", "sdk", "audience", "stream", "action", "ending", "judged",
            "messages", "holdback", "duration",
        )
    },
    "request_characters": "s.characters.request",
    "answer_characters": "s.characters.answer",
    "input_tokens": "s.tokens.\"in\"",
    "output_tokens": "s.tokens.out",
    "has_content": "CASE s.k WHEN 'call' THEN s.payload IS NOT NULL END",
    "verdicts": _list("verdicts", _VERDICT, VERDICT),
    "marks": _list("marks", _MARK, MARK),
    "failures": _list("failures", _FAILURE, {}),
    "event": "CASE s.k WHEN 'event' THEN s.kind END",
    "actor": "s.actor",
    "about": "s.about",
}  # fmt: skip
"""What each column is, in SQL, of `entry` (its index) and `leaf` (a text)."""


def typed(source: str) -> str:
    """Return the query that makes the columns of what has `entry` and `leaf`, in their order."""
    columns = ", ".join(f'{sql} AS "{name}"' for name, sql in COLUMNS.items())
    shape = json.dumps(_SHAPE)
    return (
        f"SELECT {columns} FROM (SELECT entry, leaf, json_transform(leaf, '{shape}') AS s "
        f"FROM {source}) ORDER BY entry"
    )


def differing(file: str) -> str:
    """Return the query that counts the rows of a file whose columns are not those of their leaves.

    Where the file lacks a column, or has one whose type cannot be compared, DuckDB refuses it.
    """
    columns = [name for name in COLUMNS if name != "leaf"]
    differs = " OR ".join(f'a."{name}" IS DISTINCT FROM b."{name}"' for name in columns)
    made = typed(_leaves(file))
    return f"SELECT count(*) FROM {file} a POSITIONAL JOIN ({made}) b WHERE {differs}"


def described(file: str) -> tuple[str, str]:
    """Return the queries for the names and types of a file's columns: that it has, and should."""
    query = "SELECT column_name, column_type FROM (DESCRIBE {})"
    return query.format(f"FROM {file}"), query.format(typed(_leaves(file)))


def _leaves(file: str) -> str:
    return f"(SELECT entry, decode(leaf) AS leaf FROM {file})"
