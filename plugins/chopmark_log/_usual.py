"""Writes the leaf of a usual call without a detour: the same bytes, in less than half of the time.

What a leaf is stands in `_leaf`, and a test holds the two together. A usual call is one in which
nothing of ours went wrong, as in nearly all.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from json.encoder import encode_basestring as _quoted

from chopmark import Mark, Record, Usage, Verdict

from ._canonical import LARGEST, MOST, encode
from ._leaf import VERSION, at, call_leaf

_TEXT, _NUMBER = frozenset({str}), frozenset({int})
_COMMITTED = 3
"""To how many texts a leaf commits, but for few: to answer, request and user."""
_MARKS = 64
"""Marks that are kept as they were written: most calls have one that many others have, too."""
_BITS = MOST.bit_length() - 1
"""Numbers of a leaf have no more: shifted by them, those together are 0, and a negative is not."""


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
    if not (clock or record.failures) and len(commitments) == _COMMITTED:
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
        record.policy, record.sdk, payload, writer,
        commitments["answer"], commitments["request"], commitments["user"],
    )  # fmt: skip
    asked, answered = record.request.characters, record.answer.characters
    took, held, count, time = record.duration, record.holdback, record.messages, record.time
    if not (
        _TEXT.issuperset(map(type, texts))
        and _NUMBER.issuperset(map(type, (asked, answered, took, held, count, time)))
        and not (asked | answered | took | held | count | time) >> _BITS
        and type(record.stream) is type(record.judged) is bool
    ):
        return None
    marks = [*map(_mark, record.marks)]
    verdicts = [*map(_verdict, record.verdicts)]
    tokens = "" if record.usage is None else _tokens(record.usage)
    if tokens is None or None in marks or None in verdicts:
        return None
    (
        action, adapter, audience, ending, id, model, policy, sdk, sealed, who, answer, request,
        user,
    ) = map(_quoted, texts)  # fmt: skip
    begins = "{" if record.action == "allow" else f'{{"action":{action},'
    whom = f'"audience":{audience},' if record.audience else ""
    ends = "" if record.ending == "completed" else f'"ending":{ending},'
    back = f'"holdback":{held},' if held else ""
    marked = f'"marks":[{",".join(map(str, marks))}],' if marks else ""
    found = f'"verdicts":[{",".join(map(str, verdicts))}],' if verdicts else ""
    unjudged = "" if record.judged else '"judged":false,'
    messages = f'"messages":{count},' if count != 1 else ""
    kept = f'"payload":{sealed},' if payload else ""
    stream = '"stream":true,' if record.stream else ""
    leaf = (
        f'{begins}"adapter":{adapter},{whom}"characters":{{"answer":{answered},"request":{asked}}},'
        f'"commit":{{"answer":{answer},"request":{request},"user":{user}}},"duration":{took},'
        f'{ends}{back}"id":{id},{unjudged}"k":"call",{marked}{messages}"model":{model},{kept}'
        f'"policy":{policy},"sdk":{sdk},{stream}"t":{time},{tokens}"v":{VERSION},{found}'
        f'"w":{{"h":{who},"n":{number}}}}}'
    )
    try:
        data = leaf.encode()
    except UnicodeEncodeError:
        return None
    return data if len(data) <= LARGEST else None


def _tokens(usage: Usage) -> str | None:
    went_in, came_out = usage.input_tokens, usage.output_tokens
    if not type(went_in) is type(came_out) is int or (went_in | came_out) >> _BITS:
        return None
    return f'"tokens":{{"in":{went_in},"out":{came_out}}},'


def _verdict(verdict: Verdict) -> str | None:
    category, detail, detector, direction, kind, outcome, version = texts = (
        verdict.category, verdict.detail, verdict.detector, verdict.direction, verdict.kind,
        verdict.outcome, verdict.version,
    )  # fmt: skip
    part, score, start, end = numbers = (
        verdict.part, round(verdict.score * 1000), verdict.start, verdict.end,
    )  # fmt: skip
    if not (
        _TEXT.issuperset(map(type, texts))
        and _NUMBER.issuperset(map(type, numbers))
        and not (part | score | start | end) >> _BITS
    ):
        return None
    said = f'"detail":{_quoted(detail)},' if detail else ""
    way = "" if direction == "output" else f'"direction":{_quoted(direction)},'
    sort = "" if kind == "answer" else f'"kind":{_quoted(kind)},'
    where = f'"part":{part},' if part else ""
    much = "" if score == 1000 else f'"score":{score},'
    made_by = f',"version":{_quoted(version)}}}' if version else "}"
    return (
        f'{{"category":{_quoted(category)},{said}"detector":{_quoted(detector)},{way}"end":{end},'
        f'{sort}"outcome":{_quoted(outcome)},{where}{much}"start":{start}{made_by}'
    )


def _mark(mark: Mark) -> str | None:
    data = mark.data
    try:
        return _written(
            mark.placed, mark.marker, mark.kind, mark.where, mark.reason, *data, *data.values()
        )
    except TypeError:  # what cannot be hashed is no text
        return None


@lru_cache(maxsize=_MARKS, typed=True)  # else `placed=1` were as good as True
def _written(
    placed: bool, marker: str, kind: str, where: str, reason: str, *data: str
) -> str | None:
    """Return a mark as it is written; `data` are the names of its data, and then the values."""
    if not _TEXT.issuperset(map(type, (marker, kind, where, reason, *data))) or (
        type(placed) is not bool
    ):
        return None
    half = len(data) // 2
    pairs = ",".join([
        f"[{_quoted(name)},{_quoted(value)}]"
        for name, value in sorted(zip(data[:half], data[half:], strict=True))
    ])  # fmt: skip
    begins = f'{{"data":[{pairs}],' if pairs else "{"
    unplaced = "" if placed else ',"placed":false'
    why = f',"reason":{_quoted(reason)}' if reason else ""
    ends = f',"where":{_quoted(where)}}}' if where else "}"
    return f'{begins}"kind":{_quoted(kind)},"marker":{_quoted(marker)}{unplaced}{why}{ends}'
