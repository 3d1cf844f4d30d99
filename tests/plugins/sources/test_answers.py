"""An answer carries its sources, and what stands in none of them is told."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopmark import Chopmark, Policy, PolicyError, RequestError, Response, calling
from chopmark.sources import Source
from chopmark.testing import MarkerContract, MemoryLog, plugin
from chopmark_sources import SourceList
from chopmark_sources._list import without_list
from chopmark_sources._support import LEAST, sentences, units

TEXT = "The lake covers 6,390 hectares. Two causeways cross it."
LAKE = Source(id="d-1", title="The lake", text=TEXT)
DRAGON = "A dragon guards its golden treasure."
SAID = f"The lake covers 6390 hectares. Two causeways cross the lake. {DRAGON}"


def answered(text: str, *sources: object, **options: Any) -> tuple[Response, MemoryLog]:
    log, seen = MemoryLog(), list[Response]()
    policy = Policy(name="p", plugins=("sources",)).with_options("sources", **options)
    chop = Chopmark(policy, plugins=[plugin(log=log)])

    @chop.guard(on_response=seen.append)
    def answer(prompt: str) -> Iterator[str]:
        yield from text

    with calling(metadata={"sources": list(sources)}):
        assert "".join(answer("What of the lake?")) == seen[-1].text
    return seen[-1], log


def test_a_sentence_that_stands_in_no_source_is_warned_of_in_the_record() -> None:
    response, log = answered(SAID, LAKE)
    [verdict] = log.records[-1].verdicts
    assert (verdict.category, verdict.outcome) == ("unsupported", "warn")
    assert SAID[verdict.start : verdict.end] == DRAGON
    assert response.action == "allow"
    assert response.text == SAID


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The lake covers 6,390 hectares of water.", 0),
        ("The lake covers 7,390 hectares of water.", 1),
        ("Who guards its golden treasure there?", 0),
        ("Yes, it is.", 0),
    ],
)
def test_a_number_that_no_source_has_is_without_support(text: str, found: int) -> None:
    response, _ = answered(text, LAKE)
    assert len(response.verdicts) == found


def test_without_texts_nothing_is_said_of_support() -> None:
    assert answered(SAID, Source(id="d-1"))[0].verdicts == ()
    assert answered(SAID)[0].verdicts == ()
    assert answered(SAID, LAKE, support=0)[0].verdicts == ()


def test_ids_titles_and_digests_are_beside_the_answer() -> None:
    response, log = answered(SAID, LAKE, {"id": "d-2"})
    assert dict(response.labels["sources"]) == {
        "1.id": "d-1",
        "1.title": "The lake",
        "1.sha256": hashlib.sha256(LAKE.text.encode()).hexdigest(),
        "2.id": "d-2",
    }
    assert dict(log.records[-1].marks[0].data) == dict(response.labels["sources"])


def test_people_see_a_list_where_the_policy_says_so() -> None:
    response, _ = answered("西湖有两条堤。", LAKE, Source(id="d-2"), list=True)
    assert response.text == "西湖有两条堤。\n\nSources:\n1. The lake\n2. d-2"
    assert without_list(response.text) == "西湖有两条堤。"
    assert all(verdict.end <= 7 for verdict in response.verdicts)


def test_a_title_cannot_break_the_list() -> None:
    response, _ = answered("Fine.", Source(id="1", title="a\n\n9. b"), list=True)
    assert response.text == "Fine.\n\nSources:\n1. a 9. b"


def test_what_is_no_source_is_an_error() -> None:
    with pytest.raises(RequestError, match="give a list of"):
        answered("Fine.", 7)


@pytest.mark.parametrize("options", [{"list": "yes"}, {"support": 2}, {"suport": 0.1}])
def test_a_wrong_option_is_named_with_its_cure(options: dict[str, Any]) -> None:
    with pytest.raises(PolicyError, match="plugin 'sources', option"):
        answered("Fine.", LAKE, **options)


words = st.text(alphabet="ab1 .。!\n湖水深", max_size=60)


@given(words, st.lists(words, max_size=3))
def test_sentences_are_told_in_order_and_with_enough_in_them(answer: str, texts: list[str]) -> None:
    end = 0
    for one in sentences(answer, texts):
        assert end <= one.start < one.end <= len(answer)
        assert 0 <= one.support <= 1
        assert len(list(units(answer[one.start : one.end]))) >= LEAST
        end = one.end


@given(words)
def test_what_stands_in_a_source_has_all_support(text: str) -> None:
    assert all(one.support == 1 for one in sentences(text, [text]))


class TestSourceList(MarkerContract):
    def make(self) -> SourceList:
        return SourceList()
