"""Reads parsed JSON whose shape is not to be trusted, and replaces texts in copies of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

Path = tuple[str | int, ...]


def plain(value: Any) -> Any:
    """Return a pydantic model as the JSON it is sent as, anything else as it is."""
    if isinstance(value, Mapping | list | tuple | str) or not hasattr(value, "model_dump"):
        return value
    return value.model_dump(exclude_unset=True, mode="json")


def items(value: Any, key: str) -> Sequence[Any]:
    """Return the list at `key`, empty where there is none."""
    found = value.get(key) if isinstance(value, Mapping) else None
    return found if isinstance(found, list | tuple) else ()


def at(value: Any, path: Path) -> Any:
    """Return what stands at `path`, None where the path leads nowhere."""
    for key in path:
        value = plain(value)
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def put(value: Any, path: Path, new: Any) -> Any:
    """Return `value` with `new` at `path`; what lies on the path is copied, nothing is changed."""
    if not path:
        return new
    value = plain(value)
    copy: Any = dict(value) if isinstance(value, Mapping) else list(value)
    copy[path[0]] = put(value[path[0]] if len(path) > 1 else None, path[1:], new)
    return copy


def number(value: Any, default: int = 0) -> int:
    """Return `value` where it is a whole number."""
    return value if type(value) is int else default


def dump(value: Any) -> bytes:
    """Return `value` as JSON in UTF-8; lone surrogates stay escapes."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def parse(text: str) -> Any:
    """Return what the JSON `text` says, None where it is no JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
