"""Marks of chopmark's own do not hide a term, nor does their removal move an offset."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chopmark import Context, Policy, Request
from chopmark.hookspecs import Marker
from chopmark_keyword import KeywordDetector
from chopmark_label import chopmark_markers

CONTEXT = Context(direction="output")
Detect = Callable[..., KeywordDetector]

TEXTS = ["冰毒货到付款", "bing du huo dao fu kuan", "他说 冰d货到付款 的事", "b0mb", "b o m b"]


def label(**options: object) -> Marker:
    (marker,) = chopmark_markers(Policy(name="p").with_options("label", **options))
    return marker


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("style", ["gb45438", "plain"])
@pytest.mark.parametrize("form", ["plain", "markdown", "html"])
@pytest.mark.parametrize("position", ["start", "end", "both"])
def test_a_labelled_answer_is_judged_as_the_bare_one(
    detect: Detect, text: str, style: str, form: str, position: str
) -> None:
    marking = label(style=style, format=form, position=position).open(Request())
    head = marking.feed(text)
    tail, _ = marking.finish()
    marked = head + tail
    detector = detect(["冰毒货到付款", "bomb"], "decode")
    bare = [text[v.start : v.end] for v in detector.judge(text, CONTEXT)]
    assert bare
    assert [marked[v.start : v.end] for v in detector.judge(marked, CONTEXT)] == bare


@pytest.mark.parametrize(
    "mark", ["\u200b", "\u2060", "\ufe0f", "\U000e0100", "\U000e0041", "\u2062"]
)
@pytest.mark.parametrize("folding", ["plain", "disguise", "decode"])
def test_invisible_marks_within_a_term_are_seen_through(
    detect: Detect, mark: str, folding: str
) -> None:
    detector = detect(["冰毒货到付款", "bomb"], folding)
    for term in ("冰毒货到付款", "bomb"):
        hidden = mark.join(term)
        text = f"{mark}，{hidden}{mark}。"
        assert [text[v.start : v.end] for v in detector.judge(text, CONTEXT)] == [hidden]
