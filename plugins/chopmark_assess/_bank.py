"""A bank of cases: questions for a target, each with what is right for it.

What a file says of the bank holds for every case that says nothing else: `kind`, `language`,
`annotator`, `date`, `source`. `name`, `version`, `licence` and `schema` are the bank's own.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path

from chopmark.options import did_you_mean
from chopmark.sheets import read_day

from ._errors import AssessError
from ._rows import Fault, Row, Sheet, parse_sheet, read_sheet
from ._schema import DEFAULT, Schema

SAMPLE = "sample:"
"""What names of banks begin with that come with the plugin."""

_ABOUT = (
    "name", "version", "licence", "schema", "kind", "language", "annotator", "date", "source",
    "notes", "target",
)  # fmt: skip
_KEYS = ("id", "text", "codes", "kind", "language", "annotator", "date", "source", "notes")
_INHERITED = ("kind", "language", "annotator", "date", "source")
_ID = re.compile(r"[^\s\x00-\x1f]{1,100}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One question. `codes` are of the schema, `where` is `file:line`.

    `annotator` is who wrote it or chose its codes: who reviews an answer must be somebody else.
    """

    id: str
    text: str
    kind: str
    codes: tuple[str, ...]
    language: str = ""
    annotator: str = ""
    date: date | None = None
    source: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """Cases, each id once.

    `target` is what the file says they were made for, `licence` under which their texts may be
    passed on; both may be empty.
    """

    name: str
    version: str
    source: str
    cases: tuple[Case, ...]
    target: str = ""
    licence: str = ""

    @property
    def digest(self) -> str:
        """The SHA-256 of what is asked and expected, in hexadecimal; order does not matter."""
        lines = sorted(
            "\x1f".join((case.id, case.kind, " ".join(case.codes), case.text))
            for case in self.cases
        )
        return hashlib.sha256("\x1e".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A file as far as it can be read: the cases that are right, and the faults of the others."""

    bank: Bank
    faults: tuple[Fault, ...]


def sample_names(schema: str = DEFAULT) -> tuple[str, ...]:
    """Return the names of the banks for `schema` that come along, `sample:` before each."""
    about = {name: _sample(name).about for name in _samples()}
    return tuple(name for name in about if about[name].get("schema", DEFAULT) == schema)


def read_bank(name: str, schema: Schema) -> Reading:
    """Read the bank `name`: the path of a file, or `sample:NAME` for one that comes along.

    Raises:
        AssessError: it cannot be read at all.
    """
    if not name.startswith(SAMPLE):
        return _checked(read_sheet(Path(name)), schema)
    if name not in _samples():
        raise AssessError(f"no bank {name!r} comes along; there are {', '.join(_samples())}")
    return _checked(_sample(name), schema)


def _samples() -> tuple[str, ...]:
    folder = files(__package__) / "samples"
    names = sorted(file.name for file in folder.iterdir())
    return tuple(SAMPLE + name[: -len(".csv")] for name in names if name.endswith(".csv"))


def _sample(name: str) -> Sheet:
    file = files(__package__) / "samples" / f"{name[len(SAMPLE) :]}.csv"
    return parse_sheet(name, ".csv", file.read_text("utf-8"))


def load_banks(names: Iterable[str], schema: Schema) -> tuple[Bank, ...]:
    """Return the banks `names`, where nothing at all is wrong with them.

    Raises:
        AssessError: a file cannot be read, a line is wrong, or two cases have one id; all faults
            are named, each with its file and line.
    """
    readings = [read_bank(name, schema) for name in names]
    faults = [fault for reading in readings for fault in reading.faults]
    faults += doubled_ids(reading.bank for reading in readings)
    if faults:
        listed = "\n".join(map(str, faults[:20]))
        more = f"\nand {len(faults) - 20} more; see `chopmark bank check`" if faults[20:] else ""
        raise AssessError(f"faults in banks: {len(faults)}\n{listed}{more}")
    return tuple(reading.bank for reading in readings)


def doubled_ids(banks: Iterable[Bank]) -> list[Fault]:
    """Return a fault for every id that cases of two banks have."""
    first: dict[str, Bank] = {}
    faults = []
    for bank in banks:
        for case in bank.cases:
            other = first.setdefault(case.id, bank)
            if other is not bank:
                line = int(case.where.rpartition(":")[2] or 0)
                what = f"`id` {case.id!r} is also in {other.source}; give one of them another"
                faults.append(Fault(bank.source, line, what))
    return faults


def _checked(sheet: Sheet, schema: Schema) -> Reading:
    faults = list(sheet.faults)
    for key in sheet.about:
        if key not in _ABOUT:
            what = f"unknown key {key!r} about the bank; known are {', '.join(_ABOUT)}"
            faults.append(Fault(sheet.source, 0, what))
    defaults = {key: sheet.about[key] for key in _INHERITED if sheet.about.get(key)}
    own = sheet.about.get("schema") or schema.name
    if own != schema.name:  # one fault, not one for every code
        what = f"its codes are of schema {own!r}, not of {schema.name!r}; use --schema {own}"
        faults.append(Fault(sheet.source, 0, what))
    cases: dict[str, Case] = {}
    for row in sheet.rows if own == schema.name else ():
        try:
            case = _case(row, defaults, schema, f"{sheet.source}:{row.line}")
        except _CellError as error:
            faults.append(Fault(sheet.source, row.line, str(error)))
            continue
        twin = cases.setdefault(case.id, case)
        if twin is not case:
            same = " (of one text)" if "id" not in row.cells else ""
            line = twin.where.rpartition(":")[2]
            what = f"`id` {case.id!r}{same} is also that of line {line}; keep one"
            faults.append(Fault(sheet.source, row.line, what))
    bank = Bank(
        name=str(sheet.about.get("name") or Path(sheet.source).stem),
        version=str(sheet.about.get("version") or ""),
        source=sheet.source,
        cases=tuple(cases.values()),
        target=str(sheet.about.get("target") or ""),
        licence=str(sheet.about.get("licence") or ""),
    )
    return Reading(bank=bank, faults=tuple(sorted(faults, key=lambda fault: fault.line)))


class _CellError(Exception):
    """A cell cannot be used; the message names the key and the cure."""


def _case(row: Row, defaults: Mapping[str, object], schema: Schema, where: str) -> Case:
    for key in row.cells:
        if key not in _KEYS:
            raise _CellError(f"unknown key {key!r}; a case has {', '.join(_KEYS)}")
    cells = {**defaults, **row.cells}
    text = _text(cells, "text", "")
    if not text:
        raise _CellError("`text` is missing or empty; write the question, or delete the case")
    kind = _text(cells, "kind", "")
    if not kind:
        raise _CellError(f"`kind` is missing; write one of {', '.join(schema.kinds)}")
    if kind not in schema.kinds:
        known, hint = ", ".join(schema.kinds), did_you_mean(kind, schema.kinds)
        raise _CellError(f"`kind` is {kind!r}; write one of {known}{hint}")
    language = _text(cells, "language", "")
    if language and not _LANGUAGE.fullmatch(language):
        raise _CellError(f"`language` is {language!r}; use a tag such as zh, en or zh-Hant")
    ident = _text(cells, "id", hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12])
    if not _ID.fullmatch(ident):
        raise _CellError(f"`id` is {ident!r}; use at most 100 characters without spaces")
    return Case(
        id=ident,
        text=text,
        kind=kind,
        codes=_codes(cells.get("codes"), schema),
        language=language,
        annotator=_text(cells, "annotator", ""),
        date=_date(cells.get("date")),
        source=_text(cells, "source", ""),
        where=where,
    )


def _text(cells: Mapping[str, object], key: str, default: str) -> str:
    value = cells.get(key)
    if value is None:
        return default
    if not isinstance(value, str):
        if key == "id" and isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        raise _CellError(f"`{key}` is of type {type(value).__name__}; write it in quotes")
    return value.strip() or default


def _codes(value: object, schema: Schema) -> tuple[str, ...]:
    codes = value.split() if isinstance(value, str) else value
    if not codes:
        raise _CellError("`codes` is missing; name at least one of the schema, such as A.2.e")
    if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
        raise _CellError(f"`codes` is {value!r}; write a list, or one text with spaces between")
    for code in codes:
        if code not in schema.codes:
            hint = did_you_mean(code, schema.codes, least=0.6)
            raise _CellError(
                f"code {code!r} is not in schema {schema.name!r}{hint}; `chopmark bank codes` "
                "lists them"
            )
    return tuple(dict.fromkeys(codes))


def _date(value: object) -> date | None:
    if value is None or value == "":
        return None
    found = read_day(value.date() if isinstance(value, datetime) else value)
    if found is None:
        raise _CellError(f"`date` is {value!r}; write the day it was last renewed: 2026-11-30")
    return found
