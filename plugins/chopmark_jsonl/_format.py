"""A record as one line of canonical JSON, and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from json.encoder import encode_basestring as _q
from typing import Any, TypeVar

from chopmark import Commitment, Event, Failure, LogError, Mark, Record, Usage, Verdict
from chopmark.parsing import parse

VERSION = 1
CALL, EVENT = "call", "event"
T = TypeVar("T")
_MOST = 2**53 - 1
"""What every reader of JSON reads exactly (RFC 7493, 2.2)."""
_KEYS = {
    kind: {field.name for field in fields(made)} | {"k", "v"}
    for kind, made in ((CALL, Record), (EVENT, Event))
}

# Compact, keys in the order in which they are given (sorted below), no NaN.
_ENCODE = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")
).encode


def encode(record: Record) -> bytes:
    """Return `record` as one line with its line end: canonical JSON in UTF-8.

    The same record always gives the same bytes: sorted keys, no white space, no floats. A lone
    surrogate is written as its JSON escape. A verdict's `replacement` is left out, since it may
    be made of the text that it replaces.

    Raises:
        LogError: a value has no place in JSON, for example a score that is not a number.
    """
    usage = record.usage
    try:
        # Put together by hand, keys sorted: a general encoder takes three times as long.
        text = (
            f'{{"action":{_q(record.action)},"adapter":{_q(record.adapter)},'
            f'"answer":{_commitment(record.answer)},"audience":{_q(record.audience)},'
            f'"duration":{int(record.duration)},"ending":{_q(record.ending)},'
            f'"failures":{_many(record.failures, _failure)},"holdback":{int(record.holdback)},'
            f'"id":{_q(record.id)},"judged":{_ENCODE(record.judged)},"k":"{CALL}",'
            f'"marks":{_many(record.marks, _mark)},"messages":{int(record.messages)},'
            f'"model":{_q(record.model)},"policy":{_q(record.policy)},'
            f'"request":{_commitment(record.request)},"sdk":{_q(record.sdk)},'
            f'"stream":{_ENCODE(record.stream)},"time":{int(record.time)},'
            f'"usage":{_usage(usage) if usage else "null"},"user":{_commitment(record.user)},'
            f'"v":{VERSION},"verdicts":{_many(record.verdicts, _verdict)}}}'
        )
    except (TypeError, ValueError, OverflowError) as error:
        raise LogError(
            f"record {record.id} cannot be written as JSON: {error}; mend the plugin that made "
            "the value"
        ) from error
    # JSON's escape of a lone surrogate is also what this error handler writes.
    return text.encode("utf-8", "backslashreplace") + b"\n"


def encode_event(event: Event) -> bytes:
    """Return `event` as one line with its line end, by the same rules.

    Raises:
        LogError: a value has no place in JSON.
    """
    whole = {
        "about": list(event.about), "actor": event.actor, "data": dict(sorted(event.data.items())),
        "id": event.id, "k": EVENT, "kind": event.kind, "time": event.time, "v": VERSION,
    }  # fmt: skip
    for name, value in event.data.items():
        if not isinstance(value, str | int):
            raise LogError(f"event {event.id}: {name!r} is {value!r}; give text or whole numbers")
        if isinstance(value, int) and abs(value) > _MOST:
            raise LogError(f"event {event.id}: {name!r} is {value}; write such a number as text")
    return _ENCODE(whole).encode("utf-8", "backslashreplace") + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """Return the record of a call, or the event, that `line` holds, as plain data.

    Raises:
        LogError: the line is not a whole record, or of a version that is not known here.
    """
    try:
        value = parse(line)
    except (ValueError, RecursionError) as error:
        raise LogError(f"not a whole line of JSON ({error})") from error
    if not isinstance(value, dict) or "k" not in value or "v" not in value:
        raise LogError("JSON, but not a record of chopmark")
    keys = _KEYS.get(str(value["k"]))
    if value["v"] != VERSION or keys is None:
        raise LogError(
            f"a record of version {value['v']!r} and kind {value['k']!r}, and this reader knows "
            f"{VERSION}, {CALL!r} and {EVENT!r}; read it with the chopmark that wrote it, or "
            "a newer one"
        )
    if not keys <= value.keys():
        raise LogError(f"a record without {', '.join(sorted(keys - value.keys()))}")
    return value


def _many(values: Sequence[T], plain: Callable[[T], Mapping[str, object]]) -> str:
    return _ENCODE([plain(value) for value in values]) if values else "[]"


def _commitment(commitment: Commitment) -> str:
    return f'{{"characters":{int(commitment.characters)},"digest":{_q(commitment.digest)}}}'


def _usage(usage: Usage) -> str:
    return f'{{"input":{int(usage.input_tokens)},"output":{int(usage.output_tokens)}}}'


def _failure(failure: Failure) -> Mapping[str, object]:
    return {
        "error": failure.error,
        "handled": failure.handled,
        "name": failure.name,
        "role": failure.role,
    }


def _mark(mark: Mark) -> Mapping[str, object]:
    return {
        "data": dict(sorted(mark.data.items())),
        "kind": mark.kind,
        "marker": mark.marker,
        "placed": mark.placed,
        "reason": mark.reason,
        "where": mark.where,
    }


def _verdict(verdict: Verdict) -> Mapping[str, object]:
    return {
        "category": verdict.category,
        "detail": verdict.detail,
        "detector": verdict.detector,
        "direction": verdict.direction,
        "end": int(verdict.end),
        "kind": verdict.kind,
        "outcome": verdict.outcome,
        "part": int(verdict.part),
        "score": round(verdict.score * 1000),
        "start": int(verdict.start),
        "version": verdict.version,
    }
