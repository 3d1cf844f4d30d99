"""Whatever a stream's pieces repeat, and wherever it is cut, they show what was screened."""

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from llama_index.core.base.llms.types import ChatMessage, ChatResponse, TextBlock, ThinkingBlock
from llamaindex_models import Chatting, Completing, walk
from tests.depth import scaled

from chopmark import Chopmark, Needs, Policy
from chopmark.testing import SuffixMarker, WordDetector, cuts, plugin
from chopmark_llamaindex import LlamaIndexBlocked, guard

DENIED, SECRET = "ⓐⓑⓒ", "ⓧⓨⓩ"
NEEDS = {"window": None, "clause": Needs.clause(), "whole": Needs.whole()}


def policy(needs="window", markers=(), **words):
    detector = WordDetector({DENIED: "deny", SECRET: "modify"}, needs=NEEDS[needs])
    return Chopmark(Policy(name="streams"), plugins=[plugin(detectors=[detector], markers=markers)])


def cumulative(parts, kind=TextBlock):
    text = ""
    for part in parts:
        text += part
        yield ChatResponse(
            message=ChatMessage(role="assistant", content=text), delta=part, raw={"so far": text}
        )


def without_deltas(parts):
    for piece in cumulative(parts):
        yield piece.model_copy(update={"delta": None})


def in_pieces(parts):
    """As the OpenAI Responses integration does: pieces alone, then everything once more."""
    yield ChatResponse(message=ChatMessage(role="assistant"), delta="")
    for part in parts:
        message = ChatMessage(role="assistant", content=part)
        yield ChatResponse(message=message, delta=part, raw={"event": part})
    text = "".join(parts)
    message = ChatMessage(role="assistant", content=text)
    yield ChatResponse(message=message, delta="", raw={"completed": text})


def behind(parts):
    """The text so far lacks the delta, as an integration does that yields too early."""
    text = ""
    for part in parts:
        message = ChatMessage(role="assistant", content=text)
        yield ChatResponse(message=message, delta=part, raw={"so far": text})
        text += part


def without_text(parts):
    for part in parts:
        yield ChatResponse(message=ChatMessage(role="assistant"), delta=part, raw={"event": part})


def two_blocks(parts):
    half = len(parts) // 2
    before = ""
    for n, part in enumerate(parts):
        first, second = "".join(parts[: min(n + 1, half)]), "".join(parts[half : n + 1])
        blocks = (
            [TextBlock(text=first)] if n < half else [TextBlock(text=first), TextBlock(text=second)]
        )
        before += part
        message = ChatMessage(role="assistant", blocks=blocks)
        yield ChatResponse(message=message, delta=part, raw={"so far": before})


STYLES = {
    "cumulative": cumulative,
    "in pieces": in_pieces,
    "behind": behind,
    "without text": without_text,
    "two blocks": two_blocks,
}
TEXTS = st.lists(
    st.sampled_from(
        ["a", "bc ", "。", "中", "😀", "\ud800", "\n", "ⓐⓑ", "ⓑⓒ", DENIED, SECRET, "ⓧ"]
    ),
    max_size=12,
).map("".join)


def expected(text):
    """Return what the caller may get of `text`, and whether it is then blocked."""
    at = text.find(DENIED)
    return (text if at < 0 else text[:at]).replace(SECRET, "***"), at >= 0


def read(llm):
    pieces, error = walk(llm.stream_chat([ChatMessage("q")]))
    assert error is None or isinstance(error, LlamaIndexBlocked)
    return pieces, error


async def aread(llm):
    pieces, error = [], None
    try:
        async for piece in await llm.astream_chat([ChatMessage("q")]):
            pieces.append(piece)  # noqa: PERF401  an error may follow
    except LlamaIndexBlocked as blocked:
        error = blocked
    return pieces, error


def dumped(pieces):
    """Return everything that the pieces say anywhere, without escapes."""
    return json.dumps([p.model_dump() for p in pieces], ensure_ascii=False, default=repr)


def whole(piece):
    return "".join(b.text for b in piece.message.blocks if isinstance(b, TextBlock))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("needs", NEEDS)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_no_piece_ever_says_more_than_was_released(style, needs, data):
    text = data.draw(TEXTS)
    parts = [p for p in data.draw(cuts(text)) if p]
    may, blocked = expected(text)
    pieces, error = read(guard(Chatting(list(STYLES[style](parts))), policy(needs)))
    assert "".join(p.delta for p in pieces) == may
    assert (error is not None) == blocked
    said = ""
    for piece in pieces:
        said += piece.delta
        if style != "without text":
            assert said.startswith(whole(piece)) or whole(piece) == piece.delta
    if style == "in pieces":
        for piece in pieces[1 : len(parts) + 1]:
            assert whole(piece) == piece.delta
    for word in (DENIED, SECRET):
        assert word not in dumped(pieces)
    if not blocked and pieces and style != "without text":
        assert whole(pieces[-1]) == may


@settings(max_examples=scaled(25), deadline=None)
@given(data=st.data())
def test_a_stream_without_deltas_is_screened_in_its_texts(data):
    text = data.draw(TEXTS)
    parts = [p for p in data.draw(cuts(text)) if p]
    may, blocked = expected(text)
    pieces, error = read(guard(Chatting(list(without_deltas(parts))), policy()))
    assert (error is not None) == blocked
    assert all(p.delta is None for p in pieces)
    assert all(may.startswith(whole(p)) for p in pieces)
    if pieces and not blocked:
        assert whole(pieces[-1]) == may


@settings(max_examples=scaled(25), deadline=None)
@given(data=st.data())
def test_not_one_character_of_a_denied_word_is_said_at_any_cut(data):
    """No piece holds a part of the word either, in any of its places."""
    before = data.draw(st.text("abc 中。", max_size=8))
    behind = data.draw(st.text("abc 中。", max_size=8))
    parts = [p for p in data.draw(cuts(before + DENIED + behind)) if p]
    pieces, error = read(guard(Chatting(list(cumulative(parts))), policy()))
    assert error is not None
    assert not set(DENIED) & set(dumped(pieces))
    assert "".join(p.delta for p in pieces) == before


@settings(max_examples=scaled(25), deadline=None)
@given(data=st.data())
def test_completions_repeat_only_what_was_released(data):
    text = data.draw(TEXTS)
    parts = [p for p in data.draw(cuts(text)) if p] or [""]
    may, blocked = expected(text)
    pieces, said = [], ""
    try:
        for piece in guard(Completing(parts), policy()).stream_complete("q"):
            pieces.append(piece)
            said += piece.delta
            assert piece.text == said
    except LlamaIndexBlocked:
        assert blocked
    assert said == may
    assert DENIED not in dumped(pieces)
    assert SECRET not in dumped(pieces)


@settings(max_examples=scaled(25), deadline=None)
@given(data=st.data())
def test_sync_and_async_say_the_same(data):
    text = data.draw(TEXTS)
    style = data.draw(st.sampled_from(list(STYLES)))
    pieces = list(STYLES[style]([p for p in data.draw(cuts(text)) if p]))
    chop = policy(data.draw(st.sampled_from(list(NEEDS))), [SuffixMarker("<<", ">>")])
    sync, failed = read(guard(Chatting(pieces), chop))
    other, also = asyncio.run(aread(guard(Chatting(pieces), chop)))
    assert [(p.delta, whole(p)) for p in sync] == [(p.delta, whole(p)) for p in other]
    assert (failed is None) == (also is None)


def test_a_piece_of_a_quiet_stream_is_the_bare_object():
    bare = Completing(["one ", "two ", "three"]).stream_complete("q")
    # a detector that never holds back changes nothing
    nothing = WordDetector({"never": "deny"}, needs=Needs.window(1))
    quiet = Chopmark(Policy(name="quiet"), plugins=[plugin(detectors=[nothing])])
    guarded = list(guard(Completing(["one ", "two ", "three"]), quiet).stream_complete("q"))
    assert guarded[:-1] == list(bare)
    assert (guarded[-1].delta, guarded[-1].text) == ("", "one two three")
    assert guarded[-1].raw == guarded[-2].raw


def test_metadata_is_on_the_last_piece_alone():
    pieces, _ = read(guard(Chatting(list(cumulative(["one ", SECRET, " two"]))), policy()))
    noted = ["chopmark" in p.message.additional_kwargs for p in pieces]
    assert noted == [False] * (len(pieces) - 1) + [True]
    assert pieces[-1].message.additional_kwargs["chopmark"]["action"] == "modify"


def test_marks_stand_in_every_repetition():
    pieces, _ = read(
        guard(
            Chatting(list(cumulative(["one ", "two"]))), policy(markers=[SuffixMarker("<<", ">>")])
        )
    )
    assert "".join(p.delta for p in pieces) == "<<one two>>"
    assert all(whole(p).startswith("<<") for p in pieces if whole(p))
    assert whole(pieces[-1]) == "<<one two>>"


def test_reasoning_in_a_stream_is_screened_in_every_place():
    text, pieces = "", []
    for part in ("I think ", "ⓧⓨ", "ⓩ so"):
        text += part
        pieces.append(
            ChatResponse(
                message=ChatMessage(
                    role="assistant", blocks=[ThinkingBlock(content=text), TextBlock(text="")]
                ),
                delta="",
                additional_kwargs={"thinking_delta": part},
                raw={"reasoning": part},
            )
        )
    got, _ = read(guard(Chatting(pieces), policy()))
    assert "".join(p.additional_kwargs.get("thinking_delta", "") for p in got) == "I think *** so"
    assert got[-1].message.blocks[0].content == "I think *** so"
    assert not set(SECRET) & set(dumped(got))


def test_reasoning_that_comes_in_the_delta_stays_reasoning():
    pieces = [
        ChatResponse(
            message=ChatMessage(role="assistant", blocks=[ThinkingBlock(content=text)]), delta=delta
        )
        for text, delta in (("hm ", "hm "), (f"hm {SECRET}", SECRET))
    ]
    pieces += [
        ChatResponse(
            message=ChatMessage(
                role="assistant",
                blocks=[ThinkingBlock(content=f"hm {SECRET}"), TextBlock(text="answer")],
            ),
            delta="answer",
        )
    ]
    chop = policy(markers=[SuffixMarker("<<", ">>")])
    got, _ = read(guard(Chatting(pieces), chop))
    assert whole(got[-1]) == "<<answer>>"
    assert got[-1].message.blocks[0].content == "hm ***"
    assert SECRET not in dumped(got)


def test_a_refusal_follows_what_was_delivered():
    llm = guard(Chatting(list(cumulative(["fine, ", DENIED]))), policy(), on_block="refuse")
    pieces, error = read(llm)
    assert error is None
    assert whole(pieces[-1]) == "".join(p.delta for p in pieces)
    assert pieces[-1].delta == policy().policy.refusal("en")
    assert pieces[-1].message.additional_kwargs["chopmark"]["action"] == "block"


def test_a_stream_that_yields_nothing_yields_nothing():
    assert read(guard(Chatting([]), policy())) == ([], None)
