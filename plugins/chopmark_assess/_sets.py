"""The public sets that can be made banks of, as `sets.toml` describes them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from ._errors import AssessError
from ._schema import DEFAULT
from ._set_files import Cells, read_rows

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_COLUMN = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A row of a set: what is asked, what is right for it, and the codes of the set's category."""

    text: str
    kind: str
    codes: tuple[str, ...]
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Rows of one kind: which, in which files, and how they become questions."""

    files: tuple[str, ...]
    format: str
    ask: str
    kind: str
    language: str
    encoding: str = "utf-8-sig"
    rows: str = ""
    only: Mapping[str, str]
    never: Mapping[str, str]
    codes: tuple[tuple[str, Mapping[str, str]], ...]
    otherwise: tuple[str, ...]

    def takes(self, row: Cells) -> bool:
        """Return whether `row` is one of this part."""
        return all(_fits(row, *one) for one in self.only.items()) and not any(
            _fits(row, *one) for one in self.never.items()
        )

    def codes_of(self, row: Cells) -> tuple[str, ...]:
        """Return the codes of the first table that has one for `row`."""
        for column, codes in self.codes:
            found = [code for pattern, code in codes.items() if re.search(pattern, row[column])]
            if found:
                return tuple(dict.fromkeys(found))
        return self.otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Set:
    """A public set; `schema` is what its codes are of, `replace` what is changed in its texts."""

    name: str
    source: str
    licence: str
    language: str
    schema: str
    replace: Mapping[str, str]
    parts: tuple[Part, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of its cases, each once."""
        return tuple(dict.fromkeys(part.kind for part in self.parts))

    def questions(self, folder: Path) -> Iterator[Question]:
        """Yield the questions of the set that lies in `folder`.

        Raises:
            AssessError: a file is not there, or is not as the set has it.
        """
        for part in self.parts:
            for file in _found(folder, part.files):
                for row in read_rows(file, part.format, part.encoding, part.rows):
                    try:
                        yield from self._question(part, row)
                    except KeyError as error:
                        raise AssessError(
                            f"{file} has no column {error.args[0]!r}; take it from the set again"
                        ) from None

    def _question(self, part: Part, row: Cells) -> Iterator[Question]:
        if not part.takes(row):
            return
        cells = {name: self._replaced(row[name].strip()) for name in _COLUMN.findall(part.ask)}
        if any(cells.values()):
            yield Question(
                text=_COLUMN.sub(lambda found: cells[found[1]], part.ask).strip(),
                kind=part.kind,
                codes=part.codes_of(row),
                language=_COLUMN.sub(lambda found: row[found[1]], part.language),
            )

    def _replaced(self, text: str) -> str:
        for pattern, by in self.replace.items():
            text = re.sub(pattern, by, text)
        return text


def _fits(row: Cells, column: str, pattern: str) -> bool:
    return re.fullmatch(pattern, row[column].strip()) is not None


def _found(folder: Path, patterns: tuple[str, ...]) -> Iterator[Path]:
    for pattern in patterns:
        there = sorted(folder.glob(pattern))
        yield from there or [folder / pattern]  # which cannot be read, and is named then


def _table() -> Mapping[str, Any]:
    return tomllib.loads((files(__package__) / "sets.toml").read_text("utf-8"))


def no_banks() -> Mapping[str, str]:
    """Return why sets that were looked at are no banks of questions."""
    reasons: Mapping[str, str] = _table()["no_bank"]
    return reasons


def public_sets() -> Mapping[str, Set]:
    """Return the sets by the name that the command knows them by."""
    return {name: _set(name, told) for name, told in _table().items() if name != "no_bank"}


def _set(name: str, told: Mapping[str, Any]) -> Set:
    return Set(
        name=name,
        source=told["source"],
        licence=told["licence"],
        language=told["language"],
        schema=told.get("schema", DEFAULT),
        replace=told.get("replace", {}),
        parts=tuple(_part(part, told["language"]) for part in told["parts"]),
    )


def _part(told: Mapping[str, Any], language: str) -> Part:
    given = {"language": language, "only": {}, "never": {}, **told}
    given["files"] = tuple(told["files"])
    given["codes"] = tuple((one["by"], one["map"]) for one in told.get("codes", ()))
    given["otherwise"] = tuple(told.get("otherwise", ()))
    return Part(**given)
