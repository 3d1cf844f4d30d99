"""What a screening says of every category, reported or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chopmark import Chopmark, Context, Needs, Policy, RequestError, Rules, Verdict, hookimpl
from chopmark._scored import screen_scored


class Letters:
    """Scores a text by its highest digit; what is under 5 is no verdict, 9 is denied."""

    name, version, blocking = "letters", "1", False
    needs = Needs.clause()
    categories = ("digit", "never")

    def __init__(self) -> None:
        self.judged: list[str] = []

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        return self.judge_with_scores(text, context)[0]

    def judge_with_scores(
        self, text: str, context: Context
    ) -> tuple[Sequence[Verdict], Mapping[str, float]]:
        self.judged.append(text)
        score = max((int(c) / 10 for c in text if c in "0123456789"), default=0.0)
        outcome = "deny" if score == 0.9 else "warn"
        found = Verdict(
            category="digit", start=0, end=len(text), score=score, outcome=outcome
        )  # fmt: skip
        return ([found] if score >= 0.5 else []), {"digit": score, "never": 0.0}


class Words:
    """Finds a word, in a category narrower than the one that it says it has."""

    name, version, blocking = "words", "1", False
    needs = Needs.window(4)
    categories: ClassVar[Sequence[str]] = ("word",)

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        if context.direction == "output" and context.role != "assistant":
            raise AssertionError(context)
        at = text.find("evil")
        if at < 0:
            return []
        return [Verdict(category="word.bad", start=at, end=at + 4, score=0.75, outcome="warn")]


class Broken:
    name, version, blocking = "broken", "1", False
    needs = Needs.whole()

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        raise RuntimeError("no")


class Plugin:
    def __init__(self, *detectors: object) -> None:
        self.detectors = detectors

    @hookimpl
    def chopmark_detectors(self, policy: Policy) -> Sequence[object]:
        return self.detectors


def made(*detectors: object, **policy: object) -> Chopmark:
    return Chopmark(Policy(name="test", **policy), plugins=[Plugin(*detectors)])  # type: ignore[arg-type]


def scores(chop: Chopmark, text: str) -> Mapping[str, float]:
    return screen_scored(chop, text, "input", "").scores


def test_every_category_has_a_score() -> None:
    chop = made(Letters(), Words())
    assert scores(chop, "nothing") == {"digit": 0.0, "never": 0.0, "word": 0.0}
    assert scores(chop, "") == {"digit": 0.0, "never": 0.0, "word": 0.0}


def test_a_score_too_low_for_a_verdict_is_there() -> None:
    found = screen_scored(made(Letters()), "a 3", "input", "")
    assert found.screening.verdicts == ()
    assert found.scores["digit"] == 0.3


def test_the_highest_of_all_clauses_counts_and_each_is_judged_once() -> None:
    letters = Letters()
    assert scores(made(letters), "1. 4. 2")["digit"] == 0.4
    assert letters.judged == ["1. ", "4. ", "2"]


def test_what_stands_behind_a_denied_clause_counts_too() -> None:
    letters = Letters()
    found = screen_scored(made(letters, Words()), "9. evil", "input", "")
    assert found.screening.action == "block"
    assert [v.category for v in found.screening.verdicts] == ["digit"]
    assert found.scores == {"digit": 0.9, "never": 0.0, "word": 0.75}
    assert letters.judged == ["9. ", "evil"]


def test_a_narrower_category_counts_for_the_broader_one() -> None:
    assert scores(made(Words()), "so evil")["word"] == 0.75


def test_a_category_that_no_detector_announced_is_there_where_it_was_found() -> None:
    class Secretive(Words):
        categories = ()

    assert scores(made(Secretive()), "so evil") == {"word.bad": 0.75}


def test_the_screening_is_that_of_chopmark() -> None:
    chop = made(Letters(), Words(), rules=Rules(both={"word": "modify"}))
    for text in ("", "9", "evil 3. 6", "a. evil. 9. evil"):
        assert screen_scored(chop, text, "input", "").screening == chop.screen(text)


@settings(deadline=None)
@given(st.text(alphabet="19. evil", max_size=40))
def test_the_screening_is_that_of_chopmark_for_any_text(text: str) -> None:
    chop = made(Letters(), Words())
    found = screen_scored(chop, text, "input", "")
    assert found.screening == chop.screen(text)
    for verdict in found.screening.verdicts:
        assert found.scores[verdict.category.partition(".")[0]] >= verdict.score


def test_what_keeps_something_for_each_text_is_begun_once_for_each() -> None:
    class Counting(Letters):
        begun = 0

        def begin(self, context: Context) -> Letters:
            self.begun += 1
            return self

    counting = Counting()
    chop = made(counting)
    for expected in (1, 2):
        scores(chop, "1. 2. 3")
        assert counting.begun == expected


def test_a_detector_that_breaks_is_told() -> None:
    found = screen_scored(made(Broken(), Letters()), "3", "input", "").screening
    assert [f.name for f in found.failures] == ["broken"]
    assert found.action == "block"


def test_an_answer_is_judged_as_one() -> None:
    assert screen_scored(made(Words()), "evil", "output", "").scores == {"word": 0.75}


def test_an_audience_that_the_policy_has_not_is_refused() -> None:
    with pytest.raises(RequestError, match="audience 'nobody' is not in policy"):
        screen_scored(made(Words()), "evil", "input", "nobody")
