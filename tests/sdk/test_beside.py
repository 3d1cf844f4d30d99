"""Marks that stand beside an answer: for every answer of a model, and for no refusal of ours."""

import asyncio
import json

import pytest

from chopmark import Chopmark, MarkError, Policy, PolicyBlocked
from chopmark.policy import OnError
from chopmark.sse import aevents, events
from chopmark.testing import BesideMarker, MemoryLog, SuffixMarker, WordDetector, plugin


@pytest.fixture
def log():
    return MemoryLog()


@pytest.fixture
def chop(log):
    brought = plugin(
        detectors=[WordDetector({"BAD": "deny"})],
        markers=[BesideMarker(), SuffixMarker("<", ">")],
        log=log,
    )
    return Chopmark(Policy(name="beside"), plugins=[brought])


def labels(record):
    return [(m.where, m.placed) for m in record.marks if m.marker == "label"]


def test_a_label_names_the_call_that_the_record_is_of(chop, log):
    told = []

    @chop.guard(on_response=told.append)
    def answer(prompt):
        return "fine"

    assert answer("q") == "<fine>"
    assert told[0].labels == {"label": {"call": log.records[0].id}}
    assert told[0].carried()["label"] == {"call": told[0].id}
    assert told[0].carried()["chopmark"]["id"] == told[0].id
    assert labels(log.records[0]) == [("label", True)]


def test_the_metadata_wins_over_a_label_of_its_name(log):
    chop = Chopmark(Policy(name="p"), plugins=[plugin(markers=[BesideMarker("chopmark")], log=log)])
    told = []
    chop.guard(on_response=told.append)(lambda prompt: "fine")("q")
    assert told[0].carried()["chopmark"] == told[0].to_metadata()


def test_a_marker_beside_alone_is_something_to_do():
    chop = Chopmark(Policy(name="p"), plugins=[plugin(markers=[BesideMarker()])])
    assert not chop.inert
    assert [m.name for m in chop.markers] == ["label"]


def test_a_refusal_is_not_labelled(chop, log):
    @chop.guard(on_block="refuse")
    def answer(prompt):
        return "so BAD"

    answer("BAD")
    answer("q")
    assert labels(log.records[0]) == []
    assert labels(log.records[1]) == [("label", False)]


@pytest.mark.parametrize(("said", "placed"), [("BAD", False), ("so BAD", True)])
def test_a_stream_that_is_stopped_is_labelled_where_something_went_out(chop, log, said, placed):
    @chop.guard
    def answer(prompt):
        yield from said

    with pytest.raises(PolicyBlocked) as blocked:
        "".join(answer("q"))
    assert labels(log.records[0]) == [("label", placed)]
    assert bool(blocked.value.response.labels) is placed


def test_a_stream_that_is_left_is_labelled_where_something_went_out(chop, log):
    @chop.guard
    def answer(prompt):
        yield from ["one", "two"] * 10

    stream = answer("q")
    next(stream)
    stream.close()
    assert labels(log.records[0]) == [("label", True)]


def test_a_model_that_fails_leaves_no_label(chop, log):
    @chop.guard
    def answer(prompt):
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        answer("q")
    assert labels(log.records[0]) == [("label", False)]


@pytest.mark.parametrize("handled", ["block", "allow"])
def test_a_broken_marker_does_what_the_policy_says(log, handled):
    policy = Policy(name="p", on_error=OnError(marker=handled))
    chop = Chopmark(policy, plugins=[plugin(markers=[BesideMarker(fail=True)], log=log)])
    asked = []

    @chop.guard
    def answer(prompt):
        asked.append(prompt)
        return "fine"

    if handled == "block":
        with pytest.raises(MarkError, match="on purpose"):
            answer("q")
        assert asked == []
    else:
        assert answer("q") == "fine"
    assert [f.name for f in log.records[0].failures] == ["label"]


def parsed(stream):
    read = [event.splitlines() for event in stream]
    assert all(name.startswith("event: ") and data.startswith("data: ") for name, data, _ in read)
    return [(name[7:], json.loads(data[6:])) for name, data, _ in read]


def test_events_carry_the_label_first_and_last(chop, log):
    @chop.guard
    def answer(prompt):
        yield from ["two\nlines", "", "\u2028\x85", "炸"]

    found = parsed(events(answer("q")))
    label = {"label": {"call": log.records[0].id}}
    assert "".join(data.get("text", "") for _, data in found) == "<two\nlines\u2028\x85炸>"
    assert [name for name, _ in found[:-1]] == ["text"] * (len(found) - 1)
    assert found[0][1]["label"] == label["label"]
    assert found[-1] == ("end", label)
    assert all("label" not in data for _, data in found[1:-1])


def test_a_block_is_the_last_event(chop, log):
    @chop.guard
    def answer(prompt):
        yield from "so BAD"

    found = parsed(events(answer("q")))
    assert [name for name, _ in found] == [*["text"] * 4, "blocked"]
    assert found[-1][1] == {
        "text": chop.policy.refusal("en"),
        **found[0][1] | {"text": found[-1][1]["text"]},
    }
    assert parsed(events(answer("BAD"))) == [("blocked", {"text": chop.policy.refusal("en")})]


def test_async_events_are_the_same(chop, log):
    @chop.guard
    async def answer(prompt):
        for piece in ("one ", "two"):
            yield piece

    async def read():
        return [event async for event in aevents(answer("q"))]

    found = parsed(asyncio.run(read()))
    assert "".join(data.get("text", "") for _, data in found) == "<one two>"
    assert found[0][1]["label"] == found[-1][1]["label"] == {"call": log.records[0].id}


def test_leaving_the_events_leaves_the_call(chop, log):
    @chop.guard
    def answer(prompt):
        yield from ["one ", "two "] * 20

    stream = events(answer("q"))
    next(stream)
    stream.close()
    assert [record.ending for record in log.records] == ["abandoned"]


def test_two_streams_at_once_have_their_own_labels(chop, log):
    @chop.guard
    def answer(prompt):
        yield from "one two three"

    streams = [events(answer("q")) for _ in range(2)]
    both = [parsed([first, second]) for first, second in zip(*streams, strict=True)]
    for n in range(2):
        first, last = both[0][n][1]["label"], both[-1][n][1]["label"]
        assert first == last
    assert both[0][0][1]["label"] != both[0][1][1]["label"]


def test_events_hold_what_utf_8_cannot(chop):
    @chop.guard
    def answer(prompt):
        yield "\ud83d"

    out = "".join(events(answer("q")))
    assert out.encode()
    assert "\\ud83d" in out
