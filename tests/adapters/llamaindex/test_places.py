"""Wherever an integration puts a text of an answer, it is screened there."""

import json

import pytest
from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    CitationBlock,
    CompletionResponse,
    LogProb,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
)
from llama_index.core.llms.callbacks import llm_completion_callback
from llamaindex_models import Chatting, Completing, calls, said, walk
from openai.types.chat.chat_completion_message_function_tool_call import (
    ChatCompletionMessageFunctionToolCall as Call,
)

from chopmark import Chopmark, Needs, Policy
from chopmark.testing import SuffixMarker, WordDetector, plugin
from chopmark_llamaindex import LlamaIndexBlocked, guard

ASKED = [ChatMessage("q")]


def answer(*blocks, kwargs=None, **fields):
    message = ChatMessage(role="assistant", blocks=list(blocks), additional_kwargs=kwargs or {})
    return [ChatResponse(message=message, **fields)]


def openai_call(arguments):
    return Call(id="c1", type="function", function={"name": "f", "arguments": arguments})


def quoting(text):
    return CitationBlock(
        cited_content=TextBlock(text=text), source="s", title="t", additional_location_info={}
    )


def one(llm):
    yield llm.chat(ASKED)


def dumped(value):
    return json.dumps(value.model_dump(), ensure_ascii=False, default=repr)


DENIED_PLACES = {
    "a text block": answer(TextBlock(text="so FORBIDDEN")),
    "the second text block": answer(TextBlock(text="fine"), TextBlock(text="FORBIDDEN")),
    "a word over two blocks": answer(TextBlock(text="FORB"), TextBlock(text="IDDEN")),
    "a thinking block": answer(ThinkingBlock(content="FORBIDDEN"), TextBlock(text="fine")),
    "a citation": answer(TextBlock(text="as they say:"), quoting("FORBIDDEN")),
    "a tool call's dict": answer(ToolCallBlock(tool_name="f", tool_kwargs={"x": ["FORBIDDEN"]})),
    "a tool call's text": answer(ToolCallBlock(tool_name="f", tool_kwargs='{"x": "FORBIDDEN"}')),
    "an escaped tool call": answer(
        ToolCallBlock(tool_name="f", tool_kwargs='{"x": "\\u0046ORBIDDEN"}')
    ),
    "a provider's call": answer(kwargs={"tool_calls": [openai_call('{"x": "FORBIDDEN"}')]}),
    "a call as a dict": answer(
        kwargs={"tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "FORBIDDEN"}}]}
    ),
    "a call with input": answer(
        kwargs={"tool_calls": [{"name": "f", "input": {"x": "FORBIDDEN"}}]}
    ),
    "a function call": answer(kwargs={"function_call": {"name": "f", "arguments": "FORBIDDEN"}}),
    "two calls of one id": answer(
        ToolCallBlock(tool_call_id="1", tool_name="f", tool_kwargs='{"x": "FORBIDDEN"}'),
        ToolCallBlock(tool_call_id="1", tool_name="f", tool_kwargs='{"x": "fine"}'),
    ),
    "another call than the block": answer(
        ToolCallBlock(tool_call_id="c1", tool_name="f", tool_kwargs="{}"),
        kwargs={"tool_calls": [openai_call('{"x": "FORBIDDEN"}')]},
    ),
    "reasoning outside": answer(TextBlock(text="fine"), kwargs={"reasoning_content": "FORBIDDEN"}),
    "a refusal outside": answer(TextBlock(text="fine"), additional_kwargs={"refusal": "FORBIDDEN"}),
    "a delta without a text": answer(delta="FORBIDDEN"),
    "a thinking delta alone": answer(
        TextBlock(text="fine"), additional_kwargs={"thinking_delta": "FORBIDDEN"}
    ),
}


@pytest.mark.parametrize("place", DENIED_PLACES)
@pytest.mark.parametrize("method", ["chat", "stream_chat"])
def test_a_denied_word_is_found_in(place, method, chop):
    llm = guard(Chatting(DENIED_PLACES[place]), chop)
    got, error = walk(llm.stream_chat(ASKED)) if method == "stream_chat" else walk(one(llm))
    assert isinstance(error, LlamaIndexBlocked)
    assert "FORBIDDEN" not in "".join(map(dumped, got))


MODIFIED_PLACES = {
    "a text block": answer(TextBlock(text="so SECRET"), raw={"text": "so SECRET"}),
    "a thinking block": answer(ThinkingBlock(content="SECRET"), TextBlock(text="fine")),
    "a citation": answer(TextBlock(text="they say:"), quoting("SECRET")),
    "reasoning outside": answer(TextBlock(text="fine"), kwargs={"reasoning_content": "SECRET"}),
    "the second text block": answer(TextBlock(text="fine "), TextBlock(text="SECRET")),
    "log probabilities": answer(
        TextBlock(text="SECRET"), logprobs=[[LogProb(token="SECRET", logprob=0.0)]]
    ),
    "the delta of a whole answer": answer(TextBlock(text="SECRET"), delta="SECRET"),
}


@pytest.mark.parametrize("place", MODIFIED_PLACES)
@pytest.mark.parametrize("method", ["chat", "stream_chat"])
def test_a_replaced_word_is_replaced_in(place, method, chop):
    bare = MODIFIED_PLACES[place]
    found = getattr(guard(Chatting(bare), chop), method)(ASKED)
    got = [found] if method == "chat" else list(found)
    assert "SECRET" not in "".join(map(dumped, got))
    assert "***" in dumped(got[-1])
    assert [b.block_type for b in got[-1].message.blocks] == [
        b.block_type for b in bare[0].message.blocks
    ]


def test_blocks_keep_their_borders():
    marker = SuffixMarker("<<", ">>")
    held = WordDetector({"FORBIDDEN": "deny"}, needs=Needs.whole())
    chop = Chopmark(Policy(name="b"), plugins=[plugin(detectors=[held], markers=[marker])])
    llm = guard(
        Chatting(
            answer(TextBlock(text="one"), ToolCallBlock(tool_name="f"), TextBlock(text="two"))
        ),
        chop,
    )
    blocks = llm.chat(ASKED).message.blocks
    assert [getattr(b, "text", b.block_type) for b in blocks] == ["<<one", "tool_call", "two>>"]


def test_a_tool_call_is_never_marked_or_changed(chop, log):
    marked = Chopmark(
        Policy(name="m"),
        plugins=[plugin(detectors=chop.detectors, markers=[SuffixMarker("<<", ">>")], log=log)],
    )
    bare = calls("f", {"number": "SECRET", "x": 1}, cuts=range(1, 12))
    whole = guard(Chatting(bare), marked).chat(ASKED)
    assert whole.message.blocks[1] == bare[-1].message.blocks[1]
    pieces = list(guard(Chatting(bare), marked).stream_chat(ASKED))
    assert pieces[-1].message.blocks[1] == bare[-1].message.blocks[1]
    assert [v.outcome for v in log.records[0].verdicts] == ["warn"]


def test_arguments_are_shown_no_further_than_they_are_judged():
    slow = WordDetector({"FORBIDDEN": "deny"})
    chop = Chopmark(Policy(name="t"), plugins=[plugin(detectors=[slow])])
    data = '{"x": "FORBIDDEN"}'
    llm = guard(Chatting(calls("f", data, cuts=range(1, len(data)))), chop)
    got, error = walk(llm.stream_chat(ASKED))
    assert isinstance(error, LlamaIndexBlocked)
    assert got
    for piece in got:
        assert '{"x": "'.startswith(piece.message.blocks[1].tool_kwargs)
        assert "FORB" not in dumped(piece)


@pytest.mark.parametrize("size", [1, 3, 50])
def test_a_tool_call_with_invalid_json_passes_and_is_recorded(chop, log, size):
    broken = '{"x": "\\u12'
    bare = calls("f", broken, cuts=range(1, len(broken), size))
    assert guard(Chatting(bare), chop).chat(ASKED).message.blocks[1].tool_kwargs == broken
    pieces = list(guard(Chatting(bare), chop).stream_chat(ASKED))
    assert pieces[-1].message.blocks[1] == bare[-1].message.blocks[1]
    assert [record.ending for record in log.records] == ["completed"] * 2


@pytest.mark.parametrize("size", [1, 4, 50])
@pytest.mark.parametrize("broken", ['{"x": "FORBIDDEN', '"x": FORBIDDEN}', '{"x": "FORBIDDEN\\u12'])
def test_denied_arguments_are_not_shown_where_they_are_no_json(chop, broken, size):
    bare = calls("f", broken, cuts=range(1, len(broken), size))
    got, error = walk(guard(Chatting(bare), chop).stream_chat(ASKED))
    assert isinstance(error, LlamaIndexBlocked)
    assert not any("FO" in dumped(piece) or "ORB" in dumped(piece) for piece in got)


def test_a_dict_of_arguments_is_empty_until_it_may_be_shown():
    held = WordDetector({"FORBIDDEN": "deny"}, needs=Needs.whole())
    chop = Chopmark(Policy(name="t"), plugins=[plugin(detectors=[held])])
    block = ToolCallBlock(tool_call_id="1", tool_name="f", tool_kwargs={"x": "fine"})
    pieces = [*answer(block, delta=""), *answer(block, TextBlock(text="done"), delta="done")]
    got = list(guard(Chatting(pieces), chop).stream_chat(ASKED))
    assert [p.message.blocks[0].tool_kwargs for p in got[:2]] == [{}, {}]
    assert got[-1].message.blocks[0] == block


def test_calls_that_come_one_by_one_are_all_there_at_the_end():
    """As the OpenAI Responses integration gives them: each once, and nothing in between."""
    one, two = (
        ToolCallBlock(tool_call_id=n, tool_name="f", tool_kwargs=f'{{"n": {n}}}') for n in "12"
    )
    held = WordDetector({"FORBIDDEN": "deny"}, needs=Needs.whole())
    chop = Chopmark(Policy(name="t"), plugins=[plugin(detectors=[held])])
    pieces = [*answer(one, delta=""), *answer(two, delta=""), *answer(delta="")]
    got = list(guard(Chatting(pieces), chop).stream_chat(ASKED))
    shown = [b for p in got for b in p.message.blocks if b.tool_kwargs]
    assert shown == [one, two]


def test_the_providers_object_stays_unless_something_was_taken_out(chop):
    marked = Chopmark(Policy(name="m"), plugins=[plugin(markers=[SuffixMarker("<<", ">>")])])
    bare = answer(TextBlock(text="fine"), raw={"text": "fine"})
    assert guard(Chatting(bare), marked).chat(ASKED).raw == {"text": "fine"}
    bare = answer(TextBlock(text="SECRET"), raw={"text": "SECRET", "usage": {"prompt_tokens": 1}})
    assert guard(Chatting(bare), chop).chat(ASKED).raw == {"usage": {"prompt_tokens": 1}}


def test_a_completion_from_a_chat_carries_tool_calls_too(chop):
    class Converted(Completing):
        @llm_completion_callback()
        def complete(self, prompt, formatted=False, **kwargs):
            calls = [openai_call('{"x": "FORBIDDEN"}')]
            return CompletionResponse(text="", additional_kwargs={"tool_calls": calls})

    with pytest.raises(LlamaIndexBlocked):
        guard(Converted(), chop).complete("q")


USAGES = {
    "additional_kwargs": {"additional_kwargs": {"prompt_tokens": 3, "completion_tokens": 2}},
    "usage in additional_kwargs": {
        "additional_kwargs": {"usage": {"input_tokens": 3, "output_tokens": 2}}
    },
    "raw dict": {"raw": {"usage": {"prompt_tokens": 3, "completion_tokens": 2}}},
    "ollama": {"raw": {"prompt_eval_count": 3, "eval_count": 2}},
    "gemini": {"raw": {"usage_metadata": {"prompt_token_count": 3, "candidates_token_count": 2}}},
}


@pytest.mark.parametrize("where", USAGES)
def test_token_counts_are_recorded_from(where, chop, log):
    guard(Chatting(answer(TextBlock(text="a"), **USAGES[where])), chop).chat(ASKED)
    usage = log.records[0].usage
    assert (usage.input_tokens, usage.output_tokens) == (3, 2)


def test_json_is_asked_for_by_the_arguments_of_providers(log):
    chop = Chopmark(Policy(name="m"), plugins=[plugin(markers=[SuffixMarker("<<")], log=log)])
    text = '{"a": "b"}'
    for kwargs in (
        {"response_format": {"type": "json_object"}},
        {"response_format": dict},
        {"format": "json"},
        {"generation_config": {"response_mime_type": "application/json"}},
        {"text": {"format": {"type": "json_schema", "name": "x"}}},
    ):
        got = guard(Chatting(said(text)), chop).chat(ASKED, **kwargs)
        assert got.message.content == text
        assert [m["placed"] for m in got.message.additional_kwargs["chopmark"]["marks"]] == [False]
    for kwargs in (
        {},
        {"response_format": {"type": "text"}},
        {"text": {"format": {"type": "text"}}},
    ):
        got = guard(Chatting(said(text)), chop).chat(ASKED, **kwargs)
        assert got.message.content == "<<" + text
