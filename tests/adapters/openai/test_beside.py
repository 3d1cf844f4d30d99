"""What labels an answer stands on the wire: in the object, or in the first and the last event."""

import json

import pytest
from openai_server import MODULE, Answer, json_answer
from openai_wire import (
    DONE,
    calls_stream,
    chat,
    chat_stream,
    chunk,
    completion,
    completion_stream,
    event,
    message_item,
    response,
    text_response_stream,
)

from chopmark import Chopmark, Policy
from chopmark.testing import BesideMarker, MemoryLog, SuffixMarker, WordDetector, plugin
from chopmark_openai import OpenAIBlocked, guard, transport

ASK = {"model": "m", "messages": [{"role": "user", "content": "q"}]}


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


def wire(server, chop, path, body, **options):
    """The events of an answer as JSON, or its one object, read by a client that knows nothing."""
    inner = MODULE.HTTPTransport(verify=False)
    with MODULE.Client(transport=transport(chop, inner, **options)) as client:
        raw = client.post(f"{server.url}/{path}", json=body).content.decode()
    if raw.startswith("{"):
        return [json.loads(raw)]
    lines = [line[6:] for line in raw.splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def carrying(events):
    return [
        n for n, data in enumerate(events) if "aigc" in data or "aigc" in data.get("response", {})
    ]


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("chat/completions", chat({"content": "fine"})),
        ("completions", completion("fine")),
        ("responses", response([message_item("fine")])),
    ],
)
def test_a_whole_answer_carries_its_label(server, chop, log, path, answer):
    server.says(json_answer(answer))
    (got,) = wire(server, chop, path, ASK)
    assert got["aigc"] == expected(log)
    assert list(got)[-2:] == ["aigc", "chopmark"]


def test_json_answers_carry_it_and_no_mark(server, chop, log):
    server.says(json_answer(chat({"content": '{"a": 1}'})))
    (got,) = wire(
        server, chop, "chat/completions", {**ASK, "response_format": {"type": "json_object"}}
    )
    assert got["choices"][0]["message"]["content"] == '{"a": 1}'
    assert got["aigc"] == expected(log)


STREAMS = {
    "chat": ("chat/completions", chat_stream(["one ", "two"])),
    "usage": ("chat/completions", chat_stream(["one ", "two"], usage=True)),
    "calls": ("chat/completions", calls_stream([("f", ['{"a"', ": 1}"])])),
    "one": ("chat/completions", [event(chunk({"content": "all"}, "stop")), DONE]),
    "comment": ("chat/completions", [b": wait\n\n", *chat_stream(["one"])]),
    "completions": ("completions", completion_stream(["one ", "two"])),
}


@pytest.mark.parametrize("stream", STREAMS)
def test_the_first_and_the_last_event_carry_it(server, chop, log, stream):
    path, events = STREAMS[stream]
    server.says(Answer(events))
    got = wire(server, chop, path, {**ASK, "stream": True})
    assert carrying(got) == sorted({0, len(got) - 1})
    assert [got[n]["aigc"] for n in carrying(got)] == [expected(log)] * len(carrying(got))
    assert ["chopmark" in data for data in got].count(True) == 1


def test_so_do_the_events_of_a_response(server, chop, log):
    server.says(Answer(text_response_stream(["one ", "two"])))
    got = wire(server, chop, "responses", {**ASK, "stream": True})
    assert carrying(got) == [0, len(got) - 1]
    assert [got[n]["response"]["aigc"] for n in (0, -1)] == [expected(log)] * 2


def test_the_client_shows_it(server, chop, log):
    server.says(Answer(chat_stream(["one ", "two"])))
    got = list(guard(server.client(), chop).chat.completions.create(**ASK, stream=True))
    assert got[0].aigc == got[-1].aigc == expected(log)
    server.says(Answer(text_response_stream(["one ", "two"])))
    with guard(server.client(), chop).responses.stream(model="m", input="q") as stream:
        final = stream.get_final_response()
    assert final.aigc == expected(log)


async def test_the_async_client_shows_it(server, chop, log):
    server.says(Answer(chat_stream(["one ", "two"])))
    client = guard(server.aclient(), chop)
    stream = await client.chat.completions.create(**ASK, stream=True)
    got = [piece async for piece in stream]
    assert got[0].aigc == got[-1].aigc == expected(log)


def test_the_operators_label_goes_before_the_servers_own(server, chop, log):
    server.says(json_answer(chat({"content": "fine"}, aigc={"call": "of the server"})))
    (got,) = wire(server, chop, "chat/completions", ASK)
    assert got["aigc"] == expected(log)


def test_a_refusal_carries_none(server, chop):
    for path in ("chat/completions", "responses"):
        for stream in (False, True):
            body = {**ASK, "stream": stream, "input": "FORBIDDEN"}
            body["messages"] = [{"role": "user", "content": "FORBIDDEN"}]
            assert carrying(wire(server, chop, path, body, on_block="refuse")) == []
    server.says(json_answer(chat({"content": "FORBIDDEN"})))
    assert carrying(wire(server, chop, "chat/completions", ASK, on_block="refuse")) == []


@pytest.mark.parametrize("path", ["chat/completions", "responses"])
def test_a_stream_that_is_refused_says_at_its_end_whether_something_went_out(server, chop, path):
    for pieces, labelled in ((["FORBIDDEN"], False), (["so it ", "is ", "FORBIDDEN"], True)):
        server.says(Answer(chat_stream(pieces) if path[0] == "c" else text_response_stream(pieces)))
        got = wire(server, chop, path, {**ASK, "stream": True}, on_block="refuse")
        assert (len(got) - 1 in carrying(got)) is labelled
        last = got[-1].get("response", got[-1])
        assert last["chopmark"]["action"] == "block"
        assert ("aigc" in last) is labelled


def test_a_denied_prompt_is_an_error_as_before(server, chop):
    with pytest.raises(OpenAIBlocked):
        guard(server.client(), chop).chat.completions.create(
            model="m", messages=[{"role": "user", "content": "FORBIDDEN"}]
        )
