"""The Responses API says a text in up to five places; each says what went out, and no more."""

import json

import pytest
from openai_server import Answer, json_answer
from openai_wire import (
    call_events,
    call_item,
    message_events,
    message_item,
    reasoning_events,
    reasoning_item,
    response,
    response_stream,
    text_part,
    text_response_stream,
)
from pydantic import BaseModel

from chopmark_openai import OpenAIBlocked, guard

ASK = {"model": "m", "input": "q"}
ITEMS = {
    "text": message_item("a FORBIDDEN word"),
    "refusal": {**message_item(None), "content": [{"type": "refusal", "refusal": "FORBIDDEN"}]},
    "summary": reasoning_item("a FORBIDDEN word"),
    "reasoning": {
        **reasoning_item(None),
        "content": [{"type": "reasoning_text", "text": "FORBIDDEN"}],
    },
    "function_call": call_item('{"a": "FORBIDDEN"}'),
    "custom_tool_call": {"type": "custom_tool_call", "name": "f", "input": "FORBIDDEN"},
    "mcp_call": {"type": "mcp_call", "name": "f", "arguments": "{}", "output": "FORBIDDEN"},
    "code": {"type": "code_interpreter_call", "code": "FORBIDDEN", "outputs": None},
    "logs": {"type": "code_interpreter_call", "code": None, "outputs": [{"logs": "FORBIDDEN"}]},
    "shell": {"type": "shell_call", "action": {"commands": ["ls", "FORBIDDEN"]}},
    "patch": {"type": "apply_patch_call", "operation": {"diff": "FORBIDDEN"}},
    "image": {"type": "image_generation_call", "result": "x", "revised_prompt": "FORBIDDEN"},
}


def raw_stream(client, **more):
    got = b""
    with client.responses.with_streaming_response.create(**ASK, stream=True, **more) as response:
        for part in response.iter_bytes():
            got += part
    return got


def events(body):
    lines = [line for line in body.split(b"\n") if line.startswith(b"data: {")]
    return [json.loads(line[6:]) for line in lines]


def item_stream(item, *, deltas=()):
    """Return a stream that says `item` at its end only, or after `deltas`."""
    added = {"type": "response.output_item.added", "output_index": 0, "item": {"type": "x"}}
    done = {"type": "response.output_item.done", "output_index": 0, "item": item}
    return response_stream([added, *deltas, done], [item])


@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS)
def test_a_denied_word_is_found_in_every_kind_of_item(server, chop, item):
    client = guard(server.client(), chop)
    server.says(json_answer(response([message_item("fine"), item])))
    with pytest.raises(OpenAIBlocked):
        client.responses.create(**ASK)
    server.says(Answer(item_stream(item)))
    got = []
    with pytest.raises(OpenAIBlocked):
        got += client.responses.create(**ASK, stream=True)
    assert "FORBIDDEN" not in str(got)


DELTAS = {
    "output_text": ({"content_index": 0}, "text"),
    "refusal": ({"content_index": 0}, "refusal"),
    "reasoning_text": ({"content_index": 0}, "text"),
    "reasoning_summary_text": ({"summary_index": 0}, "text"),
    "function_call_arguments": ({}, "arguments"),
    "custom_tool_call_input": ({}, "input"),
    "mcp_call_arguments": ({}, "arguments"),
    "code_interpreter_call_code": ({}, "code"),
    "shell_call_command": ({"command_index": 1}, "command"),
    "audio.transcript": ({}, None),
}


@pytest.mark.parametrize("name", DELTAS)
def test_a_denied_word_is_found_in_every_kind_of_delta(server, chop, name):
    at, field = DELTAS[name]
    at = {"output_index": 0, "item_id": "i", **at}
    deltas = [{"type": f"response.{name}.delta", **at, "delta": c} for c in "a FORBIDDEN word"]
    server.says(Answer(response_stream(deltas, [])))
    got = []
    with pytest.raises(OpenAIBlocked):
        got += guard(server.client(), chop).responses.create(**ASK, stream=True)
    assert "".join(e.delta for e in got if e.type.endswith(".delta")) == "a "
    if field is not None:
        done = {"type": f"response.{name}.done", **at, field: "a FORBIDDEN word"}
        server.says(Answer(response_stream([done], [])))
        with pytest.raises(OpenAIBlocked):
            list(guard(server.client(), chop).responses.create(**ASK, stream=True))


def streamed(pieces):
    text = "".join(pieces)
    said = reasoning_events(pieces) + message_events(pieces, 1) + call_events(['{"x": ', "1}"], 2)
    return response_stream(said, [reasoning_item(text), message_item(text), call_item('{"x": 1}')])


@pytest.mark.parametrize("pieces", [["the SECRET."], list("the SECRET."), ["the SEC", "RET", "."]])
def test_all_places_say_the_same(server, marking, pieces):
    server.says(Answer(streamed(pieces)))
    client = guard(server.client(), marking)
    body = raw_stream(client)
    assert b"SECRET" not in body
    got = events(body)
    assert [e["sequence_number"] for e in got] == list(range(len(got)))
    said = {}
    for e in got:
        if e["type"].endswith(".delta"):
            said[e["output_index"]] = said.get(e["output_index"], "") + e["delta"]
    assert said == {0: "the ***.", 1: "<the ***.>", 2: '{"x": 1}'}
    by_type = {(e["type"], e.get("output_index")): e for e in got}
    assert by_type["response.output_text.done", 1]["text"] == said[1]
    assert by_type["response.content_part.done", 1]["part"]["text"] == said[1]
    assert by_type["response.output_item.done", 1]["item"]["content"][0]["text"] == said[1]
    assert by_type["response.reasoning_summary_part.done", 0]["part"]["text"] == said[0]
    final = got[-1]["response"]
    assert final["output"][0]["summary"][0]["text"] == said[0]
    assert final["output"][1]["content"][0]["text"] == said[1]
    assert final["output"][2]["arguments"] == said[2]
    assert final["chopmark"]["action"] == "modify"
    assert body.count(b'"chopmark"') == 1
    with client.responses.stream(**ASK) as stream:
        snapshots = [e for e in stream if e.type == "response.output_text.delta"]
        assert stream.get_final_response().output_text == said[1]
    assert snapshots[-1].snapshot == said[1]


def test_a_tail_comes_before_the_event_that_ends_its_text(server, marking):
    server.says(Answer(streamed(["one ", "two"])))
    kinds = [e["type"] for e in events(raw_stream(guard(server.client(), marking)))]
    last = max(n for n, kind in enumerate(kinds) if kind == "response.output_text.delta")
    assert kinds[last + 1] == "response.output_text.done"


def test_a_provider_without_deltas_is_screened_by_what_it_says_in_full(server, marking):
    item = message_item("the SECRET")
    server.says(Answer(item_stream(item)))
    got = events(raw_stream(guard(server.client(), marking)))
    assert got[3]["item"]["content"][0]["text"] == "<the ***>"
    assert got[4]["response"]["output"][0]["content"][0]["text"] == "<the ***>"


def test_text_in_an_event_that_only_begins_an_item_is_not_let_through(server, chop):
    early = {"output_index": 0, "item": message_item("the FORBIDDEN")}
    added = {"type": "response.output_item.added", **early}
    part = {"type": "response.content_part.added", "output_index": 0, "content_index": 0}
    server.says(Answer(response_stream([added, {**part, "part": text_part("FORBIDDEN")}], [])))
    assert b"FORBIDDEN" not in raw_stream(guard(server.client(), chop))


def test_text_that_some_servers_join_is_joined_of_what_went_out(server, chop):
    body = response([message_item("the "), message_item("SECRET")], output_text="the SECRET")
    server.says(json_answer(body))
    raw = guard(server.client(), chop).responses.with_raw_response.create(**ASK)
    assert json.loads(raw.content)["output_text"] == "the ***"


def test_tokens_of_changed_text_are_left_out(server, chop):
    tokens = [{"token": "SECRET", "logprob": -0.1, "bytes": [], "top_logprobs": []}]
    said = [{**e, "logprobs": tokens} if "logprobs" in e else e for e in message_events(["SECRET"])]
    item = message_item("SECRET")
    item["content"][0]["logprobs"] = tokens
    server.says(Answer(response_stream(said, [item])))
    assert b"SECRET" not in raw_stream(guard(server.client(), chop))
    server.says(json_answer(response([item])))
    raw = guard(server.client(), chop).responses.with_raw_response.create(**ASK)
    assert b"SECRET" not in raw.content


def test_a_structured_answer_stays_json(server, marking):
    class Out(BaseModel):
        a: str

    client = guard(server.client(), marking)
    server.says(json_answer(response([message_item('{"a": "the SECRET"}')])))
    got = client.responses.parse(**ASK, text_format=Out)
    assert got.output_parsed.a == "the ***"
    assert [m["placed"] for m in got.chopmark["marks"]] == [False]
    server.says(Answer(text_response_stream(['{"a": "the SEC', 'RET"}'])))
    with client.responses.stream(**ASK, text_format=Out) as stream:
        assert stream.get_final_response().output_parsed.a == "the ***"


@pytest.mark.parametrize("pieces", [["fine, ", "FORBIDDEN", " more"], ["fine, FORBIDDEN more"]])
def test_a_refusal_in_the_middle_of_a_stream_ends_all_that_is_open(server, chop, log, pieces):
    server.says(Answer(text_response_stream(pieces)))
    client = guard(server.client(), chop, on_block="refuse")
    body = raw_stream(client)
    assert b"FORBIDDEN" not in body
    got = events(body)
    assert [e["sequence_number"] for e in got] == list(range(len(got)))
    kinds = [e["type"].removeprefix("response.") for e in got]
    text = kinds.index("output_text.done")
    assert kinds[text:] == [
        "output_text.done", "content_part.done", "output_item.done",
        "output_item.added", "content_part.added", "refusal.delta", "refusal.done",
        "content_part.done", "output_item.done", "incomplete",
    ]  # fmt: skip
    final = got[-1]["response"]
    assert (final["id"], final["status"]) == ("resp_1", "incomplete")
    assert final["incomplete_details"] == {"reason": "content_filter"}
    assert final["output"][0]["content"][0]["text"] == "fine, "
    assert final["output"][0]["status"] == "incomplete"
    assert final["output"][1]["content"][0]["refusal"] == chop.policy.refusal("en")
    assert final["chopmark"]["action"] == "block"
    with client.responses.stream(**ASK) as stream:
        assert [e.type for e in stream][-1] == "response.incomplete"


def test_a_refused_prompt_is_an_incomplete_response(server, chop):
    client = guard(server.client(), chop, on_block="refuse")
    got = client.responses.create(model="m", input="FORBIDDEN")
    assert (got.status, got.incomplete_details.reason) == ("incomplete", "content_filter")
    assert got.output[0].content[0].refusal == chop.policy.refusal("en")
    assert got.chopmark["action"] == "block"
    with client.responses.stream(model="m", input="FORBIDDEN") as stream:
        kinds = [e.type for e in stream]
    assert kinds[:2] == ["response.created", "response.in_progress"]
    assert kinds[-1] == "response.incomplete"
    assert server.requests == []


def test_a_refused_answer_keeps_what_the_provider_said_of_it(server, chop):
    server.says(json_answer(response([message_item("FORBIDDEN")], output_text="FORBIDDEN")))
    client = guard(server.client(), chop, on_block="refuse")
    raw = client.responses.with_raw_response.create(**ASK)
    body = json.loads(raw.content)
    assert (body["id"], body["usage"]["total_tokens"]) == ("resp_1", 8)
    assert b"FORBIDDEN" not in raw.content


def test_a_stored_answer_is_screened_when_it_is_read_back(server, marking, log):
    client = guard(server.client(), marking)
    server.says(json_answer(response([message_item("the SECRET")])))
    assert client.responses.retrieve("resp_1").output_text == "<the ***>"
    assert client.responses.cancel("resp_1").output_text == "<the ***>"
    server.says(Answer(text_response_stream(["the SECRET"])))
    events = list(client.responses.retrieve("resp_1", stream=True))
    assert events[-1].response.output_text == "<the ***>"
    assert [(r.messages, r.stream) for r in log.records] == [(0, False), (0, False), (0, True)]
    server.says(json_answer({}))
    client.responses.delete("resp_1")
    assert len(log.records) == 3


def test_a_stream_that_goes_on_in_the_middle_says_what_it_delivered_itself(server, chop):
    """`starting_after`: the events before that point are not sent again."""
    server.says(Answer(text_response_stream(["one ", "SECRET", " three"])[5:]))
    got = list(guard(server.client(), chop).responses.retrieve("r", stream=True, starting_after=4))
    deltas = "".join(e.delta for e in got if e.type == "response.output_text.delta")
    assert deltas == "*** three"
    assert got[-1].response.output_text == deltas


def test_the_record_knows_the_tokens(server, recording, log):
    server.says(Answer(text_response_stream(["x"])))
    list(guard(server.client(), recording).responses.create(**ASK, stream=True))
    server.says(json_answer(response([message_item("x")])))
    guard(server.client(), recording).responses.create(**ASK)
    assert [(r.usage.input_tokens, r.usage.output_tokens) for r in log.records] == [(3, 5)] * 2
