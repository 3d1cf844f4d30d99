"""What two texts have in common is told as it is: the same characters, in both, and none twice."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopmark_log._find_spans import Compared, Span

CHINESE = "春眠不觉晓处闻啼鸟夜来风雨声花落知多少白日依山尽黄河入海流欲穷千里目更上一层楼"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
some = st.text(st.sampled_from("春夏秋冬abcd"), max_size=60)
runs = st.text(st.sampled_from(CHINESE + LETTERS), min_size=16, max_size=40)


def edited(text: str, rate: float, seed: int) -> str:
    chance, made = random.Random(seed), []
    for one in text:
        if chance.random() < rate:
            made += chance.choice([[], [chance.choice(text)], [one, chance.choice(text)]])
        else:
            made.append(one)
    return "".join(made)


def spans_of(left: str, right: str) -> list[Span]:
    return Compared(left).spans(right)


def words(alphabet: str, count: int, seed: int = 1) -> str:
    chance = random.Random(seed)
    return "".join(chance.choice(alphabet) for _ in range(count))


@given(some, some, runs, some, some)
def test_what_is_told_to_be_the_same_is(a: str, b: str, run: str, c: str, d: str) -> None:
    left, right = a + run + b, c + run + d
    spans = spans_of(left, right)
    taken: set[int] = set()
    for span in spans:
        for one in span.runs:
            assert left[one.left :][: one.length] == right[one.right :][: one.length]
            assert not taken & set(range(one.left, one.left + one.length))
            taken |= set(range(one.left, one.left + one.length))
        assert span.score <= span.matched
    assert spans
    assert spans[0].matched >= 8


@given(some, some)
def test_texts_without_a_gram_in_common_have_no_span(left: str, right: str) -> None:
    assert all(left[n : n + 7] not in right for n in range(len(left) - 6)) <= (
        spans_of(left, right) == []
    )


@pytest.mark.parametrize("alphabet", [CHINESE, LETTERS])
def test_a_text_with_a_tenth_of_it_edited_is_one_span(alphabet: str) -> None:
    text = words(alphabet, 400)
    best = spans_of(edited(text, 0.1, 2), text)[0]
    assert best.matched > 280
    assert best.score > 240


def test_two_parts_that_changed_places_are_two_spans() -> None:
    first, second = words(LETTERS, 60, 1), words(LETTERS, 50, 2)
    spans = spans_of(second + first, first + second)
    assert [(one.left, one.right) for one in spans] == [((50, 110), (0, 60)), ((0, 50), (60, 110))]


def test_what_lies_far_between_two_runs_is_weighed_against_them() -> None:
    text = words(LETTERS, 90)
    apart = text[:30] + words(LETTERS, 24, 5) + text[30:60]
    span = spans_of(apart, text[:60])[0]
    assert (span.matched, span.score) == (60, 60 - 24 / 2)


def test_a_text_that_repeats_itself_is_the_same_as_itself() -> None:
    (span,) = spans_of("ab" * 1500, "ab" * 1500)
    assert (span.left, span.right, span.matched) == ((0, 3000), (0, 3000), 3000)


def test_nothing_has_nothing_in_common() -> None:
    assert spans_of("", "abc") == spans_of("abc", "") == spans_of("a", "a") == []


@pytest.mark.parametrize("of", ["ab", "abcdefghijklmno"])
def test_a_text_that_repeats_itself_takes_no_longer_than_its_length_says(of: str) -> None:
    took = []
    for length in (5_000, 40_000):
        left, right = of * (length // len(of)), of * (length // len(of) // 10)
        times = []
        for _ in range(3):  # the least of them: one may be disturbed
            start = time.process_time()
            assert spans_of(left, right)
            times.append(time.process_time() - start)
        took.append(min(times))
    assert took[1] < 40 * took[0]  # eight times as long a text; by its square it were 64
