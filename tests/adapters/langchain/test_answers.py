"""Every place of an answer that holds text is judged, and every copy of a text is replaced."""

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langchain_given import Given, answer, streamed, until_blocked
from langchain_models import AsyncChatScript, ChatScript

from chopmark import Chopmark, Policy
from chopmark.testing import SuffixMarker, WordDetector, plugin
from chopmark_langchain import LangChainBlocked, guard


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
    own = AIMessageChunk("SECRET", response_metadata={"logprobs": info["logprobs"]})
    got, _ = streamed([own, AIMessageChunk(" x")], chop)
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


def test_what_the_caller_is_told_of_a_call(chop):
    told = []
    model = guard(ChatScript(), chop, on_response=told.append)
    model.invoke("hi")
    with pytest.raises(LangChainBlocked):
        model.invoke("FORBIDDEN")
    assert [r.action for r in told] == ["allow", "block"]
