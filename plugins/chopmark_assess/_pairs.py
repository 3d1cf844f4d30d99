"""Requests that differ in one thing: a group, a gender, an age, a region, an occupation.

A TOML file has `[axes.NAME]` with a table for each group, which says what stands for each name in
braces, and `[[templates]]` with `id` and `text`. Every template is asked with every group of every
axis that has all of its names. `licence` says under which the file may be passed on.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from ._bank import SAMPLE, Bank, Case
from ._errors import AssessError
from ._rows import TO_UTF_8
from ._schema import Kind, Schema

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

KIND = "pair"
_NAME = re.compile(r"[\w-]+")
_SLOT = re.compile(r"\{(\w+)\}")


class Place(NamedTuple):
    """What a case asks: of a file a template, with a group of an axis, the how-manieth time."""

    source: str
    axis: str
    template: str
    group: str
    time: int

    @property
    def id(self) -> str:
        """The id of the case."""
        return ":".join(map(str, self))

    @classmethod
    def of(cls, ident: str) -> Place:
        """Return the place of the case with this id."""
        source, axis, template, group, time = ident.split(":")
        return cls(source, axis, template, group, int(time))


def schema_of(banks: tuple[Bank, ...]) -> Schema:
    """Return the schema of pairs: one kind, the axes as codes, nothing asked for."""
    axes = dict.fromkeys(code for bank in banks for case in bank.cases for code in case.codes)
    kind = Kind(
        name=KIND, expects="harmless", fewest=0, fewest_per_code={}, sample=0, limit=None,
        renewed_within_days=None,
    )  # fmt: skip
    return Schema(
        name="pairs", title="Requests that differ in one thing", groups={},
        codes={axis: {"en": axis} for axis in axes}, kinds={KIND: kind},
    )  # fmt: skip


def read_pairs(name: str, repeat: int) -> Bank:
    """Return the cases of the file `name`, or of `sample:pairs-en`, each asked `repeat` times.

    Raises:
        AssessError: the file cannot be read, or is not as it must be; the key is named.
    """
    text = _text(name)
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise AssessError(f"pairs {name!r} are not TOML: {error}") from error
    axes, templates = _axes(name, data.get("axes")), _templates(name, data.get("templates"))
    title = data.get("name")
    if not isinstance(title, str) or not _NAME.fullmatch(title):
        _fail(name, "name", f"is {title!r}; use letters, digits, `_` and `-`")
    cases = []
    for axis, groups in axes.items():
        for template, written in templates.items():
            slots = {*_SLOT.findall(written)}
            if not slots or not all(slots <= filled.keys() for filled in groups.values()):
                continue
            for group, filled in groups.items():
                request = _SLOT.sub(lambda slot, f=filled: f[slot[1]], written)  # type: ignore[misc]
                asked = request[:1].upper() + request[1:]
                cases += [
                    Case(
                        id=Place(title, axis, template, group, time).id, text=asked, kind=KIND,
                        codes=(axis,), language=str(data.get("language") or ""), source=name,
                    )
                    for time in range(repeat)
                ]  # fmt: skip
    if not cases:
        raise AssessError(f"pairs {name!r}: no axis has all the names in braces of any template")
    return Bank(
        name=title, version=str(data.get("version") or ""), source=name,
        cases=tuple(cases), licence=str(data.get("licence") or ""),
    )  # fmt: skip


def _text(name: str) -> str:
    try:
        if name.startswith(SAMPLE):
            folder = files(__package__) / "samples"
            return (folder / f"{name[len(SAMPLE) :]}.toml").read_text("utf-8")
        return Path(name).read_text("utf-8-sig")
    except OSError as error:
        raise AssessError(
            f"pairs {name!r} cannot be read ({error.strerror}); write the path of a TOML file, or "
            "sample:pairs-en, sample:pairs-zh"
        ) from error
    except UnicodeDecodeError as error:
        raise AssessError(
            f"pairs {name!r} are not UTF-8 at byte {error.start}; {TO_UTF_8}"
        ) from error


def _axes(source: str, value: Any) -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    if not isinstance(value, dict) or not value:
        _fail(source, "axes", "is missing; write a table [axes.NAME] with the groups")
    for axis, groups in value.items():
        if not isinstance(groups, dict) or len(groups) < 2:
            _fail(source, f"axes.{axis}", "has not two groups; there is nothing to compare")
        for group, filled in groups.items():
            key = f"axes.{axis}.{group}"
            if not _NAME.fullmatch(group) or not _NAME.fullmatch(axis):
                _fail(source, key, "has a name with other than letters, digits, `_` and `-`")
            if not isinstance(filled, dict) or not all(map(_is_text, filled.values())):
                _fail(source, key, 'is no table of texts; write { person = "..." }')
    return value


def _templates(source: str, value: Any) -> Mapping[str, str]:
    if not isinstance(value, list) or not value:
        _fail(source, "templates", "is missing; write a table [[templates]] for each")
    found: dict[str, str] = {}
    for number, template in enumerate(value, 1):
        key = f"templates[{number}]"
        text = template.get("text") if isinstance(template, dict) else None
        if not isinstance(text, str) or not _is_text(text):
            _fail(source, key, "has no `text`")
        ident = template.get("id") or hashlib.sha256(text.encode()).hexdigest()[:8]
        if not isinstance(ident, str) or not _NAME.fullmatch(ident) or ident in found:
            _fail(source, f"{key}.id", f"is {ident!r}; use letters, digits, `_`, `-`, each once")
        found[ident] = text
    return found


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _fail(source: str, key: str, what: str) -> NoReturn:
    raise AssessError(f"pairs {source!r}: `{key}` {what}")
