"""A label at the start stands behind front matter, and behind the head of an HTML page."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark import Request
from chopmark_label import Label

FRONT = "---\ntitle: 春 # x\ntags:\n- a\n\n  - b\n---\n"
PAGE = "<!DOCTYPE html>\n<html lang='a>b'><head><title>t</title>\n<style>p{}</style></head><body>"
PIECES = [
    "---\n", "---", "+++\n", "...\n", "a: b\n", "key", ":", " ", "\n", "# c\n", "- x\n", "a = 1\n",
    "text", "<!doctype html>", "<html>", "<head>", "</head>", "<body class='>'>", "<title>", "x",
    "</title>", "<!--", "-->", "<?xml?>", "<p>", "<header>", "<", "!", "<script>", "</script>",
    "\ufeff", "> AI生成\n\n", "<meta a=\"b>\">",
]  # fmt: skip


def mark(form: str, *pieces: str) -> str:
    marking = Label({"format": form}).open(Request())
    out = "".join([marking.feed(piece) for piece in pieces])
    tail, (made,) = marking.finish()
    assert made.placed == bool("".join(pieces).strip())
    return out + tail


@pytest.mark.parametrize(
    ("form", "opening", "rest"),
    [
        ("markdown", FRONT, "# Spring\n"),
        ("markdown", FRONT, "\n# Spring\n"),
        ("markdown", FRONT.replace("\n", "\r\n"), "text"),
        ("markdown", "---\na: b\n...\n", "text"),
        ("markdown", '+++\na = "b"\n[c]\n+++\n', "text"),
        ("html", PAGE, "<p>x</p></body></html>"),
        ("html", "<!doctype html><title>t</title>", "<p>x"),
        ("html", "<html><head></head>", "x"),
        ("html", '<?xml version="1.0"?><html><body>', "<p/>"),
        ("html", "<!-- a page --><html><script>'<body>'</script>", "<header>x</header>"),
    ],
)
def test_label_stands_behind_the_opening(form: str, opening: str, rest: str) -> None:
    out = mark(form, opening + rest)
    assert out.startswith(opening)
    assert out.endswith(rest)
    label = out[len(opening) : len(out) - len(rest)]
    assert label.strip() == mark(form, "x")[:-3]
    assert mark(form, out) == out
    assert [(m.where, m.data["match"]) for m in Label({}).detect(out)] == [("start", "label")]


def test_front_matter_reads_as_before() -> None:
    out = mark("markdown", FRONT + "text")
    _, matter, body = out.split("---\n")
    assert yaml.safe_load(matter) == yaml.safe_load(FRONT.split("---\n")[1])
    assert body == "\n> AI生成\n\ntext"


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("markdown", "---\n\na: b\n---\n"),  # a break, a paragraph, a heading
        ("markdown", "---\nA sentence.\n---\n"),
        ("markdown", "----\na: b\n---\n"),
        ("markdown", "---\n- a\n---\n"),
        ("markdown", "---\n# Heading\n---\n"),
        ("markdown", "---\n---\n"),
        ("markdown", "---\na: b\n"),  # without an end
        ("markdown", "- item"),
        ("plain", FRONT),
        ("html", "<p>x</p><html>"),
        ("html", "<header>x</header>"),
        ("html", "a < b"),
        ("html", "<script>x"),
        ("html", "<!-- no page --><b>x</b>"),
        ("html", "<style>p { color: red }</style><p>x</p>"),
    ],
)
def test_what_is_no_opening_comes_behind_the_label(form: str, text: str) -> None:
    assert mark(form, text).endswith(text)
    assert not mark(form, text).startswith(text[0] * 2)
    assert mark(form, text) != text


@settings(max_examples=scaled(300), deadline=None)
@given(
    st.sampled_from(["markdown", "html"]),
    st.lists(st.sampled_from(PIECES), max_size=9).map("".join),
    st.data(),
)
def test_place_does_not_depend_on_cuts(form: str, text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert mark(form, *pieces) == mark(form, text)
    assert mark(form, mark(form, text)) == mark(form, text)


@pytest.mark.parametrize("form", ["markdown", "html"])
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_an_opening_without_an_end_is_not_waited_for(form: str, size: int) -> None:
    text = {"markdown": "---\n" + "key: value\n" * 2000, "html": "<html><style>" + "p{}\n" * 5000}
    marking = Label({"format": form}).open(Request())
    held, out = 0, ""
    for at in range(0, len(text[form]), size):
        out += marking.feed(text[form][at : at + size])
        held = max(held, at if not out else 0)
    assert held <= 16_384 + size
    assert out + marking.finish()[0] == mark(form, text[form])
    assert "AI生成" in out[:400]


def test_nothing_is_held_back_for_an_answer_without_an_opening() -> None:
    for form, text in (("markdown", "# Spring"), ("markdown", "- a"), ("html", "<div>x")):
        marking = Label({"format": form}).open(Request())
        assert text[:5] in marking.feed(text[:5])
