"""In HTML a label behind the answer is an element, or is not there.

The judge is the standard library's parser, whose text in comments, tags and raw text elements is
told apart from elements.
"""

from html.parser import HTMLParser

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark import Request
from chopmark_label import Label

PIECES = [
    "text", "<b>", "</b>", "<p class='a>b'>", '<p title="<!--">', "<!--", "-->", "<script>", "<",
    "</script>", "<script src=x>", "<style>", "</style>", "</SCRIPT >", "<br/", ">", " ", "a < b",
    "<textarea>", "</textarea>", "\n",
]  # fmt: skip


class Elements(HTMLParser):
    """Collects the classes of the elements of a text."""

    CDATA_CONTENT_ELEMENTS = ("script", "style", "textarea")  # older Pythons lack the last

    def __init__(self, text: str) -> None:
        super().__init__()
        self.classes: list[str | None] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.classes.append(dict(attrs).get("class"))


def mark(text: str) -> tuple[str, bool, str]:
    marking = Label({"position": "end", "format": "html"}).open(Request())
    out = marking.feed(text)
    tail, (made,) = marking.finish()
    return out + tail, made.placed, made.reason


@settings(max_examples=scaled(500), deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join))
def test_placed_label_is_an_element_of_the_answer(text: str) -> None:
    assume("<!-->" not in text)  # a whole comment in the standard, not so in older Pythons
    out, placed, _ = mark(text)
    if placed:
        assert Elements(out).classes[-1] == "chopmark-label"
    else:
        assert out == text


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("<b>x</b><!-- and", "an open comment"),
        ("x <a href='y", "an open tag"),
        ("x <a", "an open tag"),
        ("<script>if (a < b) {", "an open <script>"),
        ("<TextArea>", "an open <textarea>"),
    ],
)
def test_label_never_goes_into_what_is_open_and_says_so(text: str, inside: str) -> None:
    out, placed, reason = mark(text)
    assert out == text
    assert not placed
    assert inside in reason


@pytest.mark.parametrize("text", ["<!-->x", "a < b", "x <", "<script>1</script>", "<b title='>'>"])
def test_label_goes_behind_what_is_closed(text: str) -> None:
    out, placed, _ = mark(text)
    assert placed
    assert out.startswith(text)
