"""Writes the leaf of a usual call without a detour: the same bytes, in less than half of the time.

What a leaf is stands in `_leaf`, and a test holds the two together. A usual call is one in which
nothing of ours went wrong, as in nearly all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from json.encoder import encode_basestring as _quoted

from chopmark import Mark, Record, Usage, Verdict

from ._canonical import LARGEST, MOST, encode
from ._leaf import VERSION, at, call_leaf

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
    if not (clock or record.failures) and len(commitments) == len(_COMMITTED):
        leaf = _usual(record, writer, number, commitments, payload)
        if leaf is not None:
            return leaf
    return encode(at(call_leaf(record, writer, number, commitments, payload), clock))


def _usual(
    record: Record, writer: str, number: int, commitments: Mapping[str, str], payload: str
) -> bytes | None:
    """Return them, None where it is not sure that all of it has a place in a leaf."""
    texts = (
        record.action, record.adapter, record.audience, record.ending, record.id, record.model,
        record.policy, record.sdk, payload, writer, *map(commitments.__getitem__, _COMMITTED),
    )  # fmt: skip
    asked, answered = record.request.characters, record.answer.characters
    numbers = (asked, answered, record.duration, record.holdback, record.messages, record.time)
    switches = type(record.stream) is type(record.judged) is bool
    marks = [*map(_mark, record.marks)]
    verdicts = [*map(_verdict, record.verdicts)]
    tokens = "" if record.usage is None else _tokens(record.usage)
    sure = _are_texts(texts) and _are_numbers(numbers) and switches
    if not sure or tokens is None or None in marks or None in verdicts:
        return None
    action, adapter, audience, ending, id, model, policy, sdk, sealed, who, *commit = map(
        _quoted, texts
    )
    leaf = "".join([
        "{" if record.action == "allow" else f'{{"action":{action},',
        f'"adapter":{adapter},',
        f'"audience":{audience},' if record.audience else "",
        f'"characters":{{"answer":{answered},"request":{asked}}},',
        f'"commit":{{"answer":{commit[0]},"request":{commit[1]},"user":{commit[2]}}},',
        f'"duration":{record.duration},',
        "" if record.ending == "completed" else f'"ending":{ending},',
        f'"holdback":{record.holdback},' if record.holdback else "",
        f'"id":{id},',
        "" if record.judged else '"judged":false,',
        '"k":"call",',
        f'"marks":[{",".join(map(str, marks))}],' if marks else "",
        f'"messages":{record.messages},' if record.messages != 1 else "",
        f'"model":{model},',
        f'"payload":{sealed},' if payload else "",
        f'"policy":{policy},"sdk":{sdk},',
        '"stream":true,' if record.stream else "",
        f'"t":{record.time},{tokens}"v":{VERSION},',
        f'"verdicts":[{",".join(map(str, verdicts))}],' if verdicts else "",
        f'"w":{{"h":{who},"n":{number}}}}}',
    ])  # fmt: skip
    try:
        found = leaf.encode()
    except UnicodeEncodeError:
        return None
    return found if len(found) <= LARGEST else None


def _tokens(usage: Usage) -> str | None:
    went_in, came_out = usage.input_tokens, usage.output_tokens
    if not _are_numbers((went_in, came_out)):
        return None
    return f'"tokens":{{"in":{went_in},"out":{came_out}}},'


def _verdict(verdict: Verdict) -> str | None:
    score = round(verdict.score * 1000)
    texts = (
        verdict.category, verdict.detail, verdict.detector, verdict.direction, verdict.kind,
        verdict.outcome, verdict.version,
    )  # fmt: skip
    if not (_are_texts(texts) and _are_numbers((verdict.part, score, verdict.start, verdict.end))):
        return None
    return "".join([
        f'{{"category":{_quoted(verdict.category)},',
        f'"detail":{_quoted(verdict.detail)},' if verdict.detail else "",
        f'"detector":{_quoted(verdict.detector)},',
        "" if verdict.direction == "output" else f'"direction":{_quoted(verdict.direction)},',
        f'"end":{verdict.end},',
        "" if verdict.kind == "answer" else f'"kind":{_quoted(verdict.kind)},',
        f'"outcome":{_quoted(verdict.outcome)},',
        f'"part":{verdict.part},' if verdict.part else "",
        "" if score == 1000 else f'"score":{score},',
        f'"start":{verdict.start}',
        f',"version":{_quoted(verdict.version)}}}' if verdict.version else "}",
    ])  # fmt: skip


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
