"""Who says that its models mark their text, and what breaks that: the rows of vendors.toml."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib import resources
from typing import Any, Literal

from chopmark import MarkError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

AUTO, NONE = "auto", "none"
_TESTS = ("is", "below", "other_than", "given")


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """What a parameter may not be.

    `parameter` may name a place in a mapping, `watermark.enabled`. `models` are patterns, empty
    for all. `test` is `is`, `below`, `other_than` or `given`, held against `value`.
    """

    parameter: str
    test: str
    value: object
    why: str
    cure: str
    models: tuple[str, ...] = ()

    def broken_by(self, model: str, parameters: Mapping[str, object]) -> object:
        """Return the value that breaks the mark, None where none does."""
        if self.models and not matches(model, self.models):
            return None
        value: object = parameters
        for name in self.parameter.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        if value is None:
            return None
        if self.test == "given":
            return value
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if self.test == "is":
            return value if type(value) is type(self.value) and value == self.value else None
        if not number:
            return None
        if self.test == "below":
            return value if value < self.value else None  # type: ignore[operator]
        return value if value != self.value else None


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorMark:
    """What one vendor, or one serving engine, says of the mark in its text.

    `on` is `default`, `asked` or `server`; `since` is a date, empty where the source has none.
    `family` are patterns of its models, `models` of those that `source` names, which was `read` on
    that day. `chance`: greedy answers cannot carry it.
    """

    vendor: str
    scheme: str
    on: Literal["default", "asked", "server"]
    since: str
    family: tuple[str, ...]
    models: tuple[str, ...]
    chance: bool
    caveat: str
    source: str
    read: str
    breaks: tuple[Break, ...] = ()


@dataclass(frozen=True, slots=True)
class Vendors:
    """All rows, and what breaks every mark that lives on chance."""

    marks: tuple[VendorMark, ...]
    any: tuple[Break, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The vendors, in the order of the file."""
        return tuple(mark.vendor for mark in self.marks)

    def find(self, vendor: str, model: str) -> VendorMark | None:
        """Return what `vendor` says; for `auto` that of the vendor whose model `model` is.

        Raises:
            MarkError: there is no such vendor.
        """
        if vendor == NONE:
            return None
        for mark in self.marks:
            if mark.vendor == vendor or (vendor == AUTO and matches(model, mark.family)):
                return mark
        if vendor == AUTO:
            return None
        raise MarkError(
            f"there is no vendor {vendor!r}; there are {', '.join(self.names)}, and {AUTO!r} and "
            f"{NONE!r}"
        )


@lru_cache(maxsize=1)
def read_vendors() -> Vendors:
    """Return the rows that come with the plugin."""
    data = tomllib.loads(
        resources.files("chopmark_watermark").joinpath("vendors.toml").read_text("utf-8")
    )
    return Vendors(
        tuple(
            VendorMark(
                **{
                    **row,
                    "family": tuple(row["family"]),
                    "models": tuple(row["models"]),
                    "breaks": tuple(map(_break, row.get("breaks", ()))),
                }
            )
            for row in data["mark"]
        ),
        tuple(map(_break, data["any"])),
    )


def bare_name(model: str) -> str:
    """Return the name of a model as its vendor writes it: `anthropic/X` and `xai:X` are X."""
    name = model.strip().lower().rsplit("/", 1)[-1]
    before, colon, behind = name.partition(":")
    return behind if colon and before in read_vendors().names else name


def matches(model: str, patterns: Sequence[str]) -> bool:
    """Return whether `model`, under the name of its vendor, fits one of `patterns`."""
    name = bare_name(model)
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _break(row: Mapping[str, Any]) -> Break:
    (test,) = (name for name in _TESTS if name in row)
    return Break(
        parameter=row["parameter"],
        test=test,
        value=row[test],
        why=row["why"],
        cure=row["cure"],
        models=tuple(row.get("models", ())),
    )
