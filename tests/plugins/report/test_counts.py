"""Every call is counted once, in every table that it belongs to."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopmark import LogError
from chopmark.reading import outline
from chopmark.wording import Wording
from chopmark_report import Tally, count, packed, to_data, unpacked
from chopmark_report._figures import Rate, drift, quantile
from chopmark_report._sections import Source, sections_of
from chopmark_report._tally import DAY

EN = Wording.of("chopmark_report", "en")
SOURCE = Source(policy="p", log="jsonl", since=0, until=None, now=10 * DAY)
names = st.sampled_from(["a", "b", ""])
marks = st.lists(
    st.fixed_dictionaries(
        {
            "marker": st.sampled_from(["label", "aigc"]),
            "kind": st.just("visible"),
            "where": st.just("start"),
            "placed": st.booleans(),
            "reason": st.sampled_from(["", "json"]),
            "data": st.just({}),
        }
    ),
    max_size=3,
)
verdicts = st.lists(
    st.fixed_dictionaries(
        {
            "category": st.sampled_from(["pii.email", "pii.phone", "hate"]),
            "outcome": st.sampled_from(["deny", "modify"]),
            "direction": st.sampled_from(["input", "output"]),
            "detector": names,
            "version": names,
        }
    ),
    max_size=3,
)
calls = st.fixed_dictionaries(
    {
        "k": st.just("call"),
        "id": st.uuids().map(str),
        "time": st.integers(0, 9 * DAY),
        "action": st.sampled_from(["allow", "modify", "block", "escalate"]),
        "ending": st.sampled_from(["completed", "blocked", "cancelled"]),
        "judged": st.booleans(),
        "stream": st.booleans(),
        "adapter": names,
        "model": names,
        "audience": names,
        "policy": names,
        "sdk": names,
        "duration": st.integers(0, 10**6),
        "usage": st.none() | st.just({"input": 3, "output": 5}),
        "verdicts": verdicts,
        "marks": marks,
        "failures": st.lists(
            st.fixed_dictionaries({"role": names, "name": names, "error": names, "handled": names}),
            max_size=2,
        ),
    }
)


@given(st.lists(calls))
def test_every_table_adds_up_to_the_calls(made: list[dict[str, Any]]) -> None:
    tally = count(made)
    assert (tally.calls.count if tally.calls else 0) == len(made)
    for name in ("action", "ending", "adapter", "model", "audience"):
        assert getattr(tally, f"{name}s") == Counter(call[name] for call in made)
    assert tally.streamed == sum(call["stream"] for call in made)
    assert tally.unjudged == sum(not call["judged"] for call in made)
    assert tally.tokens_in == 3 * sum(call["usage"] is not None for call in made)
    assert sum(tally.durations.values()) == len(made)
    assert sum(tally.verdicts.values()) == sum(len(call["verdicts"]) for call in made)
    assert sum(tally.failures.values()) == sum(len(call["failures"]) for call in made)
    assert sum(day.calls for day in tally.days.values()) == len(made)


@given(st.lists(calls), st.lists(calls))
def test_what_is_counted_in_two_goes_is_counted_the_same(
    first: list[dict[str, Any]], then: list[dict[str, Any]]
) -> None:
    before = count(first)
    assert count(then, before) is before
    assert before == count(first + then)


@given(st.lists(calls), st.lists(calls))
def test_counts_that_were_packed_go_on_as_if_they_had_not_been(
    first: list[dict[str, Any]], then: list[dict[str, Any]]
) -> None:
    kept = unpacked(json.loads(json.dumps(packed(count(first)))))
    assert kept == count(first)
    assert count(then, kept) == count(first + then)


@given(st.lists(calls))
def test_outlines_are_counted_as_their_calls_are(made: list[dict[str, Any]]) -> None:
    assert count(map(outline, made)) == count(made)


@pytest.mark.parametrize(
    "changed",
    [
        {"duration": "long"},
        {"policy": []},
        {"usage": {"input": 1}},
        {"marks": 3},
        {"verdicts": [{}]},
    ],
)
def test_what_has_not_the_form_of_a_call_is_an_error_after_what_came_before(
    changed: dict[str, Any],
) -> None:
    good, tally = call(1, "hate"), Tally()
    with pytest.raises(LogError, match="not the form of one"):
        count([good, {**good, **changed}, good], tally)
    assert tally == count([good])


def test_complaints_that_were_packed_are_still_to_be_decided() -> None:
    received = {"k": "event", "kind": "complaint.received", "id": "a", "time": 5, "about": []}
    decided = {"k": "event", "kind": "complaint.decided", "id": "b", "time": 9, "about": ["a"]}
    first = [{**received, "data": {"deadline": 7}}]
    then = [{**decided, "data": {"decision": "upheld"}}]
    kept = unpacked(json.loads(json.dumps(packed(count(first)))))
    assert count(then, kept) == count(first + then)
    assert unpacked(packed(kept)).complaints["a"].decision == "upheld"


@pytest.mark.parametrize("changed", [{"calls": [1]}, {"actions": [["a", "b"]]}, {"answered": "3"}])
def test_what_is_no_packed_count_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        unpacked({**packed(count([])), **changed})
    with pytest.raises(KeyError):
        unpacked({})


@given(st.lists(calls, min_size=1))
def test_first_and_last_are_those_of_the_calls(made: list[dict[str, Any]]) -> None:
    tally = count(made)
    for name in {call["policy"] for call in made}:
        times = [call["time"] for call in made if call["policy"] == name]
        span = tally.policies[name]
        assert (span.first, span.last, span.count) == (min(times), max(times), len(times))


@given(st.lists(calls))
def test_an_answer_carries_a_mark_or_there_is_a_reason(made: list[dict[str, Any]]) -> None:
    tally = count(made)
    answered = [
        call for call in made
        if call["ending"] == "completed" and call["action"] in ("allow", "modify")
    ]  # fmt: skip
    assert tally.answered == len(answered)
    for (marker, _), found in tally.marks.items():
        own = [[m for m in call["marks"] if m["marker"] == marker] for call in answered]
        assert found.placed == sum(any(m["placed"] for m in one) for one in own)
        assert sum(found.missing.values()) == sum(bool(one) for one in own) - found.placed


@given(st.lists(calls))
def test_the_report_says_the_same_to_people_and_machines(made: list[dict[str, Any]]) -> None:
    tally = count(made)
    data = json.loads(json.dumps(to_data(tally, SOURCE)))
    assert sum(data["actions"].values()) == len(made)
    sections = {section.key: section for section in sections_of(tally, SOURCE, EN)}
    assert {row[0]: row[1] for row in sections["summary"].rows}["calls"] == f"{len(made):,}"
    assert all(
        len(row) == len(section.header) for section in sections.values() for row in section.rows
    )


def test_the_interval_is_that_of_wilson() -> None:
    low, high = Rate(10, 100).interval
    assert (round(low, 4), round(high, 4)) == (0.0552, 0.1744)
    assert Rate(0, 0).interval == (0.0, 1.0)
    assert Rate(0, 20).interval[0] == 0.0
    assert Rate(20, 20).interval[1] == 1.0


@given(st.lists(st.integers(0, 99), min_size=1), st.floats(0, 1))
def test_a_quantile_is_not_exceeded_by_its_share(values: list[int], share: float) -> None:
    found = quantile(Counter(values), share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values)
    assert sum(value < found for value in values) <= max(share * len(values), 0)


def call(day: int, *categories: str) -> dict[str, Any]:
    return {
        "k": "call", "id": "", "time": day * DAY, "action": "allow", "ending": "completed",
        "judged": True, "stream": False, "adapter": "", "model": "", "audience": "", "policy": "",
        "sdk": "", "duration": 1, "usage": None, "marks": [], "failures": [],
        "verdicts": [
            {"category": c, "outcome": "warn", "direction": "input", "detector": "d",
             "version": "1"}
            for c in categories
        ],
    }  # fmt: skip


def test_a_share_that_moved_is_told_and_one_that_did_not_is_not() -> None:
    before = [
        call(day, *(["hate"] if n % 50 == 0 else [])) for day in range(10) for n in range(100)
    ]
    lately = [
        call(day, *(["hate"] if n % 5 == 0 else []), *(["pii.email"] if n == 0 else []))
        for day in range(10, 17) for n in range(100)
    ]  # fmt: skip
    found = {one.category: one for one in drift(count([*before, *lately]))}
    assert found["hate"].moved
    assert (found["hate"].before.hits, found["hate"].lately.hits) == (20, 140)
    assert not drift(count(lately))


def event(id: str, kind: str, time: int, *about: str, **data: Any) -> dict[str, Any]:
    return {"k": "event", "id": id, "kind": kind, "time": time, "about": [*about], "data": data}


def test_complaints_are_told_with_the_time_to_their_decision_and_what_is_late() -> None:
    hour = 3_600_000
    made = [
        event("1", "complaint.received", 0, deadline=15 * DAY),
        event("2", "complaint.received", hour, deadline=DAY),
        event("3", "complaint.received", 2 * hour, deadline=15 * DAY),
        event("4", "complaint.decided", 5 * hour, "1", decision="upheld"),
        event("5", "complaint.decided", 3 * DAY, "2", decision="rejected"),
        event("6", "complaint.decided", 4 * DAY, "2", decision="upheld"),
        event("7", "complaint.decided", 4 * DAY, "9", decision="upheld"),
    ]
    waiting = {section.key: section for section in sections_of(count(made[:3]), SOURCE, EN)}
    assert ("hours", "p50: -, p95: -") in waiting["complaints"].rows
    found = to_data(count(made), SOURCE)["complaints"]
    assert found == {
        "received": 3, "decided": 2, "late": 1, "hours": {"p50": 5, "p95": 71},
        "decisions": {"upheld": 1, "rejected": 1},
    }  # fmt: skip
