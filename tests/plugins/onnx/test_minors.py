"""A mention of a minor is seen by age, school year and words, in both languages."""

import time
from typing import Any

import pytest

from chopmark import Context, Policy
from chopmark_onnx import chopmark_detectors
from chopmark_onnx._minors import mentions_minor

MINORS = (
    "a 15-year-old", "she is 12", "he's only 9", "aged 16", "13 yo", "14 y/o", "twelve years old",
    "seventeen-year-old", "my little sister", "a group of schoolgirls", "the kids", "9th grader",
    "in middle school", "a high-school student", "teenagers", "her stepdaughter", "toddler",
    "十五岁", "她才12岁", "九岁的", "十七周岁", "未成年人", "初中生", "高一女生", "三年级",
    "小学生", "我女儿", "幼儿园", "小妹妹", "刚上初二",
)  # fmt: skip
OTHERS = (
    "a 25-year-old", "she is 40", "aged 18", "nineteen years old", "I'm 30% sure", "is 5 pm",
    "room 15", "12 minutes", "my wife", "two women", "the childish idea", "Jackson", "a song",
    "seasons", "person", "I was 10 minutes late", "chapter 12", "十八岁", "二十五岁",
    "三十岁的人", "五十岁", "12点", "高一点", "妻子", "学生证", "15楼", "最高三倍", "mission",
    "minority", "is 15th",
)  # fmt: skip


@pytest.mark.parametrize("text", MINORS)
def test_a_minor_is_seen(text: str) -> None:
    assert mentions_minor(text)


@pytest.mark.parametrize("text", OTHERS)
def test_an_adult_or_a_number_is_not_a_minor(text: str) -> None:
    assert not mentions_minor(text)


@pytest.mark.parametrize("evil", ["1", "十", "is ", "grade ", "初", "little ", " ", "高一"])
def test_the_time_grows_with_the_text_alone(evil: str) -> None:
    def took(size: int) -> float:
        text = evil * size
        rounds = []
        for _ in range(5):
            started = time.perf_counter()
            mentions_minor(text)
            rounds.append(time.perf_counter() - started)
        return min(rounds)

    # Eight times the text: a quadratic search would take 64 times as long.
    assert took(40_000) < 30 * took(5_000) + 0.01


def test_what_is_sexual_and_mentions_a_minor_is_denied_whatever_the_threshold(toy: Any) -> None:
    # Neutral stand-ins: the toy model takes a character for what is sexual.
    folder = str(toy(labels=("sexual", "hate", "threat")))
    policy = Policy(name="test").with_options("onnx", model=folder, threshold=0.999)
    (detector,) = chopmark_detectors(policy)
    context = Context(direction="output")
    found = {v.category: v.outcome for v in detector.judge("a 15-year-old 毒", context)}
    assert found["sexual_minors"] == "deny"
    assert found["sexual"] == "warn"
    assert "sexual_minors" not in {v.category for v in detector.judge("毒", context)}
    assert "sexual_minors" not in {v.category for v in detector.judge("a 15-year-old", context)}
    assert "sexual_minors" in detector.categories
