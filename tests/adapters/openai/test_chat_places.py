"""Every place of a chat answer that holds text: screened, and said in no other place unscreened."""

import json

import openai
import pytest
from openai_server import Answer, json_answer
from openai_wire import (
    DONE,
    USAGE,
    calls_stream,
    chat,
    chat_stream,
    chunk,
    completion_stream,
    event,
)
from pydantic import BaseModel

from chopmark import Chopmark, Policy
from chopmark.testing import SuffixMarker, WordDetector, plugin
from chopmark_openai import OpenAIBlocked, guard

ASK = {"model": "m", "messages": []}
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a": "FORBIDDEN"}'}}
CUSTOM = {"id": "c", "type": "custom", "custom": {"name": "f", "input": "FORBIDDEN"}}
PLACES = {
    "content": {"content": "a FORBIDDEN word"},
    "refusal": {"content": None, "refusal": "a FORBIDDEN word"},
    "reasoning_content": {"content": "fine", "reasoning_content": "a FORBIDDEN word"},
    "reasoning": {"content": "fine", "reasoning": "a FORBIDDEN word"},
    "reasoning_details": {
        "content": "fine",
        "reasoning_details": [{"type": "reasoning.text", "text": "a FORBIDDEN word"}],
    },
    "tool_calls": {"content": None, "tool_calls": [CALL]},
    "custom tool": {"content": None, "tool_calls": [CUSTOM]},
    "escaped": {
        "content": None,
        "tool_calls": [{**CALL, "function": {"name": "f", "arguments": '{"a":"\\u0046ORBIDDEN"}'}}],
    },
    "function_call": {"content": None, "function_call": {"name": "f", "arguments": "FORBIDDEN"}},
    "transcript": {"content": None, "audio": {"id": "a", "transcript": "a FORBIDDEN word"}},
    "parts": {"content": [{"type": "text", "text": "a FORBIDDEN word"}]},
    "thinking": {
        "content": [{"type": "thinking", "thinking": [{"type": "text", "text": "FORBIDDEN"}]}]
    },
}


def one_delta(message):
    return [event(chunk({"role": "assistant", **message})), event(chunk({}, "stop")), DONE]


def raw_stream(client, **more):
    create = client.chat.completions.with_streaming_response.create
    got = b""
    with create(**ASK, stream=True, **more) as response:
        for part in response.iter_bytes():
            got += part
    return got


def events(body):
    return [json.loads(e[6:]) for e in body.split(b"\n\n") if e[:6] == b"data: " and e[6:7] == b"{"]


@pytest.mark.parametrize("message", PLACES.values(), ids=PLACES)
def test_a_denied_word_is_found_wherever_it_stands(server, chop, message):
    client = guard(server.client(), chop)
    server.says(json_answer(chat(message)))
    with pytest.raises(OpenAIBlocked):
        client.chat.completions.create(**ASK)
    server.says(Answer(one_delta(message)))
    got = []
    with pytest.raises(OpenAIBlocked):
        got += client.chat.completions.create(**ASK, stream=True)
    assert "FORBIDDEN" not in str(got)


@pytest.mark.parametrize("place", [name for name in PLACES if name != "escaped"])
def test_a_replaced_word_is_replaced_wherever_it_stands(server, chop, place):
    message = json.loads(json.dumps(PLACES[place]).replace("FORBIDDEN", "SECRET"))
    client = guard(server.client(), chop)
    server.says(json_answer(chat(message)))
    whole = client.chat.completions.with_raw_response.create(**ASK).text
    server.says(Answer(one_delta(message)))
    streamed = raw_stream(client).decode()
    if "tool_calls" in message or "function_call" in message:  # JSON of calls is never changed
        assert "***" not in whole + streamed
    else:
        assert "SECRET" not in whole + streamed
        assert "***" in whole
        assert "***" in streamed


@pytest.mark.parametrize("message", PLACES.values(), ids=PLACES)
def test_what_is_held_back_comes_out_where_it_belongs(server, recording, message):
    """Cut into single characters, and joined again as the SDK does, all is as it was."""
    detector = WordDetector({"x" * 30: "deny"})
    holding = Chopmark(Policy(name="t"), plugins=[plugin(detectors=[detector])])
    server.says(Answer(one_delta(message)))
    joined = {}
    for data in events(raw_stream(guard(server.client(), holding))):
        join(joined, data["choices"][0]["delta"])
    assert joined == {"role": "assistant", **message}


def join(total, delta):
    for key, value in delta.items():
        if isinstance(value, list) and key in total:
            for n, part in enumerate(value):
                join(total[key][n], {k: v for k, v in part.items() if k not in ("type", "index")})
        elif isinstance(value, dict) and key in total:
            join(total[key], value)
        elif isinstance(value, str) and isinstance(total.get(key), str):
            total[key] += value
        else:
            total[key] = value


def test_tool_calls_are_complete_when_the_next_one_begins(server):
    """The SDK's helper parses a call's arguments at that point."""
    detector = WordDetector({"x" * 50: "deny"})
    chop = Chopmark(Policy(name="t"), plugins=[plugin(detectors=[detector])])
    calls = [("f", ['{"a":', ' "1"}']), ("f", ['{"a":', ' "2"}']), ("f", ['{"a": "3"}'])]
    server.says(Answer(calls_stream(calls)))

    class F(BaseModel):
        a: str

    tool = openai.pydantic_function_tool(F, name="f")
    with guard(server.client(), chop).chat.completions.stream(**ASK, tools=[tool]) as stream:
        done = [e for e in stream if e.type == "tool_calls.function.arguments.done"]
        final = stream.get_final_completion()
    assert [e.parsed_arguments.a for e in done] == ["1", "2", "3"]
    called = final.choices[0].message.tool_calls
    assert [c.function.parsed_arguments.a for c in called] == ["1", "2", "3"]


def test_a_tool_call_with_invalid_json_passes_and_is_recorded(server, chop, log):
    broken = {**CALL, "function": {"name": "f", "arguments": '{"a": "\\u12'}}
    client = guard(server.client(), chop)
    server.says(json_answer(chat({"content": None, "tool_calls": [broken]}, "tool_calls")))
    got = client.chat.completions.create(**ASK)
    assert got.choices[0].message.tool_calls[0].function.arguments == '{"a": "\\u12'
    server.says(Answer(calls_stream([("f", ['{"a": "\\u', "12"])])))
    parts = client.chat.completions.create(**ASK, stream=True)
    said = [c.choices[0].delta.tool_calls[0] for c in parts if c.choices[0].delta.tool_calls]
    assert "".join(call.function.arguments for call in said) == '{"a": "\\u12'
    assert [record.ending for record in log.records] == ["completed"] * 2


def test_a_structured_answer_stays_json_and_says_why_it_bears_no_mark(server, marking):
    class Out(BaseModel):
        a: str

    client = guard(server.client(), marking)
    server.says(json_answer(chat({"content": '{"a": "the SECRET"}'})))
    got = client.chat.completions.parse(**ASK, response_format=Out)
    assert got.choices[0].message.parsed.a == "the ***"
    assert [m["placed"] for m in got.chopmark["marks"]] == [False]
    server.says(Answer(chat_stream(['{"a": "the SEC', 'RET"}'])))
    with client.chat.completions.stream(**ASK, response_format=Out) as stream:
        assert stream.get_final_completion().choices[0].message.parsed.a == "the ***"


def test_several_choices_are_screened_each_for_itself(server, marking, log):
    """Interleaved, and one after the other."""
    client = guard(server.client(), marking)
    two = [chat({"content": "one SECRET"})["choices"][0], chat({"content": "two"})["choices"][0]]
    two[1]["index"] = 1
    server.says(json_answer(chat({}, choices=two)))
    got = client.chat.completions.create(**ASK, n=2)
    assert [c.message.content for c in got.choices] == ["<one ***>", "<two>"]
    parts = [
        chunk({"content": "one SEC"}), chunk({"content": "two"}, index=1),
        chunk({"content": "RET"}), chunk({}, "stop", 1), chunk({}, "stop"),
    ]  # fmt: skip
    for order in (parts, [parts[0], parts[2], parts[4], parts[1], parts[3]]):
        server.says(Answer([*map(event, order), DONE]))
        said = {0: "", 1: ""}
        for c in client.chat.completions.create(**ASK, n=2, stream=True):
            said[c.choices[0].index] += c.choices[0].delta.content or ""
        assert said == {0: "<one ***>", 1: "<two>"}
    assert [len(r.marks) for r in log.records] == [4] * 3
    assert log.records[0].verdicts[0].part == 0


def tokens(text):
    return {
        "content": [{"token": c, "logprob": -0.1, "bytes": None, "top_logprobs": []} for c in text]
    }


@pytest.mark.parametrize("text", ["a FORBIDDEN word", "a SECRET word"])
def test_tokens_of_withheld_text_are_left_out(server, chop, text):
    client = guard(server.client(), chop, on_block="refuse")
    deltas = [chunk({"content": c}, logprobs=tokens(c)) for c in text]
    server.says(Answer([*map(event, deltas), event(chunk({}, "stop")), DONE]))
    got = raw_stream(client, logprobs=True)
    said = [e["choices"][0].get("logprobs") or {} for e in events(got)]
    leaked = "".join(t["token"] for s in said for t in s.get("content", ()))
    assert leaked == ""
    body = chat({"content": text})
    body["choices"][0]["logprobs"] = tokens(text)
    server.says(json_answer(body))
    assert client.chat.completions.create(**ASK, logprobs=True).choices[0].logprobs is None


def test_tokens_of_text_that_went_out_as_it_came_are_kept(server, recording):
    deltas = [chunk({"content": c}, logprobs=tokens(c)) for c in "abc"]
    server.says(Answer([*map(event, deltas), event(chunk({}, "stop")), DONE]))
    client = guard(server.client(), recording)
    got = list(client.chat.completions.create(**ASK, stream=True, logprobs=True))
    assert [t.token for c in got[:3] for t in c.choices[0].logprobs.content] == ["a", "b", "c"]


def test_a_running_total_beside_the_deltas_does_not_say_more_than_they_do(server, chop):
    text = "the SECRET is out"
    deltas = [
        chunk({"content": c}, message={"role": "assistant", "content": text[: n + 1]})
        for n, c in enumerate(text)
    ]
    server.says(Answer([*map(event, deltas), event(chunk({}, "stop")), DONE]))
    body = raw_stream(guard(server.client(), chop))
    assert b"SECRET" not in body
    joined = "".join(e["choices"][0]["delta"].get("content", "") for e in events(body))
    assert joined == "the *** is out"


def test_a_block_in_the_last_chunk_never_looks_like_a_finished_answer(server, chop):
    parts = [event(chunk({"content": "a FORBIDDEN"}, "stop")), DONE]
    server.says(Answer(parts))
    client = guard(server.client(), chop)
    seen = []
    with pytest.raises(OpenAIBlocked):
        seen.extend(client.chat.completions.create(**ASK, stream=True))
    choices = [c.choices[0] for c in seen]
    assert [(c.delta.content, c.finish_reason) for c in choices] == [("a ", None)]


def test_a_refusal_in_the_middle_of_a_stream_ends_it_as_a_content_filter_does(server, chop, log):
    server.says(Answer(chat_stream(["fine, ", "FORBIDDEN ", "more"])))
    client = guard(server.client(), chop, on_block="refuse")
    got = list(client.chat.completions.create(**ASK, stream=True))
    assert "".join(c.choices[0].delta.content or "" for c in got) == "fine, "
    assert "".join(c.choices[0].delta.refusal or "" for c in got) == chop.policy.refusal("en")
    assert [c.choices[0].finish_reason for c in got if c.choices[0].finish_reason] == [
        "content_filter"
    ]
    assert got[-1].chopmark["action"] == "block"
    assert [c.choices[0].delta.role for c in got if c.choices[0].delta.role] == ["assistant"]
    assert {c.id for c in got} == {"chatcmpl-1"}
    with client.chat.completions.stream(**ASK) as stream:
        last = list(stream)[-1]
        assert (last.type, last.refusal) == ("refusal.done", chop.policy.refusal("en"))
        with pytest.raises(openai.ContentFilterFinishReasonError):
            stream.get_final_completion()


def test_a_refused_prompt_looks_like_a_content_filter(server, chop):
    client = guard(server.client(), chop, on_block="refuse")
    messages = [{"role": "user", "content": "FORBIDDEN"}]
    got = client.chat.completions.create(model="m", messages=messages, n=2)
    assert [c.finish_reason for c in got.choices] == ["content_filter"] * 2
    assert [c.message.refusal for c in got.choices] == [chop.policy.refusal("en")] * 2
    assert (got.model, got.object, got.chopmark["action"]) == ("m", "chat.completion", "block")
    stream = client.chat.completions.create(model="m", messages=messages, stream=True)
    chunks = list(stream)
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices[0].finish_reason == "content_filter"
    got = client.completions.create(model="m", prompt="FORBIDDEN")
    assert (got.choices[0].text, got.choices[0].finish_reason) == (
        chop.policy.refusal("en"),
        "content_filter",
    )
    assert server.requests == []


def test_a_refused_answer_keeps_what_the_provider_said_of_it(server, chop):
    server.says(json_answer(chat({"content": "FORBIDDEN"})))
    got = guard(server.client(), chop, on_block="refuse").chat.completions.create(**ASK)
    assert (got.id, got.model, got.usage.total_tokens) == ("chatcmpl-1", "m-1", 8)
    assert "FORBIDDEN" not in got.to_json()


def test_legacy_completions_are_marked_and_screened(server, marking):
    client = guard(server.client(), marking)
    server.says(Answer(completion_stream(["one SEC", "RET", "."])))
    got = list(client.completions.create(model="m", prompt="q", stream=True))
    assert "".join(c.choices[0].text for c in got) == "<one ***.>"
    assert got[-1].chopmark["action"] == "modify"


def test_usage_comes_last_and_carries_the_metadata(server, marking):
    server.says(Answer(chat_stream(["one"], usage=True)))
    client = guard(server.client(), marking)
    options = {"include_usage": True}
    got = list(client.chat.completions.create(**ASK, stream=True, stream_options=options))
    assert got[-1].choices == []
    assert got[-1].usage.total_tokens == USAGE["total_tokens"]
    assert got[-1].chopmark["action"] == "allow"


def test_lone_surrogates_and_nulls_come_through(server):
    mark = plugin(markers=[SuffixMarker("<", ">")])
    client = guard(server.client(), Chopmark(Policy(name="t"), plugins=[mark]))
    server.says(json_answer(chat({"content": "a\ud800b\x00"})))
    raw = client.chat.completions.with_raw_response.create(**ASK)
    assert json.loads(raw.content)["choices"][0]["message"]["content"] == "<a\ud800b\x00>"
