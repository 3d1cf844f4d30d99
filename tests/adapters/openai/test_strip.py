"""Marks of ours never go back to the model: messages, tools' arguments and outputs, prompts."""

import json

import pytest
from openai_server import MODULE, json_answer
from openai_wire import chat, completion, message_item, response

from chopmark import Chopmark, Policy
from chopmark.testing import MemoryLog, SuffixMarker, WordDetector, plugin
from chopmark_openai import guard, transport

HIDDEN = "\u2062\u2063"
MARKED = f"<a SECRET>{HIDDEN}"


@pytest.fixture
def log():
    return MemoryLog()


@pytest.fixture
def chop(log):
    hidden = SuffixMarker("", HIDDEN, kind="manifest", strips=True)
    markers = [SuffixMarker("<", ">", strips=True), hidden]
    brought = plugin(detectors=[WordDetector({"SECRET": "modify"})], markers=markers, log=log)
    return Chopmark(Policy(name="strips"), plugins=[brought])


def body(server):
    return server.requests[-1][2]


def test_messages_are_sent_without_marks(server, chop, log):
    server.says(json_answer(chat({"content": "fine"})))
    roles = ("system", "user", "assistant", "tool")
    asked = [{"role": role, "content": MARKED} for role in roles]
    parts = {"role": "assistant", "content": [{"type": "text", "text": MARKED}]}
    guard(server.client(), chop).chat.completions.create(model="m", messages=[*asked, parts])
    sent = body(server)["messages"]
    assert [m["content"] for m in sent[:4]] == ["<a SECRET>", "<a ***>", "a SECRET", "a ***"]
    assert sent[4]["content"][0]["text"] == "a SECRET"
    assert {message["content"] for message in asked} == {MARKED}
    spans = [(v.start, v.end) for v in log.records[0].verdicts]
    assert [MARKED[start:end] for start, end in spans] == ["SECRET"] * 2


def test_an_answer_can_be_given_back_as_it_came(server, chop):
    server.says(json_answer(chat({"content": "fine"})))
    client = guard(server.client(), chop)
    first = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "q"}])
    message = first.choices[0].message
    assert message.content == f"<fine>{HIDDEN}"
    client.chat.completions.create(model="m", messages=[message])
    assert body(server)["messages"][0]["content"] == "fine"


def test_so_is_the_input_of_a_response(server, chop):
    server.says(json_answer(response([message_item("fine")])))
    client = guard(server.client(), chop)
    first = client.responses.create(model="m", input=f"q{HIDDEN}", instructions=f"be{HIDDEN}")
    assert (body(server)["input"], body(server)["instructions"]) == ("q", "be")
    output = {"type": "function_call_output", "call_id": "c", "output": f"<two>{HIDDEN}"}
    client.responses.create(model="m", input=[*first.output, output])
    sent = body(server)["input"]
    assert sent[0]["content"][0]["text"] == "fine"
    assert sent[1]["output"] == "two"


async def test_so_is_a_prompt_of_the_async_client(server, chop):
    server.says(json_answer(completion("fine")))
    await guard(server.aclient(), chop).completions.create(model="m", prompt=f"q{HIDDEN}")
    assert body(server)["prompt"] == "q"


MARKED_CALL = '{"<k>" : "<a\\n>\\u2062\\u2063",  "n":[1.50, "<b>"], "c": "c"}'
BARE_CALL = '{"<k>" : "a\\n",  "n":[1.50, "b"], "c": "c"}'


def test_arguments_of_earlier_tool_calls_are_sent_without_marks(server, chop, log):
    server.says(json_answer(chat({"content": "fine"})))
    plain = '{"a" :  "\\u0062"}'
    calls = [
        {"id": "<1>", "type": "function", "function": {"name": "<f>", "arguments": arguments}}
        for arguments in (MARKED_CALL, plain, "<broken")
    ]
    calls.append({"id": "4", "type": "custom", "custom": {"name": "g", "input": f"<x>{HIDDEN}"}})
    legacy = {"name": "f", "arguments": MARKED_CALL}
    asked = [
        {"role": "user", "content": "<q>"},
        {"role": "assistant", "content": f"<a>{HIDDEN}", "tool_calls": calls},
        {"role": "assistant", "content": None, "function_call": legacy},
    ]
    before = json.dumps(asked)
    guard(server.client(), chop).chat.completions.create(model="m", messages=asked)
    user, called, older = body(server)["messages"]
    functions = [call["function"] for call in called["tool_calls"][:3]]
    assert [f["arguments"] for f in functions] == [BARE_CALL, plain, "broken"]
    assert (functions[0]["name"], called["tool_calls"][0]["id"]) == ("<f>", "<1>")
    assert called["tool_calls"][3]["custom"] == {"name": "g", "input": "x"}
    assert (user["content"], called["content"]) == ("<q>", "a")
    assert older["function_call"] == {"name": "f", "arguments": BARE_CALL}
    assert json.dumps(asked) == before


def test_so_are_those_of_a_response(server, chop):
    server.says(json_answer(response([message_item("fine")])))
    call = {"type": "function_call", "call_id": "c", "name": "<f>", "arguments": MARKED_CALL}
    free = {"type": "custom_tool_call", "call_id": "d", "name": "g", "input": f"<x>{HIDDEN}"}
    patch = {"type": "apply_patch_call", "call_id": "e", "operation": {"diff": "<+a>", "n": 1}}
    guard(server.client(), chop).responses.create(model="m", input=[call, free, patch])
    assert body(server)["input"] == [
        {**call, "arguments": BARE_CALL},
        {**free, "input": "x"},
        {**patch, "operation": {"diff": "+a", "n": 1}},
    ]


EMBEDDING = {
    "object": "list",
    "model": "m",
    "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}],
    "usage": {"prompt_tokens": 1, "total_tokens": 1},
}


async def test_texts_are_embedded_without_marks(server, chop):
    server.says(json_answer(EMBEDDING))
    marked = [f"<a>{HIDDEN}", "b"]
    client = guard(server.client(), chop)
    http = MODULE.Client(transport=transport(chop, MODULE.HTTPTransport(verify=False)))
    below = server.client(http_client=http)
    for asked, sent in ((marked, ["a", "b"]), (marked[0], "a"), ("b", "b"), ([1, 2], [1, 2])):
        for embeddings in (client.embeddings, below.embeddings):
            made = embeddings.create(model="m", input=asked, encoding_format="float")
            assert made.data[0].embedding == [0.5]
            assert body(server)["input"] == sent
        await guard(server.aclient(), chop).embeddings.create(model="m", input=asked)
        assert body(server)["input"] == sent
    assert marked == [f"<a>{HIDDEN}", "b"]


def test_a_body_without_marks_is_sent_byte_for_byte(server, chop):
    server.says(json_answer(chat({"content": "fine"})))
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"a" :1.0 }'}}
    asked = [{"role": "user", "content": "q"}, {"role": "assistant", "tool_calls": [call]}]
    sent = []
    for client in (server.client(), guard(server.client(), chop)):
        client.chat.completions.create(model="m", messages=asked)
        sent.append(server.requests[-1][2])
    assert sent[0] == sent[1]
