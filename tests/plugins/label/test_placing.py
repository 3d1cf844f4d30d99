"""Where the label goes, when it goes out, and when there is none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark import Mark, MarkError, Message, Request
from chopmark.testing import texts
from chopmark_label import Label

ZH = Request(messages=(Message(role="user", text="写一首诗"),))
EN = Request(messages=(Message(role="user", text="Write a poem"),))
POSITIONS = ("start", "end", "both")
FORMATS = ("plain", "markdown", "html")


def mark(label: Label, text: str, request: Request = ZH) -> tuple[str, list[Mark]]:
    marking = label.open(request)
    out = marking.feed(text)
    tail, marks = marking.finish()
    return out + tail, marks


def test_plain_label_stands_on_its_own_line_before_the_answer() -> None:
    assert mark(Label({}), "春眠不觉晓")[0] == "（AI生成）\n\n春眠不觉晓"


def test_plain_label_stands_on_its_own_line_behind_the_answer() -> None:
    assert mark(Label({"position": "end"}), "春眠不觉晓")[0] == "春眠不觉晓\n\n（AI生成）"


@pytest.mark.parametrize(("ending", "gap"), [("", "\n\n"), ("\n", "\n"), ("\n\n", "")])
def test_end_label_adds_only_the_line_breaks_that_are_missing(ending: str, gap: str) -> None:
    text = "一" + ending
    assert mark(Label({"position": "end"}), text)[0] == text + gap + "（AI生成）"


@pytest.mark.parametrize("form", FORMATS)
def test_start_label_goes_out_with_the_first_text(form: str) -> None:
    marking = Label({"format": form}).open(ZH)
    out = marking.feed("春")
    assert "AI生成" in out
    assert out.endswith("春")
    assert marking.feed("眠") == "眠"


@pytest.mark.parametrize("form", FORMATS)
def test_end_label_holds_nothing_back(form: str) -> None:
    marking = Label({"format": form, "position": "end"}).open(ZH)
    for piece in ("（", "AI", " ", "\n", "> ", "```", "<p"):
        assert marking.feed(piece) == piece


def test_white_space_before_the_answer_waits_for_the_answer() -> None:
    marking = Label({}).open(ZH)
    assert marking.feed("\n \n") == ""
    assert marking.feed("春") == "（AI生成）\n\n\n \n春"


def test_only_what_could_be_our_label_is_held_back() -> None:
    marking = Label({}).open(ZH)
    assert marking.feed("（AI") == ""
    assert marking.feed("助手）") == "（AI生成）\n\n（AI助手）"


def test_hold_back_is_never_longer_than_the_longest_label() -> None:
    label = Label({"format": "html"})
    line = mark(label, "x")[0].split("\n")[0]
    marking = label.open(ZH)
    held = 0
    for at, character in enumerate("<p" + line[2:-1] + "?" + "y"):
        if marking.feed(character):
            held = at
            break
    assert 0 < held <= len(line)


@pytest.mark.parametrize("text", ["", " ", "\n\n"])
@pytest.mark.parametrize("position", POSITIONS)
def test_empty_answer_gets_no_label_and_a_reason(text: str, position: str) -> None:
    out, marks = mark(Label({"position": position}), text)
    assert out == text
    assert marks
    assert all(not m.placed and "empty" in m.reason for m in marks)


def test_answer_that_is_labelled_already_gets_no_second_label() -> None:
    out, marks = mark(Label({}), "（AI生成）\n\n春")
    assert out == "（AI生成）\n\n春"
    assert [(m.placed, m.data["already"]) for m in marks] == [(True, "yes")]


@pytest.mark.parametrize(
    "text", ["AI生成的图片很多", "（AI生成）的意思是", "# AI生成内容标识办法\n"]
)
def test_answer_that_speaks_of_generation_is_not_taken_for_a_labelled_one(text: str) -> None:
    assert mark(Label({}), text)[0] == "（AI生成）\n\n" + text


def test_label_that_is_known_in_another_language_counts() -> None:
    english, _ = mark(Label({}), "a poem", EN)
    assert mark(Label({}), english, ZH)[0] == english


@settings(max_examples=scaled(150), deadline=None)
@given(
    position=st.sampled_from(POSITIONS),
    form=st.sampled_from(FORMATS),
    text=texts(["（AI生成）\n", "> AI生成\n", "```\n", "<!--", "\n\n", "- a\n", "答"]),
)
def test_marking_twice_is_marking_once(position: str, form: str, text: str) -> None:
    label = Label({"position": position, "format": form})
    once, _ = mark(label, text)
    assert mark(label, once)[0] == once


@settings(max_examples=scaled(150), deadline=None)
@given(
    position=st.sampled_from(POSITIONS),
    form=st.sampled_from(FORMATS),
    text=texts(["答", "```\n", "<script>", "\n"]),
)
def test_what_is_placed_is_detected_where_it_is(position: str, form: str, text: str) -> None:
    label = Label({"position": position, "format": form})
    out, marks = mark(label, text)
    found = {m.where for m in label.detect(out) if m.data["match"] == "label"}
    assert {m.where for m in marks if m.placed} <= found


def test_finish_may_be_called_once() -> None:
    marking = Label({}).open(ZH)
    marking.finish()
    with pytest.raises(MarkError, match="finished"):
        marking.finish()
    with pytest.raises(MarkError, match="finished"):
        marking.feed("x")


@pytest.mark.parametrize(
    ("request_", "language"),
    [
        (ZH, "zh"),
        (EN, "en"),
        (Request(messages=EN.messages, locale="zh-CN"), "zh"),
        (Request(messages=EN.messages, locale="ZH_hant"), "zh"),
        (Request(messages=ZH.messages, locale="en-GB"), "en"),
        (Request(messages=(*ZH.messages, *EN.messages)), "en"),
        (Request(messages=(*ZH.messages, Message(role="tool", text="rows: 3"))), "zh"),
        (Request(messages=(Message(role="user", text="𠮷?"),)), "zh"),
        (Request(), "zh"),
    ],
)
def test_language_follows_locale_then_last_question(request_: Request, language: str) -> None:
    assert mark(Label({}), "x", request_)[1][0].data["language"] == language


def test_language_may_be_fixed() -> None:
    out, marks = mark(Label({"language": "en"}), "x", ZH)
    assert out == "(AI生成 · AI-generated)\n\nx"
    assert marks[0].data == {
        "standard": "GB 45438-2025",
        "language": "en",
        "wording_ok": "yes",
        "format": "plain",
    }


def test_plain_style_says_that_the_standard_is_not_met() -> None:
    out, marks = mark(Label({"style": "plain"}), "x", EN)
    assert out == "(AI-generated)\n\nx"
    assert marks[0].data["wording_ok"] == "no"
    assert marks[0].data["missing"] == "generation"


LONG = "\n\n".join(f"{n}" * 120 for n in range(5))


@pytest.mark.parametrize("form", ["plain", "markdown"])
def test_a_long_answer_is_labelled_between_its_paragraphs_too(form: str) -> None:
    label = Label({"every": 200, "format": form})
    out, marks = mark(label, LONG)
    line = out.partition("\n")[0]
    assert [part for part in out.split("\n\n") if part == line] == [line] * 3
    assert out.replace(f"{line}\n\n", "") == LONG
    assert [(m.where, m.data.get("count")) for m in marks] == [("start", None), ("middle", "2")]


@given(texts(("AI生成", "> a", "```", "- b")), st.data())
def test_labels_between_paragraphs_do_not_depend_on_cuts(text: str, data: st.DataObject) -> None:
    text = "\n\n".join([text, LONG, text, LONG])
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    label = Label({"every": 200, "format": "markdown", "position": "both"})
    marking = label.open(ZH)
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    out = "".join(map(marking.feed, pieces))
    tail, marks = marking.finish()
    assert (out + tail, marks) == mark(label, text)


def test_no_label_parts_a_list_or_a_code_block() -> None:
    items = "\n\n".join(f"- {'x' * 150}" for _ in range(4))
    code = "```\n" + "\n\n".join("y" * 150 for _ in range(4)) + "\n```"
    label = Label({"every": 200, "format": "markdown"})
    for text in (items, code):
        out, marks = mark(label, text)
        assert out.endswith(text)
        assert [m.where for m in marks] == ["start"]


def test_an_answer_that_is_labelled_already_gets_none_between() -> None:
    once = mark(Label({"every": 200}), LONG)[0]
    assert mark(Label({"every": 200}), once)[0] == once
