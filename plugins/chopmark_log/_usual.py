"""Writes the leaf of a usual call without a detour: the same bytes, in a third of the time.

What a leaf is stands in `_leaf`, and a test holds the two together. A usual call is one in which
nothing was found and nothing went wrong, as in nearly all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from json.encoder import encode_basestring as _quoted

from chopmark import Mark, Record

from ._leaf import LARGEST, MOST, VERSION, at, call_leaf, encode

_TEXT, _NUMBER = frozenset({str}), frozenset({int})
_COMMITTED = ("answer", "request", "user")
"""What a leaf commits to, but for few."""


def encode_call(
    record: Record,
    commitments: Mapping[str, str],
    writer: str,
    number: int,
    clock: int,
    *,
    payload: str = "",
) -> bytes:
    """Return the bytes of the leaf of a call; `clock` as in `CALL`, the rest as for `call_leaf`.

    Raises:
        LogError: the record has something that has no place in a leaf.
    """
    usual = not (clock or record.verdicts or record.failures or record.usage is not None)
    usual = usual and len(commitments) == len(_COMMITTED)
    if usual and record.judged and (record.action, record.ending) == ("allow", "completed"):
        leaf = _usual(record, writer, number, commitments, payload)
        if leaf is not None:
            return leaf
    return encode(at(call_leaf(record, writer, number, commitments, payload), clock))


def _usual(
    record: Record, writer: str, number: int, commitments: Mapping[str, str], payload: str
) -> bytes | None:
    """Return them, None where it is not sure that all of it has a place in a leaf."""
    texts = [record.adapter, record.audience, record.id, record.model, record.policy, record.sdk]
    texts += [payload, writer, *[commitments[name] for name in _COMMITTED]]
    asked, answered = record.request.characters, record.answer.characters
    numbers = (asked, answered, record.duration, record.holdback, record.messages, record.time)
    marks = [_mark(mark) for mark in record.marks]
    sure = _are_texts(texts) and _are_numbers(numbers) and type(record.stream) is bool
    if not sure or None in marks:
        return None
    adapter, audience, id, model, policy, sdk, sealed, who, *commit = map(_quoted, texts)
    leaf = "".join([
        f'{{"adapter":{adapter},',
        f'"audience":{audience},' if record.audience else "",
        f'"characters":{{"answer":{answered},"request":{asked}}},',
        f'"commit":{{"answer":{commit[0]},"request":{commit[1]},"user":{commit[2]}}},',
        f'"duration":{record.duration},',
        f'"holdback":{record.holdback},' if record.holdback else "",
        f'"id":{id},"k":"call",',
        f'"marks":[{",".join(map(str, marks))}],' if marks else "",
        f'"messages":{record.messages},' if record.messages != 1 else "",
        f'"model":{model},',
        f'"payload":{sealed},' if payload else "",
        f'"policy":{policy},"sdk":{sdk},',
        '"stream":true,' if record.stream else "",
        f'"t":{record.time},"v":{VERSION},"w":{{"h":{who},"n":{number}}}}}',
    ])  # fmt: skip
    try:
        found = leaf.encode()
    except UnicodeEncodeError:
        return None
    return found if len(found) <= LARGEST else None


def _mark(mark: Mark) -> str | None:
    pairs = sorted(mark.data.items())
    texts = [mark.marker, mark.kind, mark.where, mark.reason]
    for pair in pairs:
        texts += pair
    if not _are_texts(texts) or type(mark.placed) is not bool:
        return None
    data = ",".join([f"[{_quoted(name)},{_quoted(value)}]" for name, value in pairs])
    return "".join([
        f'{{"data":[{data}],' if data else "{",
        f'"kind":{_quoted(mark.kind)},"marker":{_quoted(mark.marker)}',
        "" if mark.placed else ',"placed":false',
        f',"reason":{_quoted(mark.reason)}' if mark.reason else "",
        f',"where":{_quoted(mark.where)}}}' if mark.where else "}",
    ])  # fmt: skip


def _are_texts(values: Iterable[object]) -> bool:
    return _TEXT.issuperset(map(type, values))


def _are_numbers(values: Sequence[int]) -> bool:
    return _NUMBER.issuperset(map(type, values)) and min(values) >= 0 and max(values) < MOST
