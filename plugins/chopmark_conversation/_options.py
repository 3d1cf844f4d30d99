"""The options of plugin `conversation`, checked."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from chopmark import PolicyError

from ._memory import MemoryStore
from ._risk import Build
from ._sqlite import SQLiteStore
from ._store import Store

_KNOWN = (
    "bound", "floor", "half_life_seconds", "half_life_turns", "key", "most", "path", "required",
    "share", "store", "timeout", "weights",
)  # fmt: skip
_STORES = ("memory", "sqlite")
WEIGHTS: Mapping[str, float] = {"pii": 0.0, "keyword.profanity": 0.2}
"""Personal data is no harm, and swearing alone must not end a conversation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How conversations are told apart, and from which risk on there is a verdict.

    `key` is the name of the conversation's id in a request's `metadata`. With `required` a call
    without one is an error.
    """

    build: Build = field(default_factory=lambda: Build(weights=WEIGHTS))
    bound: float = 0.7
    key: str = "conversation"
    required: bool = False


def read_options(given: Mapping[str, object]) -> Options:
    """Return the options in `given`; raise `PolicyError` naming the key and the cure."""
    for key in given:
        if key not in _KNOWN:
            close = difflib.get_close_matches(str(key), _KNOWN, 1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            raise _wrong(key, given[key], f"not an option{hint}; there are {', '.join(_KNOWN)}")
    required = given.get("required", False)
    if not isinstance(required, bool):
        raise _wrong("required", required, "write true or false")
    return Options(
        build=Build(
            share=_number(given, "share", 0.5, 0.01, 1),
            floor=_number(given, "floor", 0.3, 0, 0.99),
            half_life_turns=_number(given, "half_life_turns", 8, 0.1, 10_000),
            half_life_seconds=_number(given, "half_life_seconds", 3600, 1, 366 * 86_400),
            weights=_weights(given),
        ),
        bound=_number(given, "bound", 0.7, 0.01, 1),
        key=_text(given, "key", "conversation"),
        required=required,
    )


def read_store(given: Mapping[str, object], options: Options, folder: Path) -> Store:
    """Return the store that `given` names; raise `PolicyError`."""
    kind = given.get("store", "memory")
    if kind not in _STORES:
        raise _wrong("store", kind, f"write one of {', '.join(_STORES)}")
    most = given.get("most", 10_000)
    if not isinstance(most, int) or isinstance(most, bool) or not 1 <= most <= 100_000_000:
        raise _wrong("most", most, "write a whole number of conversations, at least 1")
    timeout = _number(given, "timeout", 0.25, 0, 60)
    if kind == "memory":
        if "path" in given:
            raise _wrong("path", given["path"], 'is for store = "sqlite"')
        return MemoryStore(most)
    path = folder / _text(given, "path", "")
    if not path.parent.is_dir():
        raise _wrong("path", str(path), "its folder does not exist; make it")
    # After 20 halvings a risk is below a millionth.
    return SQLiteStore(path, timeout, max(3600.0, 20 * options.build.half_life_seconds))


def _wrong(key: str, value: object, cure: str) -> PolicyError:
    return PolicyError(f"plugin 'conversation', option {key!r} = {value!r}: {cure}")


def _text(given: Mapping[str, object], key: str, default: str) -> str:
    value = given.get(key, default)
    if not isinstance(value, str) or not value:
        cure = 'write a file, path = "risk.db"' if key == "path" else "write a name"
        raise _wrong(key, value, cure)
    return value


def _weights(given: Mapping[str, object]) -> Mapping[str, float]:
    value = given.get("weights", {})
    if not isinstance(value, Mapping):
        raise _wrong("weights", value, "write weights by category, { violence = 1, pii = 0 }")
    named = {str(key): _number(value, key, 1, 0, 1, "weights.") for key in value}
    return {**WEIGHTS, **named}


def _number(
    given: Mapping[str, object], key: str, default: float, least: float, most: float, at: str = ""
) -> float:
    value = given.get(key, default)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or math.isnan(value):
        raise _wrong(f"{at}{key}", value, f"write a number from {least:g} to {most:g}")
    if not least <= value <= most:
        raise _wrong(f"{at}{key}", value, f"write a number from {least:g} to {most:g}")
    return float(value)
