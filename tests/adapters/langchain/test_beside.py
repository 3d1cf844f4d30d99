"""What labels an answer rides beside its metadata: on prose, JSON and tool calls."""

import json

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_given import Given, answer, streamed
from langchain_models import ChatScript, EventChat, TextScript

from chopmark import Chopmark, Policy
from chopmark.testing import BesideMarker, MemoryLog, SuffixMarker, WordDetector, plugin
from chopmark_langchain import chop_step, guard

CALL = AIMessage("", tool_calls=[{"name": "send", "args": {"to": "a"}, "id": "c"}])
FINISH = {"event": "message-finish", "metadata": {"model_name": "m"}}


@pytest.fixture
def log():
    return MemoryLog()


@pytest.fixture
def chop(log):
    words = WordDetector({"FORBIDDEN": "deny"})
    marks = [SuffixMarker("<", ">"), BesideMarker("aigc")]
    brought = plugin(detectors=[words], markers=marks, log=log)
    return Chopmark(Policy(name="beside"), plugins=[brought])


def expected(log):
    return {"call": log.records[-1].id}


@pytest.mark.parametrize("message", [AIMessage("fine"), CALL], ids=["prose", "call"])
def test_a_whole_answer_carries_its_label(chop, log, message):
    assert answer(message, chop).response_metadata["aigc"] == expected(log)


def test_a_json_answer_carries_its_label_and_no_mark(chop, log):
    model = guard(Given(message=AIMessage('{"a": 1}')), chop)
    said = model.invoke("q", response_format={"type": "json_object"})
    assert json.loads(said.text) == {"a": 1}
    assert said.response_metadata["aigc"] == expected(log)


@pytest.mark.parametrize("marks_last", [True, False])
def test_the_last_chunk_alone_carries_it(chop, log, marks_last):
    got = list(guard(ChatScript(marks_last=marks_last), chop).stream("q"))
    assert [n for n, c in enumerate(got) if "aigc" in c.response_metadata] == [len(got) - 1]
    assert got[-1].response_metadata["aigc"] == expected(log)


def test_a_streamed_tool_call_carries_it(chop, log):
    call = {"name": "f", "args": '{"a": 1}', "id": "c", "index": 0}
    _, whole = streamed([AIMessageChunk("", tool_call_chunks=[call])], chop)
    assert whole.tool_calls[0]["args"] == {"a": 1}
    assert whole.response_metadata["aigc"] == expected(log)


def test_events_carry_it_at_the_end_of_the_message(chop, log):
    text = [
        {"event": "content-block-start", "index": 0, "content": {"type": "text", "text": ""}},
        {
            "event": "content-block-delta",
            "index": 0,
            "delta": {"type": "text-delta", "text": "fine"},
        },
        {"event": "content-block-finish", "index": 0, "content": {"type": "text", "text": "fine"}},
    ]
    start = {"event": "message-start", "role": "ai", "id": "m"}
    model = guard(EventChat(events=[start, *text, FINISH]), chop)
    stream = model.stream_events("q", version="v3")
    events, output = list(stream), stream.output
    assert [e["metadata"]["aigc"] for e in events if "aigc" in e.get("metadata", {})] == [
        expected(log)
    ]
    assert output.response_metadata["aigc"] == expected(log)


def test_text_models_and_steps_carry_it(chop, log):
    model = guard(TextScript(), chop)
    result = model.generate(["q"])
    assert result.generations[0][0].generation_info["aigc"] == expected(log)
    step = ChatScript() | chop_step(chop)
    assert step.invoke("q").response_metadata["aigc"] == expected(log)


def test_a_refusal_carries_none(chop):
    refused = [
        guard(ChatScript(), chop, on_block="refuse").invoke("FORBIDDEN"),
        answer_refused(chop),
    ]
    for said in refused:
        assert "aigc" not in said.response_metadata
        assert said.response_metadata["chopmark"]["action"] == "block"


def answer_refused(chop):
    return guard(Given(message=AIMessage("FORBIDDEN")), chop, on_block="refuse").invoke("q")
