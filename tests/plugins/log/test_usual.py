"""The leaf of a usual call is written in another way, and is the same to the byte."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chopmark import Commitment, Failure, LogError, Mark, Record, Usage, Verdict
from chopmark_log._leaf import at, call_leaf, commitments_of, decode, encode
from chopmark_log._usual import _usual, encode_call

texts = st.one_of(st.text(max_size=8), st.sampled_from(["", '"', "\\", "\ud800", "\x1f", "\u2028"]))
numbers = st.sampled_from([0, 1, 7, 2**53 - 1])
odd: st.SearchStrategy[Any] = st.sampled_from([None, True, -1, 2**53, 1.5, [], "x" * 70_000])
commitments = st.builds(Commitment, digest=texts, characters=numbers)
marks = st.builds(
    Mark,
    marker=texts,
    kind=texts,
    where=texts,
    placed=st.booleans(),
    reason=texts,
    data=st.dictionaries(texts, texts, max_size=3),
)
RECORD: dict[str, st.SearchStrategy[Any]] = {
    "id": texts,
    "time": numbers,
    "policy": texts,
    "adapter": texts,
    "model": texts,
    "audience": texts,
    "stream": st.booleans(),
    "action": st.just("allow"),
    "ending": st.just("completed"),
    "judged": st.just(True),
    "request": commitments,
    "answer": commitments,
    "user": commitments,
    "messages": numbers,
    "verdicts": st.just(()),
    "marks": st.lists(marks, max_size=2).map(tuple),
    "failures": st.just(()),
    "usage": st.none(),
    "holdback": numbers,
    "duration": numbers,
    "sdk": texts,
}
records = st.builds(Record, **RECORD)
UNUSUAL: dict[str, Any] = {
    "action": "block",
    "ending": "abandoned",
    "judged": False,
    "verdicts": (Verdict(category="pii", start=0, end=1),),
    "failures": (Failure(role="log", name="log", error="OSError", handled="block"),),
    "usage": Usage(input_tokens=1),
}
payloads = st.sampled_from(["", "a1"])


def plainly(record: Record, clock: int, payload: str) -> bytes | str:
    try:
        leaf = call_leaf(record, "w", 3, commitments_of(record), payload)
        return encode(at(leaf, clock))
    except LogError as error:
        return str(error)


def quickly(record: Record, clock: int, payload: str) -> bytes | str:
    try:
        return encode_call(record, commitments_of(record), "w", 3, clock, payload=payload)
    except LogError as error:
        return str(error)


@given(records, payloads)
def test_a_usual_call_is_written_as_its_leaf_says(record: Record, payload: str) -> None:
    leaf = _usual(record, "w", 3, commitments_of(record), payload)
    assume(leaf is not None)
    assert leaf == plainly(record, 0, payload)
    assert leaf is not None
    assert decode(leaf)["id"] == record.id


@settings(max_examples=40)
@given(records, st.sampled_from(sorted(UNUSUAL)), st.sampled_from([0, -5000]), payloads)
def test_so_is_any_other(record: Record, field: str, clock: int, payload: str) -> None:
    record = replace(record, **{field: UNUSUAL[field]})
    assert quickly(record, clock, payload) == plainly(record, clock, payload)
    assert quickly(record, -5000, payload) == plainly(record, -5000, payload)


@settings(max_examples=40)
@given(records, st.sampled_from(["id", "time", "model", "holdback", "messages", "stream"]), odd)
def test_what_has_no_place_in_a_leaf_is_refused_as_ever(
    record: Record, field: str, value: object
) -> None:
    record = replace(record, **{field: value})
    assert quickly(record, 0, "") == plainly(record, 0, "")


@settings(max_examples=40)
@given(records, st.sampled_from(["marker", "placed", "reason", "data"]), odd)
def test_so_it_is_in_a_mark(record: Record, field: str, value: Any) -> None:
    changed = {field: {"a": value} if field == "data" else value}
    mark = replace(Mark(marker="m", kind="k"), **changed)
    record = replace(record, marks=(mark,))
    assert quickly(record, 0, "") == plainly(record, 0, "")
