"""Changes an entry in the text of a TOML list: one of `[[entries]]`, or of `entries = [ ... ]`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from chopmark.sheets import read_day

from ._write import quoted

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?!")|'
    r"'''.*?'''(?!')|"
    r'"(?:\\.|[^"\\\n])*"|'
    r"'[^'\n]*'|"
    r"#[^\n]*|[\[\]{}\n]",
    re.S,
)
_DEPTH = {"[": 1, "{": 1, "]": -1, "}": -1}
_HEADER = re.compile(r"""\s*\[\[\s*(["']?)entries\1\s*\]\]""")
_ARRAY = re.compile(r"""\s*(["']?)entries\1\s*=\s*\[""")
_BLANK = re.compile(r"\s*(#[^\n]*)?\s*")


class _Span(NamedTuple):
    start: int
    end: int


def amended(text: str, at: int | None, given: Mapping[str, str]) -> str | None:
    """Return `text` with the entry of index `at` changed, or a new one; None where it cannot be."""
    data = tomllib.loads(text)
    defaults = data.get("defaults", {})
    lines = list(_lines(text))
    tables = _tables(text, lines)
    if tables:
        return _in_tables(text, tables, at, given, defaults)
    array = next((line for line in lines if _ARRAY.match(text, *line)), None)
    if array is None:
        return None
    if at is None:
        return _appended(text, array, _inline(merged({}, given, defaults)))
    row = merged(data["entries"][at], given, defaults)
    return _put(text, [(_items(text, array)[0][at], _inline(row))])


def merged(
    row: Mapping[str, object], given: Mapping[str, str], defaults: Mapping[str, object]
) -> dict[str, object]:
    """Return a row with cells that are given; an empty one stays where a default would fill it."""
    found = {**row, **given}
    return {key: found[key] for key in found if found[key] != "" or key in defaults}


def _lines(text: str) -> Iterator[_Span]:
    """Yield the lines of `text`; what stands in brackets or a string over several is one."""
    depth = start = 0
    for token in _TOKEN.finditer(text):
        depth += _DEPTH.get(token[0], 0)
        if token[0] == "\n" and not depth:
            yield _Span(start, token.end())
            start = token.end()
    if start < len(text):
        yield _Span(start, len(text))


def _tables(text: str, lines: Sequence[_Span]) -> list[list[_Span]]:
    """Return the lines of each `[[entries]]`, the header first, up to its last key."""
    found: list[list[_Span]] = []
    inside = False
    for line in lines:
        if text[slice(*line)].lstrip().startswith("["):
            inside = _HEADER.match(text, *line) is not None
            if inside:
                found.append([])
        if inside:
            found[-1].append(line)
    for table in found:
        while _BLANK.fullmatch(text, *table[-1]):
            table.pop()
    return found


def _in_tables(
    text: str,
    tables: Sequence[Sequence[_Span]],
    at: int | None,
    given: Mapping[str, str],
    defaults: Mapping[str, object],
) -> str:
    new = "\r\n" if "\r\n" in text else "\n"
    last = tables[-1 if at is None else at][-1].end
    gap = "" if text[:last].endswith("\n") else new
    if at is None:
        row = merged({}, given, defaults)
        pairs = [f"{key} = {_value(key, value)}{new}" for key, value in row.items()]
        return _put(text, [(_Span(last, last), f"{gap}{new}[[entries]]{new}{''.join(pairs)}")])
    changes: list[tuple[_Span, str]] = []
    for key, value in given.items():
        found = [_pair(text, line, key) for line in tables[at]]
        line, where = next((pair for pair in found if pair is not None), (None, None))
        kept = value != "" or key in defaults
        if line is not None and where is not None:
            changes.append((where, _value(key, value)) if kept else (line, ""))
        elif kept:
            changes.append((_Span(last, last), f"{gap}{key} = {_value(key, value)}{new}"))
            gap = ""
    return _put(text, changes)


def _pair(text: str, line: _Span, key: str) -> tuple[_Span, _Span] | None:
    """Return a line and where its value stands, None where it is not of `key`."""
    found = re.compile(rf"""\s*(["']?){key}\1\s*=[ \t]*""").match(text, *line)
    if found is None:
        return None
    depth, end = 0, line.end
    for token in _TOKEN.finditer(text, found.end(), line.end):
        depth += _DEPTH.get(token[0], 0)
        if not depth and token[0][0] in "#\n":
            end = token.start()
            break
    value = text[found.end() : end].rstrip()
    return line, _Span(found.end(), found.end() + len(value))


def _items(text: str, array: _Span) -> tuple[list[_Span], int]:
    """Return where the tables of an array stand, and its closing bracket."""
    found: list[_Span] = []
    depth = start = 0
    for token in _TOKEN.finditer(text, text.index("[", array.start), array.end):
        if token[0] == "{" and depth == 1:
            start = token.start()
        depth += _DEPTH.get(token[0], 0)
        if token[0] == "}" and depth == 1:
            found.append(_Span(start, token.end()))
        if token[0] == "]" and not depth:
            return found, token.start()
    return found, array.end


def _appended(text: str, array: _Span, row: str) -> str:
    new = "\r\n" if "\r\n" in text else "\n"
    items, close = _items(text, array)
    indent, changes = "    ", []
    if items:
        before = text[text.rfind("\n", 0, items[-1].start) + 1 : items[-1].start]
        indent = before if before.isspace() else indent
        if "," not in re.sub(r"#[^\n]*", "", text[items[-1].end : close]):
            changes.append((_Span(items[-1].end, items[-1].end), ","))
    end = len(text[:close].rstrip())
    closing = text[end:close].rpartition("\n")
    changes.append(
        (_Span(end, close), f"{new}{indent}{row},{new}{closing[2] if closing[1] else ''}")
    )
    return _put(text, changes)


def _put(text: str, changes: Sequence[tuple[_Span, str]]) -> str:
    """Return `text` with each place that is named replaced, and several at one in their order."""
    parts, end = [], 0
    for place, new in sorted(changes, key=lambda change: change[0]):
        parts += [text[end : place.start], new]
        end = place.end
    return "".join([*parts, text[end:]])


def _inline(row: Mapping[str, object]) -> str:
    return f"{{ {', '.join(f'{key} = {_value(key, value)}' for key, value in row.items())} }}"


def _value(key: str, value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(map(quoted, value))}]"
    if isinstance(value, str):
        return value if key == "expires" and read_day(value) else quoted(value)
    return str(value)
