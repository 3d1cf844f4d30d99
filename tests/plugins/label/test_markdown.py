"""In Markdown a label is a block of its own and leaves the answer's blocks as they were.

The judge is markdown-it-py, a CommonMark parser that comes with rich.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from tests.depth import scaled

from chopmark import Request
from chopmark_label import Label

PARSER = MarkdownIt("commonmark", {"html": True}).enable("table")
LABEL = "AI生成"
LINES = [
    "text", "", "", "# head", "- item", "1. item", "  more", "    deep", "> quote", "---",
    "```", "```py", "````", "~~~", "  ```", "    ```", "- ```", "> ```", "| a | b |", "|---|---|",
    "<!--", "-->", "<pre>", "</pre>", "<script>", "</script>", "<?x", "?>", "<div>", "  - nested",
    "``` a`b", "text ```", "* * *", "\ttab", "<!x", "<![CDATA[", "]]>", "*", "+", "2) item",
    "10. x", "- - ```", "- <!--", "> <!--", "> - ```", "     ```", "</div>", "<b>", "text  ",
    "\\", "&nbsp;", "שלום", "[^1]: note",
]  # fmt: skip
# The tracker takes a link definition for a paragraph, and an underline below a quote for one: it
# then may miss that a lone tag begins an HTML block.
ALL_LINES = [*LINES, "[a]: b", "==="]


def mark(position: str, text: str) -> tuple[str, bool]:
    marking = Label({"position": position, "format": "markdown"}).open(Request())
    out = marking.feed(text)
    tail, marks = marking.finish()
    return out + tail, marks[-1].placed


Shape = tuple[str, int, str, bool]


def shape(tokens: list[Token]) -> list[Shape]:
    return [(t.type, t.level, t.content, t.hidden) for t in tokens]  # hidden: of a tight list


def blocks(text: str) -> list[Shape]:
    return shape(PARSER.parse(text))


LABEL_BLOCK = [
    ("blockquote_open", 0, "", False),
    ("paragraph_open", 1, "", False),
    ("inline", 2, LABEL, False),
    ("paragraph_close", 1, "", False),
    ("blockquote_close", 0, "", False),
]


@settings(max_examples=scaled(300), deadline=None)
@given(st.lists(st.sampled_from(ALL_LINES), min_size=1, max_size=8).map("\n".join))
def test_start_label_leaves_every_block_as_it_was(text: str) -> None:
    out, placed = mark("start", text)
    if text.strip():
        assert placed
        assert blocks(out) == LABEL_BLOCK + blocks(text)


@settings(max_examples=scaled(1000), deadline=None)
@given(
    st.lists(st.sampled_from(LINES), min_size=1, max_size=8).map("\n".join),
    st.sampled_from(["", "\n", "\n\n", "\r\n"]),
)
def test_end_label_is_a_block_behind_every_block_or_is_not_there(text: str, ending: str) -> None:
    out, placed = mark("end", text + ending)
    if placed:
        assert blocks(out)[-5:] == LABEL_BLOCK
        assert joined(blocks(out)[:-5]) == joined(blocks(text))
    else:
        assert out == text + ending


def joined(tokens: list[Shape]) -> list[Shape]:
    """Drop line ends at the end of a code or HTML block: a blank line may come to it."""
    return [(kind, level, content.rstrip("\n"), tight) for kind, level, content, tight in tokens]


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("look:\n```py\nprint(1)", "an open code fence"),
        ("~~~\n```\n", "an open code fence"),
        ("````\n```\n", "an open code fence"),
        ("a\n<!-- hidden", "an open HTML comment"),
        ("<script>\n\nx()", "an open HTML block"),
        ("text\n*\n  ```", "an open code fence"),  # an empty item interrupts no paragraph
        ("text\n7. x\n   ```", "an open code fence"),  # nor does one that does not begin with 1
        ("-\n\n  ```", "an open code fence"),  # an item begins with one blank line at most
        ("- <!--\nx\n  ```", "an open code fence"),
    ],
)
def test_label_never_goes_into_what_is_open_and_says_so(text: str, inside: str) -> None:
    marking = Label({"position": "end", "format": "markdown"}).open(Request())
    assert marking.feed(text) == text
    tail, (made,) = marking.finish()
    assert tail == ""
    assert not made.placed
    assert inside in made.reason


@pytest.mark.parametrize(
    "text",
    [
        "```\nx\n```",
        "- ```\n  x",
        "> ```\n> x",
        "    ```",
        "a ``` b",
        "<pre>x</pre>",
        "``` a`b",
        "- <!--",
        "- - ```\n    x",
        "- a\n7. x\n   ```",
        "- > ```",
        "| a |\n|---|\n| ` |",
        "[a]: b",
        "a\n===",
        "1. x\n\n   <script>",
    ],
)
def test_label_goes_behind_what_ends_at_a_blank_line(text: str) -> None:
    out, placed = mark("end", text)
    assert placed
    assert blocks(out)[-5:] == LABEL_BLOCK


def test_start_label_stays_when_the_end_cannot_have_one() -> None:
    marking = Label({"position": "both", "format": "markdown"}).open(Request())
    assert marking.feed("```\nx") == "> AI生成\n\n```\nx"
    _, marks = marking.finish()
    assert [(m.where, m.placed) for m in marks] == [("start", True), ("end", False)]


@pytest.mark.parametrize(
    "words",
    ["*AI* 生成", "1. AI生成", "- AI生成", "[AI生成](x)", "<b>AI生成", "`AI`生成", "# AI生成"],
)
def test_own_words_are_shown_as_they_are(words: str) -> None:
    marking = Label({"format": "markdown", "text": {"zh": words}}).open(Request())
    tokens = PARSER.parse(marking.feed("x"))
    children = tokens[2].children or []
    assert "".join(child.content for child in children) == words
    assert {child.type for child in children} <= {"text", "text_special"}


LONG = "text " * 40
MIDDLE = [
    "text",
    "text",
    "",
    "",
    "",
    "- item",
    "  more",
    "    deep",
    "*",
    "```",
    "> quote",
    "<div>",
]


@settings(max_examples=scaled(300), deadline=None)
@given(st.lists(st.sampled_from([*MIDDLE, *LINES]), min_size=3, max_size=14))
def test_label_between_paragraphs_parts_no_block(lines: list[str]) -> None:
    text = "\n".join(["text", "", *lines]).replace("text", LONG)
    marking = Label({"every": 200, "format": "markdown"}).open(Request())
    out = marking.feed(text)
    tail, _ = marking.finish()
    tokens = blocks(out + tail)
    labels = [n for n in range(len(tokens)) if tokens[n : n + 5] == LABEL_BLOCK]
    assert len(labels) == (out + tail).count(LABEL)
    for n in reversed(labels):
        del tokens[n : n + 5]
    assert tokens == blocks(text)


@pytest.mark.parametrize(
    "text", [f"    {LONG}\n\n    {LONG}\n", f"{'x' * 196}\n\n*\n\n* {LONG}\n"], ids=["code", "list"]
)
def test_code_and_lists_that_go_on_behind_a_blank_line_stay_whole(text: str) -> None:
    marking = Label({"every": 200, "format": "markdown"}).open(Request())
    assert marking.feed(text) == f"> {LABEL}\n\n{text}"
