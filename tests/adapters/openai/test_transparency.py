"""With nothing to do, a guarded client is the bare client, byte for byte."""

import openai
import pytest
from openai_server import Answer, json_answer
from openai_wire import (
    answer_to,
    calls_stream,
    chat,
    chat_stream,
    message_events,
    message_item,
    reasoning_events,
    reasoning_item,
    response,
    response_stream,
)

from chopmark import Chopmark
from chopmark_openai import guard

PIECES = ("Hello, ", "wor", "ld 。\n", "\U0001f600")
LOOK = {"type": "function", "function": {"name": "look", "parameters": {}, "strict": True}}
CALL = {"id": "c", "type": "function", "function": {"name": "look", "arguments": "{}"}}


def chat_objects(client):
    create = client.chat.completions.create
    messages = [{"role": "user", "content": "q"}]
    yield create(model="m", messages=messages)
    yield from create(model="m", messages=messages, stream=True)
    with client.chat.completions.stream(model="m", messages=messages) as stream:
        for event in stream:
            yield getattr(event, "chunk", None) or event
        yield stream.get_final_completion()
    yield client.chat.completions.parse(model="m", messages=messages)


def completion_objects(client):
    yield client.completions.create(model="m", prompt="q")
    yield from client.completions.create(model="m", prompt="q", stream=True)


def response_objects(client):
    yield client.responses.create(model="m", input="q")
    yield from client.responses.create(model="m", input="q", stream=True)
    with client.responses.stream(model="m", input="q") as stream:
        yield from stream
        yield stream.get_final_response()
    yield client.responses.parse(model="m", input="q")


def raw_bytes(client):
    body = {"model": "m", "messages": [], "stream": True}
    raw = client.chat.completions.with_raw_response.create(model="m", messages=[])
    yield raw.headers["content-type"], raw.http_response.content, raw.status_code
    streaming = client.chat.completions.with_streaming_response
    with streaming.create(**body) as response:
        yield response.headers["content-type"], b"".join(response.iter_bytes())
    with client.responses.with_streaming_response.create(model="m", input="q") as response:
        yield response.headers["content-type"], response.read()


def plain(value):
    if not isinstance(value, openai.BaseModel):
        return value
    data = value.model_dump(mode="json", exclude_unset=True, warnings=False)
    inner = data.get("response")
    if isinstance(inner, dict):
        data = {**data, "response": {k: v for k, v in inner.items() if k != "chopmark"}}
    return {k: v for k, v in data.items() if k != "chopmark"}


WALKS = {
    "chat": chat_objects,
    "completions": completion_objects,
    "responses": response_objects,
    "bytes": raw_bytes,
}


@pytest.fixture
def answering(server):
    server.reply = lambda path, body: answer_to(path, body, PIECES)
    return server


@pytest.mark.parametrize("walk", WALKS.values(), ids=WALKS)
def test_policy_off_is_as_bare(answering, walk):
    bare = list(map(plain, walk(answering.client())))
    asked = [(path, body) for path, _, body in answering.requests]
    answering.requests.clear()
    guarded = guard(answering.client(), Chopmark("off"))
    assert list(map(plain, walk(guarded))) == bare
    assert [(path, body) for path, _, body in answering.requests] == asked


@pytest.mark.parametrize("walk", [chat_objects, completion_objects, response_objects])
def test_a_policy_that_only_records_changes_nothing_but_adds_the_metadata(
    answering, recording, walk
):
    bare = list(map(plain, walk(answering.client())))
    asked = [(path, headers, body) for path, headers, body in answering.requests]
    answering.requests.clear()
    guarded = list(walk(guard(answering.client(), recording)))
    assert list(map(plain, guarded)) == bare
    assert [(path, headers, body) for path, headers, body in answering.requests] == asked


def test_a_quiet_stream_is_the_same_bytes_up_to_its_last_chunk(server, chop):
    plain_text = chat_stream(["a", "b"])
    server.says(Answer(plain_text))
    client = guard(server.client(), chop)
    create = client.with_options(max_retries=0).chat.completions.with_streaming_response.create
    with create(model="m", messages=[], stream=True) as response:
        parts = list(response.iter_bytes())
    assert parts[0] == plain_text[0]
    assert parts[-1] == plain_text[-1]
    assert response.headers["content-type"] == "text/event-stream"


def test_tool_calls_are_not_touched(server, recording):
    calls = calls_stream([("look", ['{"a": ', "1}"]), ("look", ["{}"])])
    server.says(Answer(calls))

    def events(client):
        with client.chat.completions.stream(model="m", messages=[], tools=[LOOK]) as stream:
            found = [event.to_dict() for event in stream if event.type != "chunk"]
            return found, plain(stream.get_final_completion())

    assert events(guard(server.client(), recording)) == events(server.client())


def test_every_kind_of_output_item_comes_through(server, recording):
    events = reasoning_events(["think"]) + message_events(["a", "b"], 1)
    items = [reasoning_item("think"), message_item("ab")]
    server.says(Answer(response_stream(events, items)))
    walk = response_stream_objects
    bare = walk(server.client())
    assert walk(guard(server.client(), recording)) == bare


def response_stream_objects(client):
    return [plain(e) for e in client.responses.create(model="m", input="q", stream=True)]


@pytest.mark.parametrize(
    "body",
    [
        chat({"content": None, "tool_calls": [CALL]}, "tool_calls"),
        chat({"content": ""}),
        chat({"content": None}, choices=[]),
        {"unknown": {"shape": [1, 2]}},
        chat({"content": "x", "annotations": [], "audio": None, "refusal": None}),
    ],
)
def test_answers_without_text_come_through(server, chop, log, body):
    server.says(json_answer(body))
    bare = server.client().chat.completions.create(model="m", messages=[])
    guarded = guard(server.client(), chop).chat.completions.create(model="m", messages=[])
    assert plain(guarded) == plain(bare)
    assert [record.ending for record in log.records] == ["completed"]


def test_other_paths_pass_through(server, chop, log):
    server.says(json_answer({"object": "list", "data": [{"id": "FORBIDDEN", "object": "model"}]}))
    client = guard(server.client(), chop)
    assert [model.id for model in client.models.list()] == ["FORBIDDEN"]
    server.says(json_answer({"id": "r", "results": [], "model": "FORBIDDEN"}))
    assert client.moderations.create(model="m", input="FORBIDDEN").model == "FORBIDDEN"
    assert log.records == []


def test_the_response_object_keeps_what_belongs_to_it(server, recording):
    server.says(json_answer(response([message_item("x")]), headers={"x-request-id": "r-1"}))
    got = guard(server.client(), recording).responses.create(model="m", input="q")
    assert got._request_id == "r-1"
    raw = guard(server.client(), recording).responses.with_raw_response.create(model="m", input="q")
    assert raw.request_id == "r-1"
    assert raw.elapsed.total_seconds() > 0
    assert raw.http_request.url.path == "/v1/responses"
    assert int(raw.headers["content-length"]) == len(raw.content)
