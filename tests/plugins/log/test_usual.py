"""The leaf of a usual call is written in another way, and is the same to the byte."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chopmark import Commitment, Failure, LogError, Mark, Record, Usage, Verdict
from chopmark_log._canonical import encode
from chopmark_log._leaf import at, call_leaf, commitments_of, decode
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
verdicts: st.SearchStrategy[Verdict] = st.builds(
    Verdict,
    category=texts,
    start=numbers,
    end=numbers,
    score=st.sampled_from([0, 0.0, 0.3125, 0.9999, 1, 1.0]),
    outcome=st.sampled_from(["warn", "deny"]),
    detail=texts,
    detector=texts,
    version=texts,
    direction=st.sampled_from(["input", "output"]),
    kind=st.sampled_from(["answer", "tool_call"]),
    part=numbers,
)
RECORD: dict[str, st.SearchStrategy[Any]] = {
    "id": texts,
    "time": numbers,
    "policy": texts,
    "adapter": texts,
    "model": texts,
    "audience": texts,
    "stream": st.booleans(),
    "action": st.sampled_from(["allow", "block"]),
    "ending": st.sampled_from(["completed", "abandoned"]),
    "judged": st.booleans(),
    "request": commitments,
    "answer": commitments,
    "user": commitments,
    "messages": numbers,
    "verdicts": st.lists(verdicts, max_size=2).map(tuple),
    "marks": st.lists(marks, max_size=2).map(tuple),
    "failures": st.just(()),
    "usage": st.none() | st.builds(Usage, input_tokens=numbers, output_tokens=numbers),
    "holdback": numbers,
    "duration": numbers,
    "sdk": texts,
}
records = st.builds(Record, **RECORD)
FAILURE = Failure(role="log", name="log", error="OSError", handled="block")
FIELDS = ["id", "time", "model", "holdback", "messages", "stream", "judged", "action", "ending"]
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


@settings(suppress_health_check=[HealthCheck.too_slow])  # a record has many fields
@given(records, payloads)
def test_a_usual_call_is_written_as_its_leaf_says(record: Record, payload: str) -> None:
    leaf = _usual(record, "w", 3, commitments_of(record), payload)
    if leaf is not None:  # a lone surrogate has no place in any leaf
        assert leaf == plainly(record, 0, payload)
        assert decode(leaf)["id"] == record.id


def test_a_call_in_which_much_was_found_is_usual() -> None:
    seen = Verdict(
        category="pii.email", start=3, end=9, score=0.75, outcome="modify", detail="format",
        detector="pii", version="2", direction="input", kind="structured", part=2,
    )  # fmt: skip
    told = Commitment(digest="ab", characters=9)
    record = Record(
        id="i", time=1, policy="p@1", adapter="a", model="m", audience="minor", stream=True,
        action="block", ending="cancelled", judged=False, request=told, answer=told, user=told,
        messages=3, verdicts=(seen, Verdict(category="x", start=0, end=1)),
        marks=(Mark(marker="label", kind="visible", placed=False, reason="r"),), failures=(),
        usage=Usage(input_tokens=5, output_tokens=6), holdback=7, duration=8, sdk="1",
    )  # fmt: skip
    assert _usual(record, "w", 3, commitments_of(record), "a1") == plainly(record, 0, "a1")


@given(records, st.booleans(), st.sampled_from([0, -5000]), payloads)
def test_so_is_any_other(record: Record, broke: bool, clock: int, payload: str) -> None:
    record = replace(record, failures=(FAILURE,) if broke else ())
    assert quickly(record, clock, payload) == plainly(record, clock, payload)
    assert quickly(record, -5000, payload) == plainly(record, -5000, payload)


@given(records, st.sampled_from(FIELDS), odd)
def test_what_has_no_place_in_a_leaf_is_refused_as_ever(
    record: Record, field: str, value: object
) -> None:
    record = replace(record, **{field: value})
    assert quickly(record, 0, "") == plainly(record, 0, "")


@given(records, st.sampled_from(["marker", "placed", "reason", "data"]), odd)
def test_so_it_is_in_a_mark(record: Record, field: str, value: Any) -> None:
    changed = {field: {"a": value} if field == "data" else value}
    mark = replace(Mark(marker="m", kind="k"), **changed)
    record = replace(record, marks=(mark,))
    assert quickly(record, 0, "") == plainly(record, 0, "")


@given(records, st.sampled_from(["category", "detail", "kind", "version", "start", "part"]), odd)
def test_so_it_is_in_a_verdict(record: Record, field: str, value: Any) -> None:
    verdict = replace(Verdict(category="c", start=0, end=1), **{field: value})
    record = replace(record, verdicts=(verdict,))
    assert quickly(record, 0, "") == plainly(record, 0, "")


@given(records, odd)
def test_so_it_is_of_the_tokens(record: Record, value: Any) -> None:
    record = replace(record, usage=Usage(output_tokens=value))
    assert quickly(record, 0, "") == plainly(record, 0, "")
