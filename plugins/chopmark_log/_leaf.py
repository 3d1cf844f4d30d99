"""The leaf `chopmark/leaf/1`: what is kept of a call, as canonical JSON and without its content.

A field that has its usual value (`CALL`, `VERDICT`, `MARK`) is left out.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import uuid4

from chopmark import Event, Failure, LogError, Mark, Record, Verdict

from ._canonical import encode

VERSION = 1


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
    if data.get("k") == "call" and not _lean(data):
        raise LogError("a leaf that writes out what it must leave out")
    return data


def commitments_of(record: Record) -> Mapping[str, str]:
    """Return the commitments that a record has itself, for a leaf of a call without content."""
    return {
        "request": record.request.digest,
        "answer": record.answer.digest,
        "user": record.user.digest,
    }


def call_leaf(
    record: Record, writer: str, number: int, commitments: Mapping[str, str], payload: str = ""
) -> dict[str, Any]:
    """Return the leaf of a call.

    Args:
        record: what the SDK keeps of it.
        writer: the writer's id, new with each process.
        number: how many leaves that writer made before.
        commitments: to `request`, `answer` and `user`, by those names: those of disclosures in
            base64url where the content is kept, else those of the record in hexadecimal.
        payload: the hash of the sealed content, where that is kept.
    """
    usage = record.usage
    whole = {
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
        "payload": payload,
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
    return _without(whole, CALL)


def event_leaf(event: Event, writer: str, number: int) -> dict[str, Any]:
    """Return the leaf of what happened beside the calls; `writer` and `number` as of a call."""
    return {
        "v": VERSION,
        "k": "event",
        "id": event.id,
        "w": {"h": writer, "n": number},
        "t": event.time,
        "kind": event.kind,
        "about": list(event.about),
        "actor": event.actor,
        "data": dict(event.data),
    }


def gap_leaf(writer: str, number: int, why: str, **more: Any) -> dict[str, Any]:
    """Return the leaf about what is missing, or was mended; `why` is a sentence."""
    return {
        "v": VERSION,
        "k": "gap",
        "id": str(uuid4()),
        "w": {"h": writer, "n": number},
        "t": time.time_ns() // 1_000_000,
        "why": why,
        **more,
    }


def at(leaf: dict[str, Any], clock: int) -> dict[str, Any]:
    """Return `leaf` with what its clock says, where that was set back."""
    return {**leaf, "clock": clock} if clock else leaf


class After(NamedTuple):
    """Which writer of its process was before that of a leaf, and how many leaves it made."""

    writer: str
    made: int


def with_after(leaf: bytes, after: After) -> bytes:
    """Return the bytes of a leaf that says what was before its writer; as it is, if that is full.

    By it shows that a whole file of leaves is missing, and of how many.
    """
    data = json.loads(leaf)
    data["w"]["after"] = {"h": after.writer, "n": after.made}
    try:
        return encode(data)
    except LogError:
        return leaf


def encode_event(event: Event, writer: str, number: int, clock: int) -> bytes:
    """Return the bytes of the leaf of an event; `clock` as in `CALL`."""
    return encode(at(event_leaf(event, writer, number), clock))


CALL: Mapping[str, Any] = {
    "audience": "", "stream": False, "action": "allow", "ending": "completed", "judged": True,
    "messages": 1, "verdicts": [], "marks": [], "failures": [], "tokens": None, "holdback": 0,
    "payload": "", "clock": 0,
}  # fmt: skip
"""What a field of a call is that its leaf leaves out; it must leave it out, if it is that."""
VERDICT: Mapping[str, Any] = {
    "score": 1000, "direction": "output", "kind": "answer", "part": 0, "detail": "",
    "version": "",
}  # fmt: skip
MARK: Mapping[str, Any] = {"where": "", "placed": True, "reason": "", "data": []}
_PARTS = (("verdicts", VERDICT), ("marks", MARK))


def filled(leaf: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a leaf says, with what a leaf of a call leaves out."""
    if leaf.get("k") != "call":
        return dict(leaf)
    whole = {**CALL, **leaf}
    for name, usual in _PARTS:
        whole[name] = [{**usual, **one} for one in whole[name]]
    return whole


def _without(whole: dict[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    """Return `whole`, which nobody else has, without the fields that have their usual value."""
    for name, value in usual.items():
        if name in whole and whole[name] == value:
            del whole[name]
    return whole


def _lean(leaf: Mapping[str, Any]) -> bool:
    """Return whether a leaf of a call leaves out what it must."""
    parts = [(CALL, leaf)]
    for name, usual in _PARTS:
        parts += [(usual, one) for one in leaf.get(name, [])]
    return all(type(one) is dict and len(_without({**one}, by)) == len(one) for by, one in parts)


def _verdict(one: Verdict) -> dict[str, Any]:
    whole = {
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
        "version": one.version,
    }
    return _without(whole, VERDICT)


def _mark(one: Mark) -> dict[str, Any]:
    # Names of what a mark holds are its marker's, and may be such as `ContentProducer`.
    whole = {
        "marker": one.marker,
        "kind": one.kind,
        "where": one.where,
        "placed": one.placed,
        "reason": one.reason,
        "data": [[name, one.data[name]] for name in sorted(one.data)],
    }
    return _without(whole, MARK)


def _failure(one: Failure) -> dict[str, Any]:
    return {"role": one.role, "name": one.name, "error": one.error, "handled": one.handled}
