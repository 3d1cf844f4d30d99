"""Reads and checks list files; everything malformed is refused, with the place and the cure."""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from chopmark import PolicyError
from chopmark.options import did_you_mean
from chopmark.policy import ACTIONS
from chopmark.sheets import read_day

from ._fold import REPLACEMENT, fold
from ._lists import FOLDINGS, Entry, Folding, WordList
from ._risks import GROUNDS, RISKS
from ._rows import Fault, Row, Sheet, read_csv, read_json, read_toml

READERS = {".toml": read_toml, ".csv": read_csv, ".json": read_json}
_ABOUT = ("name", "version", "language")
_COLUMNS = ("term", "category", "level", "reviewer", "expires", "score", "folding", "risks")
_HAN = re.compile("[\u3007\u3400-\u9fff\U00020000-\U0003ffff]")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_CATEGORY = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What came of a list file: the list where nothing is wrong with it, else the faults."""

    source: str
    words: WordList | None
    faults: tuple[Fault, ...]


def bundled_names() -> tuple[str, ...]:
    """Return the names of the lists that come with the plugin."""
    folder = files(__package__) / "lists"
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".toml")))


def bundled_bytes(name: str) -> bytes:
    """Return the file of the list `name` that comes with the plugin."""
    return (files(__package__) / "lists" / f"{name}.toml").read_bytes()


@lru_cache(maxsize=8)  # each detector of a process has the same
def read_bundled(name: str) -> WordList:
    """Return the list `name` that comes with the plugin."""
    text = bundled_bytes(name).decode("utf-8")
    return _or_refuse(check(f"bundled:{name}", read_toml(text)))


def to_utf_8(data: bytes) -> str:
    """Return the cure for `data`, which is not UTF-8; a spreadsheet's "Unicode text" is UTF-16."""
    found = "UTF-16" if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "GBK"
    return f"save the file as UTF-8 (from {found}: iconv -f {found} -t UTF-8 FILE)"


def read_file(path: Path) -> Reading:
    """Read the list at `path`; never raises for what is in the file, or for a missing one."""
    if path.suffix.casefold() in READERS:  # else the file is not even opened
        try:
            data = path.read_bytes()
        except OSError as error:
            what = f"cannot be read ({error.strerror}); correct the path or the rights"
            return _failed(str(path), what)
    else:
        data = b""
    return read_bytes(str(path), data)


def read_bytes(name: str, data: bytes) -> Reading:
    """Read a list from the bytes of the file `name`; never raises for what is in it."""
    suffix = Path(name).suffix
    reader = READERS.get(suffix.casefold())
    if reader is None:
        return _failed(name, f"suffix {suffix!r} is not one of {', '.join(READERS)}; rename")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _failed(name, f"not UTF-8 at byte {error.start}; {to_utf_8(error.object)}")
    reading = check(name, reader(text))
    if reading.words is not None and misread(text, reading.words.language):
        return _failed(name, f"Chinese without a Chinese character; {to_utf_8(data)}")
    return reading


def misread(text: str, language: str) -> bool:
    """Return whether `text`, read as UTF-8, is Chinese in GBK: a few words of it may look so.

    They then look like letters of Cyrillic, Armenian and Hebrew, one beside the other, of which a
    Chinese list with no Chinese character at all has no use.
    """
    odd = [character for character in text if not character.isascii()]
    if len(odd) < 2 or not language.startswith("zh") or min(odd) < "\u0370" or max(odd) > "\u05ff":
        return False
    with suppress(UnicodeDecodeError):
        return all(map(_HAN.match, "".join(odd).encode().decode("gbk")))
    return False


def load_file(path: Path) -> WordList:
    """Return the list at `path`; raise `PolicyError` naming the file, the entry and the cure."""
    return _or_refuse(read_file(path))


def _failed(source: str, what: str) -> Reading:
    return Reading(source=source, words=None, faults=(Fault("", what),))


def _or_refuse(reading: Reading) -> WordList:
    if reading.words is not None:
        return reading.words
    more = len(reading.faults) - 1
    rest = f" (and {more} more; see `chopmark words lint`)" if more else ""
    raise PolicyError(f"plugin 'keyword': list {reading.source}: {reading.faults[0]}{rest}")


def check(source: str, sheet: Sheet) -> Reading:
    """Return the list that `sheet` holds, or everything that is wrong with it."""
    faults = list(sheet.faults)
    entries: list[Entry] = []
    if sheet.about or sheet.rows or not faults:  # else the file as such could not be read
        faults += _check_about(sheet.about)
    for row in sheet.rows:
        try:
            entries.append(_entry(row))
        except _CellError as error:
            line = f" (line {row.line})" if row.line else ""
            faults.append(Fault(f"entry {row.number}{line}", str(error)))
    if faults:
        return Reading(source=source, words=None, faults=tuple(faults))
    name, version, language = (str(sheet.about[key]) for key in _ABOUT)
    words = WordList(
        name=name, version=version, language=language, source=source, entries=tuple(entries)
    )
    return Reading(source=source, words=words, faults=())


def _check_about(about: Mapping[str, object]) -> list[Fault]:
    faults = [
        Fault("", f"unknown key {key!r}; a list has {', '.join(_ABOUT)}, defaults and entries")
        for key in about
        if key not in _ABOUT
    ]
    for key in _ABOUT:
        value = about.get(key)
        if not isinstance(value, str) or not value.strip():
            found = "missing" if value is None else f"{value!r}"
            cure = f'write {key} = "..." at the top (in CSV: # {key}: ...)'
            faults.append(Fault("", f"`{key}` is {found}; {cure}"))
    name, language = about.get("name"), about.get("language")
    if isinstance(name, str) and name and not _NAME.fullmatch(name):
        faults.append(Fault("", f"`name` is {name!r}; use a-z, 0-9, `.`, `_` and `-`, at most 64"))
    if isinstance(language, str) and language and not _LANGUAGE.fullmatch(language):
        faults.append(Fault("", f"`language` is {language!r}; use a tag such as zh, en or zh-Hant"))
    return faults


class _CellError(Exception):
    """A cell cannot be used; the message names the column and the cure, never the term."""


def _entry(row: Row) -> Entry:
    for column in row.cells:
        if column not in _COLUMNS:
            raise _CellError(f"unknown key {column!r}; an entry has {', '.join(_COLUMNS)}")
    cells = row.cells
    return Entry(
        number=row.number,
        line=row.line,
        term=_term(cells),
        category=_category(cells),
        level=_level(cells),
        reviewer=_text(cells, "reviewer", "name who answers for the entry"),
        expires=_expires(cells.get("expires")),
        score=_score(cells.get("score", 1.0)),
        folding=_folding(cells.get("folding")),
        risks=_risks(cells.get("risks")),
    )


def _text(cells: Mapping[str, object], column: str, cure: str) -> str:
    value = cells.get(column)
    if value is None:
        raise _CellError(f"`{column}` is missing; {cure}")
    if not isinstance(value, str):
        raise _CellError(f"`{column}` is of type {type(value).__name__}; write it in quotes")
    if not value.strip():
        raise _CellError(f"`{column}` is empty; {cure}")
    return value.strip()


def _term(cells: Mapping[str, object]) -> str:
    term = _text(cells, "term", "write the words to look for, or delete the entry")
    folded = fold(term)
    if REPLACEMENT in folded:
        raise _CellError("`term` holds U+FFFD, damage of a wrong encoding; write it anew in UTF-8")
    if not folded.strip():
        raise _CellError("`term` has only invisible characters; write words, or delete the entry")
    return term


def _category(cells: Mapping[str, object]) -> str:
    value = _text(cells, "category", "name one, such as profanity or fraud")
    if not _CATEGORY.fullmatch(value):
        raise _CellError(
            f"`category` is {value!r}; use dotted names of a-z, 0-9, `_` and `-`, broadest first"
        )
    return value if value.split(".")[0] == "keyword" else f"keyword.{value}"


def _level(cells: Mapping[str, object]) -> str:
    known = ", ".join(ACTIONS)
    value = _text(cells, "level", f"write one of {known}")
    if value not in ACTIONS:
        hint = did_you_mean(value, ACTIONS)
        raise _CellError(f"`level` is {value!r}; write one of {known}{hint}")
    return value


def _expires(value: object) -> date | None:
    if value is None or value == "":
        return None
    found = read_day(value)
    if found is None:
        cure = "write the last day that it holds: 2027-06-30"
        raise _CellError(f"`expires` is {str(value)!r}; {cure}")
    return found


def _score(value: object) -> float:
    try:
        score = float(value) if isinstance(value, (int, float, str)) else math.nan
    except ValueError:
        score = math.nan
    if isinstance(value, bool) or not 0 < score <= 1:
        raise _CellError(f"`score` is {value!r}; write a number above 0 and at most 1")
    return score


def _folding(value: object) -> Folding | None:
    if value is None or value == "":
        return None
    for folding in FOLDINGS:
        if value == folding:
            return folding
    raise _CellError(f"`folding` is {value!r}; write one of {', '.join(FOLDINGS)}")


def _risks(value: object) -> tuple[str, ...]:
    """Read codes as a TOML list, or as one string with spaces between them."""
    codes = value.split() if isinstance(value, str) else [] if value is None else value
    if not isinstance(codes, list) or not all(code in RISKS for code in codes):
        raise _CellError(f"`risks` is {value!r}; write codes of {GROUNDS}, such as A.1.f A.4.a")
    return tuple(dict.fromkeys(codes))
