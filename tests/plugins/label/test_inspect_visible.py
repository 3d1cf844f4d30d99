"""What readers of a document see is taken out of it, whatever else is in the file."""

from __future__ import annotations

import html
from pathlib import Path

import pptx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopmark_label import html_fragment
from chopmark_label._inspect_office import seen_in_office
from chopmark_label._inspect_text import decode, of_document
from chopmark_label._inspect_visible import (
    body_of,
    seen_in_html,
    seen_in_markdown,
)


@pytest.mark.parametrize(
    ("page", "seen"),
    [
        ("<p>one <b>two</b></p><p>three", "one two\nthree"),
        ("a<br>b<!-- c --><script>d</script>e<style>f</style>", "a\nb\ne"),
        ("<title>t</title><textarea>u</textarea>v", "v"),
        ("&lt;p&gt; &amp; &#8203;x", "<p> & \u200bx"),
        ("<script>never closed <p>x", ""),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("<!-- never closed", ""),
    ],
)
def test_mark_up_is_taken_away(page: str, seen: str) -> None:
    assert seen_in_html(page) == seen


@given(st.text(st.characters(exclude_characters="\n\r\t \x0b\x0c\x85\xa0\u2028\u2029")))
def test_escaped_text_comes_back(text: str) -> None:
    escaped = html.escape(text).replace("\x1c", "").replace("\x1d", "")
    assert seen_in_html(f"<p>{escaped}</p>") == html.unescape(escaped).strip()


@given(st.text() | st.lists(st.sampled_from(["<>/!-&;", "abpscript\"'=\n"][0])).map("".join))
def test_any_page_can_be_looked_at(page: str) -> None:
    seen_in_html(page)
    start, end = body_of(page)
    assert 0 <= start <= end <= len(page)


@given(
    st.lists(st.sampled_from(["<p>", "</p>", "<body>", "</body>", "<!--", "-->", "<script>",
                              "</script>", html_fragment("en"), "x", '<a "', "&amp", "\n"]))
)  # fmt: skip
def test_any_mixture_of_tags_can_be_looked_at(parts: list[str]) -> None:
    page = "".join(parts)
    seen_in_html(page)
    start, end = body_of(page)
    assert 0 <= start <= end <= len(page)


def test_the_body_of_a_page_is_not_the_one_in_a_comment_or_a_quote() -> None:
    page = '<!-- <body> --><script>"<body>"</script><body title="a > b">text</body></html>'
    start, end = body_of(page)
    assert page[start:end] == "text"
    assert body_of("<p>a</p>") == (0, 8)


@given(st.text())
def test_markdown_loses_its_front_matter_alone(text: str) -> None:
    assert text.endswith(seen_in_markdown(text))
    assert seen_in_markdown(f"---\ntitle: x\n---\n{text}") == text


def test_slides_are_read_in_their_order(tmp_path: Path) -> None:
    deck = pptx.Presentation()
    for number in range(11):
        slide = deck.slides.add_slide(deck.slide_layouts[5])
        slide.shapes.title.text = f"slide {number}"
    deck.save(str(tmp_path / "a.pptx"))
    seen = seen_in_office(tmp_path / "a.pptx")
    assert seen is not None
    assert seen.split("\n") == [f"slide {number}" for number in range(11)]
    text = of_document(tmp_path / "a.pptx", "Office Open XML")
    assert text is not None
    assert text.whole is None


@given(st.binary())
def test_any_bytes_are_text_or_none(data: bytes) -> None:
    text = decode(data)
    assert text is None or isinstance(text, str)


@given(st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1))
def test_text_in_utf_8_is_read_as_it_is(text: str) -> None:
    assert decode(text.encode()) == text.removeprefix("\ufeff")
