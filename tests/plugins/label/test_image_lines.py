"""Lines of a label break where readers expect it, and never inside what the standard asks for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopmark_label import check_wording
from chopmark_label._image_lines import break_text
from chopmark_label._wording import DEFAULTS

WORDS = sorted({text for wordings in DEFAULTS.values() for text in wordings.values()})

PIECES = ("AI", "生成", "合成", "人工智能", "图", "片", "by ", " · ", "-", "（", "）", "a")


def width(text: str) -> float:
    """Chinese characters are twice as wide as letters."""
    return sum(1 + (ord(c) > 0x2E80) for c in text)


@pytest.mark.parametrize(
    ("text", "limit", "lines"),
    [
        ("AI生成 · AI-generated", 30, ("AI生成 · AI-generated",)),
        ("AI生成 · AI-generated", 15, ("AI生成", "AI-generated")),
        ("AI生成 · Wygenerowane przez AI", 25, ("AI生成", "Wygenerowane przez AI")),
        ("AI生成 · Wygenerowane przez AI", 15, ("AI生成", "Wygenerowane", "przez AI")),
        ("AI生成 · AI-generated", 10, ("AI生成", "AI-", "generated")),
        ("内容由人工智能生成", 12, ("内容由", "人工智能生成")),
        ("内容由人工智能生成", 9, ("内容由", "人工智能", "生成")),
        ("本图片（由AI生成）。", 12, ("本图片（由", "AI生成）。")),
    ],
)
def test_lines_break_between_parts_then_words_then_characters(
    text: str, limit: int, lines: tuple[str, ...]
) -> None:
    found = break_text(text, width, limit)
    assert lines in found


def test_no_break_comes_before_a_closing_sign_or_behind_an_opening_one() -> None:
    for limit in range(4, 20):
        for lines in break_text("图片（AI生成），画面（合成）。", width, limit):
            assert not any(line[0] in "），。" or line[-1] == "（" for line in lines)


def test_what_cannot_fit_is_not_broken_by_force() -> None:
    assert break_text("人工智能", width, 7) == ()
    assert break_text("AI-generated", width, 5) == ()


@given(
    text=st.one_of(
        st.sampled_from(WORDS),
        st.lists(st.sampled_from(PIECES), min_size=1, max_size=14).map("".join),
    )
    .map(str.strip)
    .filter(bool),
    limit=st.integers(2, 40),
)
def test_lines_fit_and_say_what_the_text_says(text: str, limit: int) -> None:
    for lines in break_text(text, width, limit):
        assert all(width(line) <= limit for line in lines)
        gone = " ·|/・"
        assert [c for line in lines for c in line if c not in gone] == [
            c for c in text if c not in gone
        ]
        for element in ("人工智能", "生成", "合成"):
            assert sum(line.count(element) for line in lines) == text.count(element)


@given(text=st.sampled_from(WORDS), limit=st.integers(9, 40))
def test_a_broken_label_still_has_the_elements_that_the_whole_one_has(
    text: str, limit: int
) -> None:
    for lines in break_text(text, width, limit):
        assert check_wording("\n".join(lines)) == check_wording(text)


@given(text=st.sampled_from(WORDS), limit=st.integers(5, 40), more=st.integers(1, 10))
def test_more_room_never_needs_more_lines(text: str, limit: int, more: int) -> None:
    narrow, wide = break_text(text, width, limit), break_text(text, width, limit + more)
    if narrow:
        assert len(wide[-1]) <= len(narrow[-1])
