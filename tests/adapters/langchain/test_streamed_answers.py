"""An answer in chunks: its channels keep their order, and tool calls come in step."""

import json
import re

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_given import Given, answer, streamed, tool_chunks, until_blocked
from langchain_models import ChatScript

from chopmark import Chopmark, Needs, Policy
from chopmark.testing import WordDetector, plugin
from chopmark_langchain import LangChainBlocked, guard


@pytest.mark.parametrize("twin", [False, True])
@pytest.mark.parametrize("size", [1, 3, 50])
def test_the_arguments_of_a_call_come_whole_and_in_step(chop, size, twin):
    args = json.dumps({"to": "somebody", "body": "a longer text, 你好"}, ensure_ascii=False)
    got, whole = streamed(list(tool_chunks(args, size, twin=twin)), chop)
    assert whole.tool_calls[0]["args"] == json.loads(args)
    assert whole.tool_calls[0]["name"] == "send"
    if twin:
        assert "".join(b["arguments"] for c in got for b in c.content) == args


@pytest.mark.parametrize("twin", [False, True])
@pytest.mark.parametrize("size", [1, 4, 50])
def test_denied_arguments_are_not_delivered(chop, size, twin):
    args = json.dumps({"a": "fine", "b": "FORBIDDEN"})
    assert not re.search("F.*ORB|FO|ORB", until_blocked(tool_chunks(args, size, twin=twin), chop))


@pytest.mark.parametrize("size", [1, 3, 50])
def test_a_call_with_invalid_json_passes_and_is_recorded(chop, log, size):
    broken = '{"a": "\\u12'
    bare = list(tool_chunks(broken, size, twin=False))
    got, whole = streamed(bare, chop)
    assert "".join(c["args"] for chunk in got for c in chunk.tool_call_chunks) == broken
    parsed = AIMessageChunk("").__add__(bare)  # as LangChain reads it where nothing is guarded
    assert whole.tool_calls == parsed.tool_calls
    assert whole.invalid_tool_calls == parsed.invalid_tool_calls
    given = AIMessage(
        "", invalid_tool_calls=[{"name": "send", "args": broken, "id": "c", "error": ""}]
    )
    assert answer(given, chop).invalid_tool_calls == given.invalid_tool_calls
    assert [record.ending for record in log.records] == ["completed"] * 2


@pytest.mark.parametrize("size", [1, 4, 50])
def test_denied_arguments_are_not_delivered_where_they_are_no_json(chop, size):
    for broken in ('{"a": "FORBIDDEN', '"a": FORBIDDEN}', '{"a": "FORBIDDEN\\u12'):
        said = until_blocked(tool_chunks(broken, size, twin=False), chop)
        assert not re.search("F.*ORB|FO|ORB", said)


def test_escapes_do_not_hide_a_word_in_arguments(chop):
    args = json.dumps({"a": "FORBIDDEN"}).replace("O", "\\u004f")
    with pytest.raises(LangChainBlocked):
        streamed(list(tool_chunks(args, 3, twin=False)), chop)


def test_reasoning_and_prose_are_channels_of_their_own(marking):
    chunks = [
        AIMessageChunk([{"type": "reasoning", "reasoning": part, "index": 0}])
        for part in ("let me ", "think of SEC", "RET")
    ] + [
        AIMessageChunk([{"type": "text", "text": part, "index": 1}])
        for part in ("so ", "be ", "it")
    ]
    _, whole = streamed(chunks, marking)
    assert [b.get("reasoning") or b.get("text") for b in whole.content] == [
        "let me think of ***",
        "<so be it>",
    ]


@pytest.mark.parametrize("blocks", [True, False])
def test_held_reasoning_comes_before_the_prose(chop, blocks):
    if blocks:
        thought = [[{"type": "reasoning", "reasoning": p, "index": 0}] for p in ("hm SEC", "RE")]
        said = [[{"type": "text", "text": p, "index": 1}] for p in ("so ", "be it")]
        chunks = [AIMessageChunk(content) for content in (*thought, *said)]
    else:
        chunks = [
            AIMessageChunk("", additional_kwargs={"reasoning_content": p}) for p in ("hm SEC", "RE")
        ] + [AIMessageChunk(p) for p in ("so ", "be it")]
    got, whole = streamed(chunks, chop)
    first = next(n for n, chunk in enumerate(got) if chunk.text)
    before = got[0]
    for chunk in got[1:first]:
        before += chunk
    thought = before.content[0] if blocks else before.additional_kwargs
    assert thought["reasoning" if blocks else "reasoning_content"] == "hm SECRE"
    assert whole.text == "so be it"


def test_a_mark_stands_once_around_prose_in_several_blocks(marking):
    blocks = [{"type": "text", "text": "one "}, {"type": "text", "text": "two"}]
    assert answer(AIMessage(blocks), marking).text == "<one two>"
    chunks = [AIMessageChunk([{**block, "index": n}]) for n, block in enumerate(blocks)]
    got, whole = streamed(chunks, marking)
    assert whole.text == "<one two>"
    assert len([c for c in got if "chopmark" in c.response_metadata]) == 1


def test_an_answer_that_is_only_a_call_gets_no_mark(marking):
    call = {"name": "send", "args": {"a": 1}, "id": "c"}
    said = answer(AIMessage("", tool_calls=[call]), marking)
    assert (said.text, said.tool_calls[0]["args"]) == ("", {"a": 1})
    _, whole = streamed(list(tool_chunks('{"a": 1}', 2, twin=False)), marking)
    assert (whole.text, whole.tool_calls[0]["args"]) == ("", {"a": 1})


@pytest.mark.parametrize("cut", [1, 2, 7])
def test_text_that_comes_behind_a_quoted_block_is_all_there(chop, cut):
    text = "after the search result"
    chunks = [AIMessageChunk([{"type": "server_tool_result", "output": "a hit", "index": 0}])]
    chunks += [
        AIMessageChunk([{"type": "text", "text": text[n : n + cut], "index": 1}])
        for n in range(0, len(text), cut)
    ]
    _, whole = streamed(chunks, chop)
    assert whole.text == text
    assert whole.content[0]["output"] == "a hit"


def test_token_counts_of_a_stream_are_added_up(chop, log):
    def usage(read, said):
        return {"input_tokens": read, "output_tokens": said, "total_tokens": read + said}

    chunks = [
        AIMessageChunk("a", usage_metadata=usage(5, 1)),
        AIMessageChunk("b", usage_metadata=usage(0, 2)),
    ]
    streamed(chunks, chop)
    assert (log.records[0].usage.input_tokens, log.records[0].usage.output_tokens) == (5, 3)


@pytest.mark.parametrize("marks_last", [True, False])
def test_a_refusal_at_the_end_keeps_the_metadata_in_one_piece(log, marks_last):
    words = WordDetector({"FORBIDDEN": "deny"}, needs=Needs.whole())
    chop = Chopmark(Policy(name="whole"), plugins=[plugin(detectors=[words], log=log)])
    model = ChatScript(pieces=["FORB", "IDDEN"], marks_last=marks_last)
    chunks = list(guard(model, chop, on_block="refuse").stream("hi"))
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    assert whole.text == chop.policy.refusal("en")
    assert whole.response_metadata["finish_reason"] == "stop", "what the model said is out already"
    assert whole.response_metadata["chopmark"]["action"] == "block"


def test_a_stream_without_a_chunk_fails_as_it_does_bare(chop):
    for model in (Given(), guard(Given(), chop)):
        with pytest.raises(ValueError, match="No generation chunks"):
            list(model.stream("hi"))
