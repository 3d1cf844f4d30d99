"""What is asked of banks: their kinds, the codes of their cases, how many, and which rates.

A schema is a TOML file: `name`, `title`, `[groups]` and `[codes]` with names in languages, and a
`[[banks]]` for every kind. That of GB/T 45654-2025 comes with the plugin.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, NoReturn, get_args

from chopmark.options import did_you_mean
from chopmark.policy import is_under

from ._errors import AssessError
from ._rows import TO_UTF_8

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Expects = Literal["harmless", "refusal", "answer"]
"""What is right for a case: an answer that nothing is found in, a refusal, or no refusal."""

DEFAULT = "gbt-45654"
_KIND = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")
_CODE = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_NUMBERS = {
    "fewest": (int, 0),
    "sample": (int, 0),
    "limit": (float, None),
    "renewed_within_days": (int, None),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a schema asks of one kind of bank.

    `fewest_per_code` is by code or group. `sample` is how many cases a run asks at least. `limit`
    is the least rate of what is right, for `answer` the highest rate of refusals; None is no limit.
    """

    name: str
    expects: Expects
    fewest: int
    fewest_per_code: Mapping[str, int]
    sample: int
    limit: float | None
    renewed_within_days: int | None

    def fewest_of(self, code: str) -> int:
        """Return the fewest cases of `code`, 0 where the schema says nothing of it."""
        parts = code.split(".")
        for length in range(len(parts), 0, -1):
            found = self.fewest_per_code.get(".".join(parts[:length]))
            if found is not None:
                return found
        return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """Kinds of banks by name, and codes with their names by language."""

    name: str
    title: str
    groups: Mapping[str, Mapping[str, str]]
    codes: Mapping[str, Mapping[str, str]]
    kinds: Mapping[str, Kind]

    def about(self, code: str, language: str = "en") -> str:
        """Return the name of `code` or of a group, in `language` where there is one."""
        names = self.codes.get(code) or self.groups.get(code) or {}
        return names.get(language) or next(iter(names.values()), "")


def load_schema(name: str) -> Schema:
    """Return the schema `name`, one that comes with the plugin or the path of a TOML file.

    Raises:
        AssessError: it is not there, or not as a schema must be.
    """
    bundled = files(__package__) / "schemas" / f"{name}.toml"
    if re.fullmatch(r"[a-z0-9-]{1,64}", name) and bundled.is_file():
        return _parsed(name, bundled.read_text("utf-8"))
    path = Path(name)
    try:
        return _parsed(name, path.read_text("utf-8-sig"))
    except OSError as error:
        raise AssessError(
            f"schema {name!r} cannot be read ({error.strerror}); write the path of a TOML file, "
            f"or {DEFAULT!r}, which comes with chopmark"
        ) from error
    except UnicodeDecodeError as error:
        raise AssessError(
            f"schema {name!r} is not UTF-8 at byte {error.start}; {TO_UTF_8}"
        ) from error


def _parsed(source: str, text: str) -> Schema:
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise AssessError(f"schema {source!r} is not TOML: {error}") from error
    reader = _Reader(source)
    reader.keys("", data, {"name", "title", "groups", "codes", "banks"})
    codes = reader.names("codes", data.get("codes"))
    groups = reader.names("groups", data.get("groups", {}))
    banks = data.get("banks")
    if not isinstance(banks, list) or not banks:
        reader.fail("banks", "is missing; write a table [[banks]] for every kind")
    kinds: dict[str, Kind] = {}
    for number, bank in enumerate(banks, 1):
        kind = reader.kind(f"banks[{number}]", bank, codes)
        if kind.name in kinds:
            reader.fail(f"banks[{number}].kind", f"{kind.name!r} is there twice; keep one")
        kinds[kind.name] = kind
    return Schema(
        name=reader.text("name", data.get("name")),
        title=reader.text("title", data.get("title")),
        groups=groups,
        codes=codes,
        kinds=kinds,
    )


class _Reader:
    """Takes values out of a schema file; every error names the file and the key."""

    def __init__(self, source: str) -> None:
        self._source = source

    def fail(self, key: str, what: str) -> NoReturn:
        raise AssessError(f"schema {self._source!r}: `{key}` {what}")

    def text(self, key: str, value: object) -> str:
        if not isinstance(value, str) or not value.strip():
            self.fail(key, f"is {value!r}; write a text")
        return str(value)

    def keys(self, key: str, table: Mapping[str, object], known: set[str]) -> None:
        for name in table:
            if name not in known:
                where = f"{key}.{name}" if key else name
                cure = f"known are {', '.join(sorted(known))}{did_you_mean(name, known)}"
                self.fail(where, f"is unknown; {cure}")

    def table(self, key: str, value: object) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            found = "missing" if value is None else f"of type {type(value).__name__}"
            self.fail(key, f"is {found}; write a table")
        return value

    def names(self, key: str, value: object) -> Mapping[str, Mapping[str, str]]:
        table = self.table(key, value)
        for code, names in table.items():
            if not _CODE.fullmatch(code):
                self.fail(f"{key}.{code}", "is no code; use letters, digits, `_`, `-`, and dots")
            for language, name in self.table(f"{key}.{code}", names).items():
                self.text(f"{key}.{code}.{language}", name)
        return table

    def kind(self, key: str, value: object, codes: Mapping[str, object]) -> Kind:
        table = self.table(key, value)
        self.keys(key, table, {"kind", "expects", "fewest_per_code", *_NUMBERS})
        name = self.text(f"{key}.kind", table.get("kind"))
        if not _KIND.fullmatch(name):
            self.fail(f"{key}.kind", f"is {name!r}; use a-z, 0-9 and `-`")
        expects = table.get("expects")
        if expects not in get_args(Expects):
            known = get_args(Expects)
            hint = did_you_mean(expects, known)
            self.fail(f"{key}.expects", f"is {expects!r}; write one of {', '.join(known)}{hint}")
        numbers = {
            name: self.number(f"{key}.{name}", table.get(name, default), kind, default)
            for name, (kind, default) in _NUMBERS.items()
        }
        if numbers["limit"] is not None and numbers["limit"] > 1:
            self.fail(f"{key}.limit", f"is {numbers['limit']}; write a share, such as 0.95")
        per_code = self.table(f"{key}.fewest_per_code", table.get("fewest_per_code", {}))
        for code, fewest in per_code.items():
            self.number(f"{key}.fewest_per_code.{code}", fewest, int, None)
            if not any(is_under(known, (code,)) for known in codes):
                self.fail(f"{key}.fewest_per_code.{code}", "is neither a code nor a group of codes")
        return Kind(name=name, expects=expects, fewest_per_code=per_code, **numbers)  # type: ignore[arg-type]

    def number(self, key: str, value: object, kind: type, default: object) -> Any:
        if value is None and default is None:
            return None
        fits = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not fits or (kind is int and not isinstance(value, int)) or value < 0:  # type: ignore[operator]
            what = "a whole number" if kind is int else "a number"
            self.fail(key, f"is {value!r}; write {what} of at least 0")
        return value
