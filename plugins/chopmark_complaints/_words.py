"""Appends an entry to a word list, in the form that plugin `keyword` reads.

TOML, CSV and JSON. The file is replaced whole, so that who reads it meanwhile has the old or the
new one; what is in it beside, comments too, stays as it is.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from chopmark.options import did_you_mean
from chopmark.policy import ACTIONS
from chopmark.sheets import read_sheet

from ._errors import ComplaintError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_FILLERS = "\u115f\u1160\u3164\uffa0"  # letters of Hangul that are empty
_CATEGORY = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """An entry: what to look for, and what it asks for. `expires` is its last day, in UTC."""

    term: str
    category: str
    level: str
    reviewer: str
    expires: date | None = None

    def checked(self) -> Word:
        """Return the entry itself; raise `ComplaintError` where a list could not have it."""
        if "\ufffd" in self.term or not any(map(_is_seen, self.term)):
            raise ComplaintError("the term has nothing that can be seen, or U+FFFD; write words")
        if not _CATEGORY.fullmatch(self.category):
            raise ComplaintError(
                f"category {self.category!r}: use dotted names of a-z, 0-9, _ and -, broadest first"
            )
        if self.level not in ACTIONS:
            hint = did_you_mean(self.level, ACTIONS)
            raise ComplaintError(f"level {self.level!r}: write one of {', '.join(ACTIONS)}{hint}")
        return self

    def cells(self) -> dict[str, str]:
        """Return the entry by the columns of a list."""
        found = {
            "term": self.term.strip(),
            "category": self.category,
            "level": self.level,
            "reviewer": self.reviewer,
        }
        return found | ({"expires": self.expires.isoformat()} if self.expires else {})


def _is_seen(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNPS" and character not in _FILLERS


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry is: the name of its list, and its number there, from 1."""

    list: str
    number: int


@dataclass(frozen=True, slots=True)
class _List:
    name: str
    entries: list[Mapping[str, object]]


def append(path: Path, word: Word) -> Place:
    """Append `word` to the list at `path`, and return where it is.

    One that is there already, the same in all, is left as it is.

    Raises:
        ComplaintError: the file is no list, or has the term with another meaning.
    """
    form = _FORMS.get(path.suffix.casefold())
    if form is None:
        raise ComplaintError(f"{path}: a list of words ends in {', '.join(_FORMS)}")
    read, added = form
    path = path.resolve()  # else a link would be replaced, and not what it leads to
    try:
        data = path.read_bytes()
        text = data.decode("utf-8")
    except OSError as error:
        raise ComplaintError(
            f"list {path} cannot be read ({error.strerror}); make one with `chopmark words import`"
        ) from error
    except UnicodeDecodeError as error:
        raise ComplaintError(
            f"list {path} is not UTF-8 at byte {error.start}; save it so"
        ) from None
    before = _checked(path, read(path, text))
    cells = word.checked().cells()
    for number, entry in enumerate(before.entries, 1):
        if str(entry.get("term", "")).strip() == cells["term"]:
            if all(_cell(entry.get(key)) == value for key, value in cells.items()):
                return Place(before.name, number)
            raise ComplaintError(
                f"list {path} has the term already, as entry {number} (category "
                f"{entry.get('category')!r}, level {entry.get('level')!r}); change it there"
            )
    for candidate in added(text, cells):
        try:
            after = read(path, candidate)
        except ComplaintError:
            continue
        if after.name == before.name and after.entries[:-1] == before.entries and all(
            _cell(after.entries[-1].get(key)) == value for key, value in cells.items()
        ):  # fmt: skip
            _replace(path, candidate)
            return Place(after.name, len(after.entries))
    raise ComplaintError(
        f"list {path} is written so that nothing can be appended to it: let `entries` be the last "
        "thing in it, as [[entries]] or a list; in CSV, have a column for "
        f"{', '.join(cells)}"
    )


def _checked(path: Path, found: _List) -> _List:
    if not found.name:
        raise ComplaintError(f"list {path} has no `name`; `chopmark words lint` says what it lacks")
    return found


def _cell(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value or "").strip()


def _replace(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(text.encode())
        shutil.copymode(path, beside)
        os.replace(beside, path)
    except OSError as error:
        raise ComplaintError(f"list {path} cannot be written ({error.strerror})") from error
    finally:
        beside.unlink(missing_ok=True)


def _of_table(path: Path, data: Any) -> _List:
    entries = data.get("entries", []) if isinstance(data, dict) else None
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise ComplaintError(f"list {path} has no `entries`; see `chopmark words lint`")
    defaults = data.get("defaults", {})
    filled = [{**defaults, **one} for one in entries] if isinstance(defaults, dict) else entries
    return _List(str(data.get("name", "")), filled)


def _read_toml(path: Path, text: str) -> _List:
    try:
        return _of_table(path, tomllib.loads(text.removeprefix("\ufeff")))
    except (ValueError, RecursionError) as error:
        raise ComplaintError(f"list {path} is not TOML: {error}") from error


def _add_toml(text: str, cells: Mapping[str, str]) -> Iterator[str]:
    pairs = [
        f"{key} = {value if key == 'expires' else _quoted(value)}" for key, value in cells.items()
    ]
    table = "".join(f"{pair}\n" for pair in pairs)
    yield f"{text.rstrip()}\n\n[[entries]]\n{table}"
    # An array: what parses with one entry more, and all others as they were, is the right place.
    row, end = f"    {{ {', '.join(pairs)} }},\n", len(text)
    for _ in range(20):
        end = text.rfind("]", 0, end)
        if end < 0:
            return
        head = text[:end].rstrip()
        for comma in ("", ","):
            yield f"{head}{comma}\n{row}{text[end:]}"


def _quoted(value: str) -> str:
    """Return a string as TOML writes it: as JSON does, but for one control character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _read_json(path: Path, text: str) -> _List:
    try:
        return _of_table(path, json.loads(text.removeprefix("\ufeff")))
    except (ValueError, RecursionError) as error:
        raise ComplaintError(f"list {path} is not JSON: {error}") from error


def _add_json(text: str, cells: Mapping[str, str]) -> Iterator[str]:
    data = json.loads(text.removeprefix("\ufeff"))
    data["entries"] = [*data.get("entries", []), dict(cells)]
    yield json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def _read_csv(path: Path, text: str) -> _List:
    sheet = read_sheet(text)
    if sheet.broken:
        raise ComplaintError(f"list {path} is not CSV: {sheet.broken}")
    return _List(sheet.about.get("name", ""), [sheet.named(row) for row in sheet.rows])


def _add_csv(text: str, cells: Mapping[str, str]) -> Iterator[str]:
    out = io.StringIO(newline="")
    end = "\r\n" if "\r\n" in text else "\n"
    row = [cells.get(column, "") for column in read_sheet(text).columns]
    csv.writer(out, lineterminator=end).writerow(row)
    yield f"{text}{'' if text.endswith(end) else end}{out.getvalue()}"


_Read = Callable[[Path, str], _List]
_Add = Callable[[str, Mapping[str, str]], Iterator[str]]
_FORMS: Mapping[str, tuple[_Read, _Add]] = {
    ".toml": (_read_toml, _add_toml),
    ".csv": (_read_csv, _add_csv),
    ".json": (_read_json, _add_json),
}
