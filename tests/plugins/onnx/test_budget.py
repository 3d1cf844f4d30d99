"""Time that is spent ends the judging, and what then happens is in the verdicts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

import chopmark_onnx._shared as shared
from chopmark import Chopmark, Context, Policy, Rules
from chopmark_onnx import OnnxDetector, chopmark_detectors

OUTPUT = Context(direction="output")
SLOW, SLOWER = 600, 2200  # a window takes 3 ms, or 120, and more on any machine of these years
TOKENS = 14  # of the text in a window
NO_TIME, ENOUGH = 1, 600_000
texts = st.text(alphabet="ax毒恨怨 。.", max_size=60)


def made(folder: Path, **options: Any) -> OnnxDetector:
    policy = Policy(name="test").with_options(
        "onnx", model=str(folder), **{"cache": 0, "granularity": "whole", **options}
    )
    [detector] = chopmark_detectors(policy)
    assert isinstance(detector, OnnxDetector)
    return detector


@pytest.fixture(scope="module")
def slow(toy: Any) -> Path:
    path: Path = toy(slow=SLOW, guard={"thresholds": {"strict": {"toxic": 0.9}}})
    return path


@pytest.fixture(scope="module")
def unsure(toy: Any) -> Path:
    path: Path = toy(guard={"unsure": {"toxic": 0.4}})
    return path


def said(detector: Any, text: str) -> list[tuple[str, str, str]]:
    return [(v.category, v.outcome, v.detail) for v in detector.judge(text, OUTPUT)]


def test_what_is_left_when_the_time_is_spent_is_told(slow: Path) -> None:
    detector = made(slow, budget_ms=NO_TIME)
    assert said(detector, "毒" + "a" * 99) == [
        ("toxic", "deny", ""),
        ("unjudged.budget", "deny", "14 of 100 tokens judged within 1 ms"),
    ]
    [_, verdict] = detector.judge(" 毒" + "a" * 99 + "\n", OUTPUT)
    assert (verdict.start, verdict.end) == (1, 101)


def test_a_text_of_which_nothing_is_left_was_in_time(slow: Path) -> None:
    assert said(made(slow, budget_ms=NO_TIME), "a" * TOKENS) == []


@pytest.mark.parametrize(("on_budget", "outcome"), [("warn", "warn"), ("allow", "allow")])
def test_the_policy_says_what_then_happens(slow: Path, on_budget: str, outcome: str) -> None:
    detector = made(slow, budget_ms=NO_TIME, on_budget=on_budget)
    [(category, advised, _)] = said(detector, "a" * 20)
    assert (category, advised) == ("unjudged.budget", outcome)


def test_a_rule_for_unjudged_holds_here_too(slow: Path) -> None:
    policy = Policy(name="test", plugins=("onnx",), rules=Rules(both={"unjudged": "block"}))
    options = {"model": str(slow), "granularity": "whole", "budget_ms": NO_TIME}
    chop = Chopmark(policy.with_options("onnx", **options, on_budget="allow"))
    assert chop.screen("a" * 20).action == "block"


@settings(deadline=None, max_examples=scaled(80))
@given(texts)
def test_with_time_enough_nothing_changes(plain: Path, text: str) -> None:
    limited, free = made(plain, budget_ms=ENOUGH), made(plain)
    assert said(limited, text) == said(free, text)
    assert said(limited.begin(OUTPUT), text) == said(free, text)


def clauses(folder: Path, **options: Any) -> Chopmark:
    policy = Policy(name="test", plugins=("onnx",))
    return Chopmark(policy.with_options("onnx", model=str(folder), cache=0, **options))


def test_all_clauses_of_a_text_share_its_time(slow: Path) -> None:
    chop = clauses(slow, budget_ms=NO_TIME, on_budget="warn")
    text = "a。" + "毒。" * 3
    for _ in range(2):  # and the next text has time of its own
        found = chop.screen(text, direction="output")
        assert found.action == "allow"
        assert [(v.category, text[v.start : v.end]) for v in found.verdicts] == [
            ("unjudged.budget", "毒。")
        ] * 3
    assert found.verdicts[0].detail == "nothing judged, others before it were within 1 ms"


def test_a_text_of_a_thousand_clauses_takes_no_longer_than_it_may(slow: Path) -> None:
    chop = clauses(slow, budget_ms=NO_TIME, on_budget="warn")
    detector = chop.detectors[0]
    network = detector.stages[0].shared.load().network  # type: ignore[attr-defined]
    run, runs = network.run, []
    network.run = lambda ids: runs.append(ids) or run(ids)
    try:
        assert len(chop.screen("a。" * 1000, direction="output").verdicts) == 999
    finally:
        del network.run
    assert len(runs) == 1


def test_what_is_not_judged_in_time_is_not_delivered(slow: Path) -> None:
    chop = clauses(slow, budget_ms=NO_TIME)

    @chop.guard
    def answer(prompt: str) -> Iterator[str]:
        yield from ("我很好。", "毒", "。好")

    got: list[str] = []
    with pytest.raises(Exception, match="against the rules"):
        got.extend(answer("。"))
    assert "".join(got) == "我很好。"


def test_waiting_for_a_stream_and_loading_a_model_cost_nothing(
    toy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    chop = clauses(toy(), budget_ms=250)
    opened = shared.open_scorer

    def slowly(*given: Any) -> Any:
        time.sleep(0.3)
        return opened(*given)

    monkeypatch.setattr(shared, "open_scorer", slowly)
    screen = chop._engine.open_screen(OUTPUT, "")
    screen.feed("a。")
    time.sleep(0.3)
    screen.feed("a。")
    assert screen.verdicts == []


def test_a_second_try_gets_further(slow: Path) -> None:
    detector = made(slow, budget_ms=NO_TIME, cache=2048)
    text = "".join(chr(97 + n % 20) for n in range(40))
    details = set()  # a busy machine may take several tries to one step
    while found := said(detector, text):
        details.add(found[0][2])
    assert details == {f"{n} of 40 tokens judged within 1 ms" for n in (14, 22, 30, 38)}


def test_the_second_model_is_not_asked_when_the_first_took_all_the_time(
    slow: Path, toy: Any
) -> None:
    detector = made(slow, second=str(toy(words={})), unsure=0.4, budget_ms=NO_TIME)
    assert said(detector, "x") == [
        ("toxic", "warn", ""),
        ("unjudged.budget", "deny", "judged by the first model alone within 1 ms"),
    ]


def test_of_a_second_model_without_time_only_what_is_higher_counts(unsure: Path, toy: Any) -> None:
    second = toy(slow=SLOWER, words={"x": (-6.0, -6.0, -6.0), "恨": (-6.0, 4.0, -6.0)})
    detector = made(unsure, second=str(second), budget_ms=100)
    found = detector.judge("x恨" + "a" * 98, OUTPUT)
    assert [(v.category, v.score) for v in found] == [
        ("toxic", 0.8808), ("hate", 0.9975), ("unjudged.budget", 1.0),
    ]  # fmt: skip
    assert found[-1].detail == "14 of 100 tokens judged within 100 ms"


def test_a_text_that_is_too_long_by_any_time_is_denied_as_ever(slow: Path) -> None:
    detector = made(slow, budget_ms=NO_TIME, on_budget="allow", max_windows=2)
    assert [f[:2] for f in said(detector, "a" * 100)] == [
        ("unjudged", "deny"), ("unjudged.budget", "allow"),
    ]  # fmt: skip


def test_encoding_is_part_of_the_time(slow: Path) -> None:
    [(category, _, detail)] = said(made(slow, budget_ms=0.001), "ab" + "a" * 100_000)
    assert category == "unjudged.budget"
    assert detail == "14 of at least 2048 tokens judged within 0.001 ms"


def test_the_version_says_that_time_matters(plain: Path) -> None:
    versions = {
        made(plain, **options).version
        for options in ({}, {"budget_ms": 5}, {"budget_ms": 5, "on_budget": "warn"})
    }
    assert len(versions) == 3
