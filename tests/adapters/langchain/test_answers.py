"""Every place of an answer that holds text is judged, and every copy of a text is replaced."""

import json
import re

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langchain_models import AsyncChatScript, ChatScript, Given, answer, streamed

from chopmark import Chopmark, Needs, Policy
from chopmark.testing import SuffixMarker, WordDetector, plugin
from chopmark_langchain import LangChainBlocked, guard


def until_blocked(chunks, chop):
    """What a stream delivered, as JSON, until the policy ended it."""
    delivered = []
    try:
        for chunk in guard(Given(chunks=list(chunks)), chop).stream("hi"):
            delivered.append(chunk.model_dump_json())  # noqa: PERF401  an error follows
    except LangChainBlocked:
        return "".join(delivered)
    raise AssertionError("it was not blocked")


def message(word):
    """A message for each place where a word can stand."""
    call = {"name": "send", "args": {"to": [word]}, "id": "c"}
    return {
        "text": AIMessage(f"so {word} ."),
        "text-block": AIMessage([{"type": "text", "text": f"so {word} ."}]),
        "string-block": AIMessage([f"so {word} ."]),
        "second-block": AIMessage([{"type": "text", "text": "a "}, {"type": "text", "text": word}]),
        "across-blocks": AIMessage(
            [{"type": "text", "text": word[:3]}, {"type": "text", "text": word[3:]}]
        ),
        "refusal": AIMessage([{"type": "refusal", "refusal": word}]),
        "reasoning": AIMessage([{"type": "reasoning", "reasoning": word}]),
        "summary": AIMessage([{"type": "reasoning", "summary": [{"type": "s", "text": word}]}]),
        "thinking": AIMessage([{"type": "thinking", "thinking": word, "signature": "x"}]),
        "bedrock": AIMessage([{"type": "reasoning_content", "reasoning_content": {"text": word}}]),
        "citation": AIMessage(
            [{"type": "text", "text": "a", "annotations": [{"cited_text": word, "url": "u"}]}]
        ),
        "search": AIMessage([{"type": "server_tool_result", "output": {"hits": [word]}}]),
        "foreign": AIMessage([{"type": "non_standard", "value": {"said": word}}]),
        "tool-call": AIMessage("", tool_calls=[call]),
        "invalid-call": AIMessage(
            "", invalid_tool_calls=[{"name": "x", "args": word, "id": "c", "error": ""}]
        ),
        "call-block": AIMessage([{"type": "tool_use", "input": {"x": word}, "id": "c"}]),
        "reasoning-kwarg": AIMessage("a", additional_kwargs={"reasoning_content": word}),
        "refusal-kwarg": AIMessage("", additional_kwargs={"refusal": word}),
        "function-kwarg": AIMessage(
            "", additional_kwargs={"function_call": {"name": "f", "arguments": word}}
        ),
        "parsed": AIMessage("{}", additional_kwargs={"parsed": {"a": word}}),
    }


@pytest.mark.parametrize("place", message(""))
def test_what_is_denied_is_found_wherever_it_stands(chop, place):
    with pytest.raises(LangChainBlocked):
        answer(message("FORBIDDEN")[place], chop)


@pytest.mark.parametrize("place", message(""))
def test_what_is_denied_is_found_in_the_chunk_of_a_stream(chop, place):
    fields = message("FORBIDDEN")[place].model_dump(exclude={"type"})
    assert "FORBIDDEN" not in until_blocked([AIMessageChunk(**fields)], chop)


UNCHANGEABLE = ("tool-call", "invalid-call", "call-block", "function-kwarg")


@pytest.mark.parametrize("place", sorted(set(message("")) - set(UNCHANGEABLE)))
def test_what_is_replaced_is_replaced_wherever_it_stands(chop, place):
    given = message("SECRET")[place]
    before = given.model_dump_json()
    said = answer(given, chop).model_dump_json()
    assert "***" in said
    assert "SECRET" not in said
    assert given.model_dump_json() == before, "the model's own message was changed"


@pytest.mark.parametrize("place", sorted(set(message("")) - set(UNCHANGEABLE)))
def test_what_is_replaced_is_replaced_in_a_stream(chop, place):
    fields = message("SECRET")[place].model_dump(exclude={"type"})
    got, _ = streamed([AIMessageChunk(**fields)], chop)
    said = "".join(chunk.model_dump_json() for chunk in got)
    assert "***" in said
    assert "SECRET" not in said


@pytest.mark.parametrize("place", UNCHANGEABLE)
def test_tool_calls_are_never_changed(chop, place):
    given = message("SECRET")[place]
    said = answer(given, chop)
    assert said.content == given.content
    assert said.tool_calls == given.tool_calls
    assert [v["outcome"] for v in said.response_metadata["chopmark"]["verdicts"]] == ["warn"]


def test_a_border_between_blocks_stays_where_it_was(chop):
    blocks = [
        {"type": "text", "text": "The SECRET first part. ", "citations": []},
        {"type": "text", "text": "A second part.", "annotations": [{"type": "citation"}]},
    ]
    said = answer(AIMessage(blocks), chop)
    assert [b["text"] for b in said.content] == ["The *** first part. ", "A second part."]


def test_log_probabilities_go_where_the_text_changed(chop):
    info = {"logprobs": {"content": [{"token": "SECRET"}]}, "finish_reason": "stop"}
    for text, kept in (("SECRET", False), ("plain", True)):
        for given in (
            answer(AIMessage(text), chop, info=info),
            answer(AIMessage(text, response_metadata=info), chop),
        ):
            assert ("logprobs" in given.response_metadata) is kept
            assert given.response_metadata["finish_reason"] == "stop"
    got, _ = streamed([AIMessageChunk("SECRET"), AIMessageChunk(" x")], chop, info=info)
    assert all("logprobs" not in c.response_metadata for c in got)


def test_every_answer_of_several_is_judged_and_labelled(log):
    words = WordDetector({"FORBIDDEN": "deny", "SECRET": "modify"})
    brought = plugin(detectors=[words], markers=[SuffixMarker("<", ">")], log=log)
    chop = Chopmark(Policy(name="several"), plugins=[brought])
    model = guard(Given(message=AIMessage("one SECRET"), more=[AIMessage("two")]), chop)
    (answers,) = model.generate([[HumanMessage("hi")]]).generations
    assert [g.text for g in answers] == ["<one ***>", "<two>"]
    assert all("chopmark" in g.message.response_metadata for g in answers)
    with pytest.raises(LangChainBlocked):
        answer(AIMessage("fine"), chop, more=[AIMessage("FORBIDDEN")])


# Streams.


def tool_chunks(args, size, *, twin):
    for n in range(0, len(args), size):
        part = args[n : n + size]
        first = {"name": "send", "id": "c"} if n == 0 else {"name": None, "id": None}
        content = [{"type": "function_call", "arguments": part, "index": 0}] if twin else ""
        yield AIMessageChunk(content, tool_call_chunks=[{**first, "args": part, "index": 0}])


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


@pytest.mark.parametrize("model_class", [ChatScript, AsyncChatScript])
def test_a_refusal_is_an_answer_with_the_usual_signs(chop, model_class):
    model = guard(model_class(), chop, on_block="refuse")
    said = model.invoke("FORBIDDEN")
    assert said.text == chop.policy.refusal("en")
    assert said.response_metadata["finish_reason"] == "content_filter"
    assert said.response_metadata["chopmark"]["action"] == "block"
    assert said.additional_kwargs["refusal"] == said.text
    (chunk,) = model.stream("FORBIDDEN")
    assert (chunk.text, chunk.chunk_position) == (said.text, "last")


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


def test_what_the_caller_is_told_of_a_call(chop):
    told = []
    model = guard(ChatScript(), chop, on_response=told.append)
    model.invoke("hi")
    with pytest.raises(LangChainBlocked):
        model.invoke("FORBIDDEN")
    assert [r.action for r in told] == ["allow", "block"]
