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
    "小学生", "我女儿", "幼儿园", "小妹妹", "刚上初二", "she is fifteen, he is forty",
    "aged twelve", "she's just sixteen", "He’s only thirteen.", "turned fourteen in May",
    "we were fifteen and in love", "a girl of fourteen", "age: 16", "aged nine and ten", "13f",
    "13F, Ohio", "15m here", "12/f", "14 f", "a girl in year 7", "the year 9 pupils",
    "Year 8 students", "in yr 10", "under 18", "below the age of sixteen", "she is 15 and tall",
    "未满18岁", "不满十六周岁", "不到17岁", "國中生",
)  # fmt: skip
OTHERS = (
    "a 25-year-old", "she is 40", "aged 18", "nineteen years old", "I'm 30% sure", "is 5 pm",
    "room 15", "12 minutes", "my wife", "two women", "the childish idea", "Jackson", "a song",
    "seasons", "person", "I was 10 minutes late", "chapter 12", "十八岁", "二十五岁",
    "三十岁的人", "五十岁", "12点", "高一点", "妻子", "学生证", "15楼", "最高三倍", "mission",
    "minority", "is 15th", "she is one of us", "he is two hours late", "it was sixteen dollars",
    "she was fifteen minutes early", "aged forty", "aged nineteen", "I was ten feet away",
    "25f", "19m", "f/13", "$13M", "1,300f", "a wall 12 m high", "a 10m sprint", "15m followers",
    "in year 2000", "the year 12 BC", "in year 3 of the marriage", "under 180 euros", "100m",
    "they are seven people", "twelve percent", "未满三十", "M16",
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
        started = time.process_time()
        mentions_minor(text)
        return time.process_time() - started

    # Eight times the text: a quadratic search would take 64 times as long, each time.
    assert any(took(20_000) < 30 * took(2_500) + 0.01 for _ in range(5))


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


@pytest.mark.parametrize("heads", [{"sexual": ""}, {"sexual": "adult"}])
def test_what_a_policy_calls_the_label_does_not_matter(toy: Any, heads: dict[str, str]) -> None:
    folder = str(toy(labels=("sexual", "hate", "threat")))
    policy = Policy(name="test").with_options("onnx", model=folder, heads=heads)
    (detector,) = chopmark_detectors(policy)
    context = Context(direction="output")
    found = {v.category: v.outcome for v in detector.judge("a 15-year-old 毒", context)}
    assert found["sexual_minors"] == "deny"
    assert {v.category for v in detector.judge("毒", context)} == {*heads.values()} - {""}
    assert "" not in detector.categories
    _, scores = detector.judge_with_scores("毒", context)
    assert {*scores} == {*detector.categories}


@pytest.mark.parametrize("heads", [{"sexual": ""}, {}])
def test_the_second_model_has_the_last_word_on_what_is_sexual(
    toy: Any, heads: dict[str, str]
) -> None:
    labels = ("sexual", "hate", "threat")
    first = str(toy(labels=labels))
    second = str(toy(labels=labels, words={"毒": (-6.0, -6.0, -6.0), "怨": (6.0, -6.0, -6.0)}))
    options = {"model": first, "second": second, "unsure": 0.4, "heads": heads}
    policy = Policy(name="test").with_options("onnx", **options)
    (detector,) = chopmark_detectors(policy)
    context = Context(direction="output")
    found = {text: detector.judge(text, context) for text in ("13f 毒", "13f 怨")}
    assert "sexual_minors" not in {v.category for v in found["13f 毒"]}
    assert "sexual_minors" in {v.category for v in found["13f 怨"]}
