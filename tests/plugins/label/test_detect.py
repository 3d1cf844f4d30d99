"""Labels are found at both ends: ours exactly, others by the two elements."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopmark_label import Label

LABEL = Label({"text": {"zh": "本文由人工智能合成"}})
PLAIN = "这里没有别的内容。" * 20


def found(text: str) -> list[tuple[str, str]]:
    return [(m.where, m.data["match"]) for m in LABEL.detect(text)]


@pytest.mark.parametrize(
    "line",
    [
        "（AI生成）",
        "（本文由人工智能合成）",
        "(AI生成 · AI-generated)",
        "(AI-generated)",
        "> AI生成",
        "> 本文由人工智能合成",
        "> AI-generated",
    ],
)
def test_every_wording_in_every_format_is_found_at_both_ends(line: str) -> None:
    assert found(f"{line}\n\n{PLAIN}") == [("start", "label")]
    assert found(f"{PLAIN}\n\n{line}\n") == [("end", "label")]
    assert found(f"\n{line}\n{PLAIN}\n{line}") == [("start", "label"), ("end", "label")]


@pytest.mark.parametrize("text", ["本内容由 AI 生成：", "【人工智能 合成】", "ai\n生\n成，"])
def test_other_labels_are_found_by_their_elements(text: str) -> None:
    assert found(text + PLAIN) == [("start", "elements")]
    assert found(PLAIN + text) == [("end", "elements")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "AI",
        PLAIN,
        "He said that 生成 is a word.",
        "一" * 62 + "AI生成" + "一" * 62,
        "AI" + "一" * 70 + "生成" + "一" * 62,
    ],
)
def test_text_without_a_label_has_none(text: str) -> None:
    assert found(text) == []


def test_one_short_label_is_found_once() -> None:
    assert found("（AI生成）") == [("start", "label")]
    assert found("由AI生成") == [("start", "elements")]


def test_line_that_goes_on_is_no_label_of_ours() -> None:
    assert found("（AI生成）的意思" + PLAIN) == [("start", "elements")]


def test_raw_html_label_is_seen_by_a_verifier_that_looks_at_64_characters() -> None:
    from chopmark_label import html_fragment

    fragment = html_fragment("zh").replace("chopmark-label", "other")
    assert found(fragment + PLAIN) == [("start", "elements")]
    assert found(PLAIN + fragment) == [("end", "elements")]


@given(st.text())
def test_any_text_can_be_looked_at(text: str) -> None:
    assert len(found(text)) <= 2


def test_labels_between_paragraphs_are_found_as_one_mark() -> None:
    [mark] = LABEL.detect(f"{PLAIN}\n\n（AI生成）\n\n{PLAIN}\r\n\r\n  > AI生成 \r\n\r\n{PLAIN}")
    assert (mark.where, mark.data["match"], mark.data["count"]) == ("middle", "label", "2")
    assert found(f"{PLAIN}\n他写道（AI生成）。\n{PLAIN}") == []


@pytest.mark.parametrize(
    ("text", "wording"),
    [
        (f"（AI生成）\n{PLAIN}", "AI生成"),
        (f"本文由 AI 合成。{PLAIN}", "本文由AI合成。这里没有别的内"),
        (f"{PLAIN}疑似由人工智能生成", "疑似由人工智能生成"),
    ],
)
def test_a_mark_says_in_which_words(text: str, wording: str) -> None:
    [mark] = LABEL.detect(text)
    assert mark.data["wording"].endswith(wording)
