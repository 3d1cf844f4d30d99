"""What is sent: every text of a request is screened, and nothing of the caller's is changed."""

import copy
import json
from dataclasses import replace

import openai
import pytest
from openai_server import json_answer
from openai_wire import chat, completion, message_item, response

from chopmark import Chopmark, Policy, RequestError
from chopmark.testing import MemoryLog, WordDetector, plugin
from chopmark_openai import OpenAIBlocked, OpenAIRequestError, guard

TEXT = {"type": "text", "text": "the SECRET"}
CHATS = {
    "string": [{"role": "user", "content": "the SECRET"}],
    "parts": [
        {"role": "user", "content": [TEXT, {"type": "image_url", "image_url": {"url": "x"}}]}
    ],
    "second": [{"role": "user", "content": "a"}, {"role": "user", "content": "the SECRET"}],
    "tool": [{"role": "tool", "tool_call_id": "c", "content": "the SECRET"}],
    "tool parts": [{"role": "tool", "tool_call_id": "c", "content": [TEXT]}],
    "function": [{"role": "function", "name": "f", "content": "the SECRET"}],
}
INPUTS = {
    "string": "the SECRET",
    "message": [{"role": "user", "content": "the SECRET"}],
    "typed": [{"type": "message", "role": "user", "content": [{**TEXT, "type": "input_text"}]}],
    "call": [{"type": "function_call_output", "call_id": "c", "output": "the SECRET"}],
    "call parts": [
        {
            "type": "function_call_output",
            "call_id": "c",
            "output": [{**TEXT, "type": "input_text"}],
        }
    ],
    "custom": [{"type": "custom_tool_call_output", "call_id": "c", "output": "the SECRET"}],
    "shell": [
        {
            "type": "shell_call_output",
            "call_id": "c",
            "output": [{"stdout": "the SECRET", "stderr": "", "outcome": {"type": "exit"}}],
        }
    ],
    "mcp": [
        {"type": "mcp_call", "id": "i", "name": "f", "arguments": "{}", "output": "the SECRET"}
    ],
}


def denying(body):
    return json.loads(json.dumps(body).replace("SECRET", "FORBIDDEN"))


def replaced(body):
    return json.loads(json.dumps(body).replace("SECRET", "***"))


@pytest.mark.parametrize("messages", CHATS.values(), ids=CHATS)
def test_every_text_of_a_chat_request_is_screened(server, chop, messages):
    server.says(json_answer(chat({"content": "fine"})))
    client = guard(server.client(), chop)
    kept = copy.deepcopy(messages)
    client.chat.completions.create(model="m", messages=messages)
    assert messages == kept
    assert server.requests.pop()[2] == {"model": "m", "messages": replaced(messages)}
    with pytest.raises(OpenAIBlocked):
        client.chat.completions.create(model="m", messages=denying(messages))
    assert server.requests == []


@pytest.mark.parametrize("given", INPUTS.values(), ids=INPUTS)
def test_every_text_of_a_responses_request_is_screened(server, chop, given):
    server.says(json_answer(response([message_item("fine")])))
    client = guard(server.client(), chop)
    kept = copy.deepcopy(given)
    client.responses.create(model="m", input=given)
    assert given == kept
    assert server.requests.pop()[2] == {"model": "m", "input": replaced(given)}
    with pytest.raises(OpenAIBlocked):
        client.responses.create(model="m", input=denying(given))
    assert server.requests == []


@pytest.mark.parametrize("prompt", ["the SECRET", ["fine", "the SECRET"]])
def test_every_prompt_of_a_completion_is_screened(server, chop, prompt):
    server.says(json_answer(completion("fine")))
    guard(server.client(), chop).completions.create(model="m", prompt=prompt, suffix="SECRET")
    asked = {"model": "m", "prompt": replaced(prompt), "suffix": "***"}
    assert server.requests.pop()[2] == asked


def test_instructions_are_the_systems_and_variables_are_the_users(server, chop):
    server.says(json_answer(response([message_item("fine")])))
    client = guard(server.client(), chop)
    variables = {"name": "the SECRET", "file": {"type": "input_text", "text": "SECRET"}, "n": "x"}
    client.responses.create(
        model="m", instructions="SECRET", prompt={"id": "p", "variables": variables}
    )
    sent = server.requests.pop()[2]
    assert sent["instructions"] == "SECRET"
    assert sent["prompt"]["variables"] == replaced(variables)


def test_system_prompts_and_earlier_answers_are_not_the_users_text(server, chop):
    server.says(json_answer(chat({"content": "fine"})))
    messages = [
        {"role": "system", "content": "SECRET"},
        {"role": "developer", "content": "SECRET"},
        {"role": "assistant", "content": "SECRET"},
        {"role": "user", "content": "fine"},
    ]
    guard(server.client(), chop).chat.completions.create(model="m", messages=messages)
    assert server.requests.pop()[2]["messages"] == messages


def test_a_policy_may_screen_system_prompts_too(server, log):
    words = WordDetector({"FORBIDDEN": "deny"})
    policy = Policy(name="t", roles=("system",))
    client = guard(server.client(), Chopmark(policy, plugins=[plugin(detectors=[words], log=log)]))
    with pytest.raises(OpenAIBlocked):
        client.responses.create(model="m", instructions="FORBIDDEN", input="q")


def test_a_body_given_besides_the_sdks_own_arguments_is_screened(server, chop):
    server.says(json_answer(chat({"content": "fine"})))
    client = guard(server.client(), chop)
    extra = {"messages": [{"role": "user", "content": "the SECRET"}]}
    client.chat.completions.create(model="m", messages=[], extra_body=extra)
    assert server.requests.pop()[2]["messages"][0]["content"] == "the ***"
    assert extra["messages"][0]["content"] == "the SECRET"
    body = {"model": "m", "messages": [{"role": "user", "content": "the SECRET"}]}
    client.post("/chat/completions", cast_to=object, body=body)
    assert server.requests.pop()[2]["messages"][0]["content"] == "the ***"
    content = b'{"model": "m", "messages": [{"role": "user", "content": "the SECRET"}]}'
    client.post("/chat/completions", cast_to=object, content=content)
    assert server.requests.pop()[2]["messages"][0]["content"] == "the ***"


def test_messages_that_are_the_sdks_own_objects_are_screened(server, chop):
    server.says(json_answer(chat({"content": "fine"})))
    client = guard(server.client(), chop)
    answer = client.chat.completions.create(model="m", messages=[]).choices[0].message
    messages = [answer, {"role": "user", "content": "SECRET"}]
    for body in ({"messages": messages}, {"messages": [], "extra_body": {"messages": messages}}):
        client.chat.completions.create(model="m", **body)
        sent = server.requests.pop()[2]["messages"]
        assert [m["content"] for m in sent] == ["fine", "***"]
        assert "chopmark" not in str(sent)


def test_a_request_that_nothing_changes_is_sent_as_it_was(server, chop):
    server.says(json_answer(chat({"content": "fine"})))
    ask = {
        "model": "m", "messages": [{"role": "user", "content": "é \U0001f600"}], "temperature": 0.1,
        "metadata": {"a": "b"}, "tools": [], "extra_headers": {"x-mine": "1"},
        "extra_query": {"v": "2"},
    }  # fmt: skip
    server.client().chat.completions.create(**ask)
    guard(server.client(), chop).chat.completions.create(**ask)
    assert server.requests[0] == server.requests[1]


@pytest.mark.parametrize("prompt", [[1, 2, 3], [[1, 2], [3]], ["text", [1, 2]]])
def test_a_prompt_of_tokens_cannot_be_screened_and_is_refused(server, chop, prompt):
    with pytest.raises(OpenAIRequestError, match="token ids") as caught:
        guard(server.client(), chop).completions.create(model="m", prompt=prompt)
    assert isinstance(caught.value, RequestError)
    assert server.requests == []


def test_a_prompt_of_tokens_may_be_sent_where_nothing_screens(server, recording, log):
    server.says(json_answer(completion("fine")))
    guard(server.client(), recording).completions.create(model="m", prompt=[1, 2])
    assert [record.ending for record in log.records] == ["completed"]


@pytest.mark.parametrize("content", [b"no json FORBIDDEN", b'["a list"]', b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(server, chop, content):
    with pytest.raises(OpenAIRequestError, match="no JSON object"):
        guard(server.client(), chop).post("/responses", cast_to=object, content=content)
    assert server.requests == []


def test_the_record_says_what_was_asked(server, log):
    seen = []

    def wrapper(request):
        seen.append(request)
        return (yield request)

    chop = Chopmark(Policy(name="t"), plugins=[plugin(wrappers=[wrapper], log=log)])
    client = guard(server.client(), chop)
    server.says(json_answer(chat({"content": "fine"})))
    client.chat.completions.create(
        model="m", messages=[{"role": "user", "content": "q"}], safety_identifier="u-1"
    )
    schema = {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}}
    client.chat.completions.create(model="m", messages=[], user="u-2", response_format=schema)
    client.chat.completions.create(model="m", messages=[], extra_body={"guided_json": {"a": 1}})
    server.says(json_answer(response([])))
    client.responses.create(model="m", input="q", text={"format": {"type": "json_object"}})
    client.responses.create(model="m", input="q", text={"format": {"type": "text"}})
    assert [(r.model, r.adapter) for r in seen] == [("m", "openai")] * 5
    assert [r.user for r in seen] == ["u-1", "u-2", "", "", ""]
    assert [r.structured for r in seen] == [False, True, True, True, False]
    assert [(m.role, m.text) for m in seen[0].messages] == [("user", "q")]


def test_a_wrapper_that_adds_a_message_is_told_so(server):
    def wrapper(request):
        return (yield replace(request, messages=()))

    chop = Chopmark(Policy(name="t"), plugins=[plugin(wrappers=[wrapper], log=MemoryLog())])
    with pytest.raises(openai.OpenAIError, match="not their number"):
        guard(server.client(), chop).responses.create(model="m", input="q")
    assert server.requests == []
