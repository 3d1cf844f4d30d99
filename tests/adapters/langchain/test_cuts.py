"""Where a stream is cut does not change what is delivered."""

import json
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_given import Given, answer
from langchain_models import EventChat

from chopmark import Chopmark, Policy
from chopmark.testing import SuffixMarker, WordDetector, plugin
from chopmark_langchain import LangChainBlocked, guard

pytestmark = pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainBetaWarning")
WORDS = WordDetector({"FORBIDDEN": "deny", "SECRET": "modify"})
CHOP = Chopmark(
    Policy(name="cuts"), plugins=[plugin(detectors=[WORDS], markers=[SuffixMarker("<", ">")])]
)
LETTERS = st.text(st.sampled_from("ab S好\U0001f600"), max_size=6)
PARTS = LETTERS | st.sampled_from(["SECRET", "SECR", "FORBIDDEN", "FORB", "ET"])


PROSE = st.lists(PARTS, min_size=1, max_size=6).map("".join)


@st.composite
def cut(draw, texts=PROSE):
    """A text, and the pieces that it is cut into."""
    text = draw(texts)
    assume(text)
    places = draw(st.sets(st.integers(0, len(text)), max_size=8))
    return text, [text[a:b] for a, b in pairwise(sorted({0, len(text), *places}))]


def delivered(chunks):
    """The text that came of a stream, and whether it was blocked then."""
    said = ""
    try:
        for chunk in guard(Given(chunks=chunks), CHOP).stream("hi"):
            said += chunk.text
    except LangChainBlocked:
        return said, True
    return said, False


@given(cut())
def test_prose(made):
    text, pieces = made
    said, blocked = delivered([AIMessageChunk(piece) for piece in pieces])
    blocks = [AIMessageChunk([{"type": "text", "text": p, "index": 0}]) for p in pieces]
    assert delivered(blocks) == (said, blocked)
    assert delivered([AIMessageChunk(text)]) == (said, blocked)
    assert blocked is ("FORBIDDEN" in text)
    if not blocked:
        assert answer(AIMessage(text), CHOP).text == said == f"<{text.replace('SECRET', '***')}>"


@given(cut())
def test_events(made):
    text, pieces = made
    stream = guard(EventChat(pieces=pieces), CHOP).stream_events("hi", version="v3")
    try:
        assert stream.output.text == f"<{text.replace('SECRET', '***')}>"
    except LangChainBlocked:
        assert "FORBIDDEN" in text


@given(cut(st.dictionaries(LETTERS, PARTS, min_size=1).map(json.dumps)))
def test_arguments_of_a_call(made):
    text, pieces = made
    names = [{"name": "send", "id": "c"}] + [{"name": None, "id": None}] * len(pieces)
    chunks = [
        AIMessageChunk("", tool_call_chunks=[{**name, "args": piece, "index": 0}])
        for name, piece in zip(names, pieces, strict=False)
    ]
    try:
        got = list(guard(Given(chunks=chunks), CHOP).stream("hi"))
    except LangChainBlocked:
        assert "FORBIDDEN" in text
        return
    assert "FORBIDDEN" not in text
    whole = got[0]
    for chunk in got[1:]:
        whole += chunk
    assert whole.tool_calls[0]["args"] == json.loads(text)
