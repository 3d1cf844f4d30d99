"""Canonical JSON: RFC 8785 (JCS) made narrow, so that there is one way to write a value.

Keys are ASCII `a-z`, `0-9`, `_` and `.`; numbers are whole and below 2^53; there are no floats and
no lone surrogates. What does not fit is refused, never turned into something that does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from chopmark import LogError

LARGEST = 65_535
"""The most bytes of a leaf: entries of tlog-tiles have a length of two bytes."""
_KEY = re.compile(r"[a-z0-9_.]+").fullmatch
MOST = 2**53
"""Whole numbers of a leaf are below it."""
_DEEP = 8
_ENCODE = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":"),
    sort_keys=True,
).encode  # fmt: skip


def encode(data: Mapping[str, Any]) -> bytes:
    """Return `data` as the bytes of a leaf.

    Raises:
        LogError: a value or a key has no place in a leaf, or all of it is too long.
    """
    if not _fits(data, _DEEP):
        _check(data, "leaf", _DEEP)  # says what does not
    try:
        leaf = _ENCODE(data).encode()
    except UnicodeEncodeError as error:
        raise LogError("a text of the leaf has a lone surrogate, which is no UTF-8") from error
    if len(leaf) > LARGEST:
        raise LogError(f"the leaf has {len(leaf)} bytes, and {LARGEST} is the most")
    return leaf


_USUAL = frozenset({
    "action", "adapter", "answer", "audience", "category", "characters", "commit", "data",
    "detail", "detector", "direction", "duration", "end", "ending", "error", "failures", "h",
    "handled", "holdback", "id", "in", "judged", "k", "kind", "marker", "marks", "messages",
    "model", "n", "name", "out", "outcome", "part", "payload", "placed", "policy", "reason",
    "request", "role", "score", "sdk", "start", "stream", "t", "tokens", "user", "v", "verdicts",
    "version", "w", "where",
})  # fmt: skip
"""The keys of a call: to look for one here takes a tenth of matching it."""


def _fits(value: Any, left: int) -> bool:
    """Return whether `value`, a list or an object, surely has a place in a leaf.

    It is for the common case: `_check` takes eight times as long.
    """
    inner: Iterable[Any]
    if type(value) is dict:
        if not _USUAL.issuperset(value) and not all(type(k) is str and _KEY(k) for k in value):
            return False
        inner = value.values()
    elif type(value) is list:
        inner = value
    else:
        return False
    for one in inner:
        kind = type(one)
        if kind is str or one is None or kind is bool:
            continue
        if kind is int:
            if not -MOST < one < MOST:
                return False
        elif not (left and _fits(one, left - 1)):
            return False
    return True


def _check(value: Any, where: str, left: int) -> None:
    if isinstance(value, str) or value is None or isinstance(value, bool):
        return
    if isinstance(value, int):
        if -MOST < value < MOST:
            return
        raise LogError(f"{where} is {value}: a leaf has whole numbers below 2^53")
    if not left:
        raise LogError(f"{where} is nested too deep")
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str) or not _KEY(key):
                raise LogError(f"{where} has the key {key!r}: a leaf has a-z, 0-9, '_' and '.'")
            _check(inner, f"{where}.{key}", left - 1)
        return
    if isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            _check(inner, f"{where}[{number}]", left - 1)
        return
    raise LogError(f"{where} is a {type(value).__name__}, which has no place in a leaf")
