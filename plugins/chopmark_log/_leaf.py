"""The leaf `chopmark/leaf/1`: what is kept of a call, as canonical JSON and without its content.

The profile is RFC 8785 (JCS) made narrow, so that there is one way to write a value: keys are ASCII
`a-z`, `0-9`, `_` and `.`; numbers are whole and below 2^53; there are no floats and no lone
surrogates. What does not fit is refused, never turned into something that does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from chopmark import Failure, LogError, Mark, Record, Verdict

VERSION = 1
LARGEST = 65_535
"""The most bytes of a leaf: entries of tlog-tiles have a length of two bytes."""
_KEY = re.compile(r"[a-z0-9_.]+").fullmatch
_MOST = 2**53
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
    _check(data, "leaf", _DEEP)
    try:
        leaf = _ENCODE(data).encode()
    except UnicodeEncodeError as error:
        raise LogError("a text of the leaf has a lone surrogate, which is no UTF-8") from error
    if len(leaf) > LARGEST:
        raise LogError(f"the leaf has {len(leaf)} bytes, and {LARGEST} is the most")
    return leaf


def decode(leaf: bytes) -> dict[str, Any]:
    """Return what the bytes of a leaf say.

    Raises:
        LogError: they are no leaf, of another version, or written in another way than `encode`.
    """
    try:
        data = json.loads(leaf.decode())
    except (ValueError, RecursionError) as error:
        raise LogError(f"no leaf: {error}") from error
    if not isinstance(data, dict) or data.get("v") != VERSION:
        raise LogError(f"no leaf of version {VERSION}; read it with the chopmark that wrote it")
    if encode(data) != leaf:
        raise LogError("a leaf that is not in its canonical form")
    return data


def call_leaf(
    record: Record, writer: str, number: int, commitments: Mapping[str, str]
) -> dict[str, Any]:
    """Return the leaf of a call.

    Args:
        record: what the SDK keeps of it.
        writer: the writer's id, new with each process.
        number: how many leaves that writer made before.
        commitments: to `request`, `answer` and `user`, by those names.
    """
    usage = record.usage
    return {
        "v": VERSION,
        "k": "call",
        "id": record.id,
        "w": {"h": writer, "n": number},
        "t": record.time,
        "policy": record.policy,
        "adapter": record.adapter,
        "model": record.model,
        "audience": record.audience,
        "stream": record.stream,
        "action": record.action,
        "ending": record.ending,
        "judged": record.judged,
        "commit": dict(commitments),
        "characters": {"request": record.request.characters, "answer": record.answer.characters},
        "messages": record.messages,
        "verdicts": [_verdict(one) for one in record.verdicts],
        "marks": [_mark(one) for one in record.marks],
        "failures": [_failure(one) for one in record.failures],
        "tokens": {"in": usage.input_tokens, "out": usage.output_tokens} if usage else None,
        "holdback": record.holdback,
        "duration": record.duration,
        "sdk": record.sdk,
    }


def _verdict(one: Verdict) -> dict[str, Any]:
    return {
        "detector": one.detector,
        "category": one.category,
        "outcome": one.outcome,
        "score": round(one.score * 1000),
        "direction": one.direction,
        "kind": one.kind,
        "part": one.part,
        "start": one.start,
        "end": one.end,
        "detail": one.detail,
    }


def _mark(one: Mark) -> dict[str, Any]:
    # Names of what a mark holds are its marker's, and may be such as `ContentProducer`.
    return {
        "marker": one.marker,
        "kind": one.kind,
        "where": one.where,
        "placed": one.placed,
        "reason": one.reason,
        "data": [[name, one.data[name]] for name in sorted(one.data)],
    }


def _failure(one: Failure) -> dict[str, Any]:
    return {"role": one.role, "name": one.name, "error": one.error, "handled": one.handled}


def _check(value: Any, where: str, left: int) -> None:
    if isinstance(value, str) or value is None or isinstance(value, bool):
        return
    if isinstance(value, int):
        if -_MOST < value < _MOST:
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
