"""What labels an answer rides beside its metadata, on the last piece, and is not sent back."""

import pytest
from llama_index.core.base.llms.types import ChatMessage
from llamaindex_models import Chatting, Completing, calls, said

from chopmark import Chopmark, Policy
from chopmark.testing import BesideMarker, MemoryLog, SuffixMarker, WordDetector, plugin
from chopmark_llamaindex import guard


@pytest.fixture
def log():
    return MemoryLog()


@pytest.fixture
def chop(log):
    words = WordDetector({"FORBIDDEN": "deny"})
    marks = [SuffixMarker("<", ">"), BesideMarker("aigc")]
    brought = plugin(detectors=[words], markers=marks, log=log)
    return Chopmark(Policy(name="beside"), plugins=[brought])


def expected(log):
    return {"call": log.records[-1].id}


@pytest.mark.parametrize(
    "pieces", [said("fine"), calls("send", {"to": "a"})], ids=["prose", "call"]
)
def test_a_whole_answer_carries_its_label(chop, log, pieces):
    answer = guard(Chatting(pieces), chop).chat([ChatMessage("q")])
    assert answer.message.additional_kwargs["aigc"] == expected(log)


def test_the_last_piece_alone_carries_it(chop, log):
    pieces = list(guard(Chatting(said("one ", "two")), chop).stream_chat([ChatMessage("q")]))
    carried = ["aigc" in piece.message.additional_kwargs for piece in pieces]
    assert carried == [*[False] * (len(pieces) - 1), True]
    assert pieces[-1].message.additional_kwargs["aigc"] == expected(log)


def test_completions_carry_it(chop, log):
    llm = guard(Completing(["one ", "two"]), chop)
    assert llm.complete("q").additional_kwargs["aigc"] == expected(log)
    assert list(llm.stream_complete("q"))[-1].additional_kwargs["aigc"] == expected(log)


def test_it_is_not_sent_back_to_the_model(chop):
    llm = guard(Chatting(said("fine")), chop)
    answer = llm.chat([ChatMessage("q")]).message
    mine = ChatMessage("more", additional_kwargs={"aigc": "of the application"})
    llm.chat([ChatMessage("q"), answer, mine])
    sent = [message.additional_kwargs for message in llm.asked_of[-1]]
    assert sent == [{}, {}, {"aigc": "of the application"}]
    assert "aigc" in answer.additional_kwargs


@pytest.mark.parametrize("metadata", [None, "x", {}, {"marks": 5}, {"marks": ["x", {}]}])
def test_metadata_that_an_application_changed_is_not_sent_either(chop, metadata):
    llm = guard(Chatting(said("fine")), chop)
    llm.chat([ChatMessage("q", additional_kwargs={"chopmark": metadata, "a": 1})])
    assert llm.asked_of[-1][0].additional_kwargs == {"a": 1}


def test_a_refusal_carries_none(chop):
    for question, answer in (("FORBIDDEN", "fine"), ("q", "FORBIDDEN")):
        llm = guard(Chatting(said(answer)), chop, on_block="refuse")
        refused = llm.chat([ChatMessage(question)]).message
        assert "aigc" not in refused.additional_kwargs
        assert refused.additional_kwargs["chopmark"]["action"] == "block"
