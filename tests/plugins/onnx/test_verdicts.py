"""What the detector says, and where."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark import Chopmark, Context, ModelError, Policy, Rules
from chopmark.hookspecs import Detector
from chopmark_onnx import chopmark_detectors

OUTPUT = Context(direction="output")
P2, P6 = round(1 / (1 + math.exp(-2)), 4), round(1 / (1 + math.exp(-6)), 4)


def made(folder: Path, **options: Any) -> Detector:
    policy = Policy(name="test", plugins=("onnx",)).with_options(
        "onnx", model=str(folder), **options
    )
    [detector] = chopmark_detectors(policy)
    return detector


def found(detector: Detector, text: str) -> list[tuple[str, str, float, str]]:
    return [
        (v.category, v.outcome, v.score, text[v.start : v.end])
        for v in detector.judge(text, OUTPUT)
    ]


def test_over_the_strict_threshold_it_advises_to_deny_and_below_to_warn(plain: Path) -> None:
    detector = made(plain)
    assert found(detector, "我毒") == [("toxic", "deny", P6, "我毒")]
    assert found(detector, "我x") == [("toxic", "warn", P2, "我x")]


def test_a_label_without_threshold_only_warns(plain: Path) -> None:
    assert found(made(plain), "恨") == [("hate", "warn", P6, "恨")]


def test_one_text_may_have_several_categories(plain: Path) -> None:
    assert {c for c, *_ in found(made(plain), "毒恨")} == {"toxic", "hate"}


def test_the_span_leaves_out_the_white_space_around(plain: Path) -> None:
    assert found(made(plain), " \n　我毒\t ")[0][3] == "我毒"


def test_white_space_around_does_not_change_the_score(plain: Path) -> None:
    detector = made(plain)
    assert found(detector, "\n x ") == found(detector, "x")


def test_below_the_floor_there_is_no_verdict(plain: Path) -> None:
    assert found(made(plain), "怨") == [("toxic", "warn", 0.5, "怨")]
    assert found(made(plain, report_from=0.51), "怨") == []
    assert len(found(made(plain, report_from=0.0), "好")) == 3


def test_the_floor_does_not_hide_what_is_to_be_denied(plain: Path) -> None:
    assert found(made(plain, report_from=0.9, threshold=0.4), "怨")[0][:2] == ("toxic", "deny")


def test_the_model_may_set_the_floor(toy: Any) -> None:
    assert found(made(toy(guard={"report_from": 0.6})), "怨") == []


@pytest.mark.parametrize(
    ("threshold", "outcome"),
    [(0.5, "deny"), (0.9, "warn"), ({"toxic": 0.5}, "deny"), ({"hate": 0.5}, "warn")],
)
def test_the_policy_may_set_the_threshold(plain: Path, threshold: object, outcome: str) -> None:
    assert found(made(plain, threshold=threshold), "x")[0][1] == outcome


def test_presets_of_the_model_may_be_named(toy: Any) -> None:
    every = {"toxic": 0.5, "hate": 0.5, "threat": 0.5}
    folder = toy(guard={"thresholds": {"strict": every, "permissive": {**every, "toxic": 0.99}}})
    assert found(made(folder), "x")[0][1] == "deny"
    assert found(made(folder, threshold="permissive"), "x")[0][1] == "warn"


def test_a_temperature_calibrates_each_head(toy: Any) -> None:
    folder = toy(guard={"temperature": {"toxic": 2.0, "hate": 1.0}})
    assert found(made(folder), "x")[0][2] == round(1 / (1 + math.exp(-1)), 4)
    assert found(made(folder), "恨")[0][2] == P6


def test_a_bias_calibrates_what_is_too_rare_or_too_frequent(toy: Any) -> None:
    folder = toy(guard={"temperature": {"toxic": 2.0}, "bias": {"toxic": 0.5}})
    assert found(made(folder), "x")[0][2] == round(1 / (1 + math.exp(-1.5)), 4)
    assert found(made(folder), "恨")[0][2] == P6
    with pytest.raises(ModelError, match=r"'bias'.*stand for themselves"):
        made(toy(problem="single_label_classification", guard={"bias": {"toxic": 0.5}}))


def test_labels_get_the_categories_of_the_policy(plain: Path) -> None:
    heads = {"toxic": "harm.insult", "hate": ""}
    assert [c for c, *_ in found(made(plain, heads=heads), "毒恨")] == ["harm.insult"]


def test_of_two_labels_in_one_category_the_higher_score_counts(plain: Path) -> None:
    detector = made(plain, heads={"hate": "toxic"}, threshold=0.9)
    assert found(detector, "x恨") == [("toxic", "deny", P6, "x恨")]
    assert found(detector, "毒怨") == [("toxic", "deny", P6, "毒怨")]


def test_a_softmax_model_does_not_report_its_benign_label(toy: Any) -> None:
    folder = toy(labels=("toxic", "Not-Toxic", "LABEL_2"), problem=None, base=(-4.0, 4.0, -4.0))
    assert found(made(folder), "好") == []
    [(category, outcome, score, _)] = found(made(folder), "毒")
    assert (category, outcome) == ("toxic", "warn")
    assert score == round(math.exp(6) / (math.exp(6) + math.exp(4) + math.exp(-4)), 4)


def test_unknown_labels_keep_their_names(toy: Any) -> None:
    folder = toy(labels=("S/H", "identity hate", "C"))
    assert [c for c, *_ in found(made(folder), "毒恨")] == ["S/H", "identity hate"]


def test_a_model_with_one_number_is_a_probability_by_itself(toy: Any) -> None:
    folder = toy(labels=("toxic",), columns=1, problem=None)
    assert found(made(folder), "毒") == [("toxic", "warn", P6, "毒")]


@pytest.mark.parametrize("text", ["\ud800毒", "毒\udfff", "\udc00\ud800毒\x00", "😀毒\ud83d"])
def test_lone_surrogates_neither_break_it_nor_move_the_span(plain: Path, text: str) -> None:
    assert found(made(plain), text)[0][3] == text


def test_special_tokens_in_a_text_are_text(plain: Path) -> None:
    # As a token, [SEP] would be one; as text it is five characters and fills half the window.
    detector = made(plain, granularity="whole", max_windows=2)
    assert [c for c, *_ in found(detector, "[SEP]" * 7)] == ["unjudged"]


@pytest.mark.parametrize("text", ["", " \n", "。", "……！！", "\ud800\x00", "\u200b\u200b"])
def test_texts_that_say_nothing_are_not_judged(toy: Any, text: str) -> None:
    assert found(made(toy(base=(9.0, 9.0, 9.0))), text) == []


@pytest.mark.parametrize("text", ["好", "7", "😀", "+"])
def test_everything_else_is(toy: Any, text: str) -> None:
    assert len(found(made(toy(base=(9.0, 9.0, 9.0))), text)) == 3


def test_numbers_that_are_not_finite_fail_loudly(toy: Any) -> None:
    detector = made(toy(flaw=float("nan")))
    with pytest.raises(ModelError, match=r"not finite"):
        detector.judge("好", OUTPUT)


def test_the_version_changes_with_whatever_changes_a_verdict(toy: Any, plain: Path) -> None:
    options: list[dict[str, object]] = [
        {},
        {"threshold": 0.4},
        {"report_from": 0.1},
        {"heads": {"toxic": "rude"}},
        {"max_windows": 9},
    ]
    versions = [made(plain, **chosen).version for chosen in options]
    versions.append(made(toy(words={})).version)
    assert len(set(versions)) == len(versions)
    assert made(plain).version == versions[0]


def test_the_rules_of_the_policy_decide(plain: Path) -> None:
    policy = Policy(
        name="test", plugins=("onnx",), rules=Rules(both={"toxic": {"block": 0.9, "warn": 0.3}})
    ).with_options("onnx", model=str(plain))
    chop = Chopmark(policy)
    assert chop.screen("你好。我毒。").action == "block"
    assert [v.outcome for v in chop.screen("你好。我x。").verdicts] == ["warn"]


def test_clause_by_clause_only_the_clause_is_named(plain: Path) -> None:
    policy = Policy(name="test", plugins=("onnx",), rules=Rules(both={"toxic": "warn"}))
    chop = Chopmark(policy.with_options("onnx", model=str(plain)))
    text = "今天天气很好。我毒！ 你们的。"
    found = chop.screen(text, direction="output").verdicts
    assert [text[v.start : v.end] for v in found] == ["我毒！"]


def test_a_request_is_judged_whole(plain: Path) -> None:
    policy = Policy(name="test", plugins=("onnx",), rules=Rules(both={"toxic": "warn"}))
    chop = Chopmark(policy.with_options("onnx", model=str(plain)))
    text = "今天天气很好。我毒！ 你们的。" * 60
    (verdict,) = chop.screen(text).verdicts
    assert (verdict.start, verdict.end) == (0, len(text))


def test_whole_is_whole(plain: Path) -> None:
    policy = Policy(name="test", plugins=("onnx",), rules=Rules(both={"toxic": "warn"}))
    chop = Chopmark(policy.with_options("onnx", model=str(plain), granularity="whole"))
    text = "今天天气很好。我毒！ 你们的。"
    assert [text[v.start : v.end] for v in chop.screen(text).verdicts] == [text]


@settings(deadline=None, max_examples=scaled(100))
@given(st.text(max_size=80))
def test_any_text_is_judged_and_finds_are_never_lost(plain: Path, text: str) -> None:
    detector = made(plain)
    assert not {c for c, *_ in found(detector, text)} - {"toxic"}
    assert ("toxic", "deny") in [f[:2] for f in found(detector, text + "毒")]


def test_scores_below_the_report_are_told_without_running_it_twice(toy: Any) -> None:
    detector = made(toy(), cache=0, heads={"threat": ""})
    network = detector.stages[0].shared.load().network  # type: ignore[attr-defined]
    run, runs = network.run, []
    network.run = lambda ids: runs.append(ids) or run(ids)
    try:
        verdicts, scores = detector.judge_with_scores("x怨", OUTPUT)  # type: ignore[attr-defined]
    finally:
        del network.run
    assert len(runs) == 1
    assert verdicts == detector.judge("x怨", OUTPUT)
    assert scores == {"toxic": P2, "hate": round(1 - P6, 4), "unjudged": 0.0}
    assert detector.judge_with_scores(" 。", OUTPUT)[1] == dict.fromkeys(scores, 0.0)  # type: ignore[attr-defined]


def test_a_text_with_gaps_is_scored_as_unjudged(plain: Path) -> None:
    detector = made(plain, granularity="whole", max_windows=2)
    assert detector.judge_with_scores("a" * 100, OUTPUT)[1]["unjudged"] == 1.0  # type: ignore[attr-defined]
