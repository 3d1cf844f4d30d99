"""A model that labels tokens: spans in the text, whatever the tokenizer and the windows are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark import Chopmark, Context, ModelError, Policy, PolicyError, Rules
from chopmark.testing import DetectorContract
from chopmark_onnx import OnnxDetector, TokenDetector, chopmark_detectors
from chopmark_onnx._entities import Entity, Token, join, read_tag

OUTPUT = Context(direction="output")
LABELS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")


def row(label: str, value: float = 6.0) -> list[float]:
    return [value if name == label else 0.0 for name in LABELS]


# 李 begins a name and 华 goes on with one; 杭 and 州 are a place.
WORDS: Mapping[str, Sequence[float]] = {
    "李": row("B-PER"),
    "华": row("I-PER", 3.0),
    "杭": row("B-LOC"),
    "州": row("I-LOC"),
    "x": row("B-PER", 1.0),
}
CONFIG = {"architectures": ["BertForTokenClassification"]}


@pytest.fixture(scope="module")
def names(toy: Any) -> Path:
    folder: Path = toy(
        labels=LABELS, words=WORDS, base=row("O"), problem=None, every_token=True, config=CONFIG
    )
    return folder


def detector(folder: Path, **options: Any) -> Any:
    [made] = chopmark_detectors(
        Policy(name="test").with_options("onnx", model=str(folder), **options)
    )
    return made


def spans(folder: Path, text: str, **options: Any) -> list[tuple[str, str]]:
    found = detector(folder, **options).judge(text, OUTPUT)
    return [(verdict.category, text[verdict.start : verdict.end]) for verdict in found]


class TestTokenContract(DetectorContract):
    finds = ("我你李华。", "天气。在杭州好。李")
    clean = ("今天天气很好。", "good。")
    examples = scaled(25)

    @pytest.fixture(scope="class")
    @classmethod
    def detector(cls, names: Path) -> TokenDetector:
        made: TokenDetector = detector(names)
        return made


def test_the_class_in_config_json_decides_what_a_model_is(names: Path, plain: Path) -> None:
    assert isinstance(detector(names), TokenDetector)
    assert isinstance(detector(plain), OnnxDetector)


def test_what_is_named_is_found_where_it_stands(names: Path) -> None:
    assert spans(names, "我的李华 很 杭州。李") == [("PER", "李华"), ("LOC", "杭州"), ("PER", "李")]
    assert spans(names, "李李华") == [("PER", "李"), ("PER", "李华")]
    assert spans(names, "") == spans(names, "  \n") == spans(names, "今天") == []


def test_a_score_is_the_mean_of_the_tokens(names: Path) -> None:
    [found] = detector(names).judge("李华", OUTPUT)
    sure, less = (math.exp(v) / (math.exp(v) + 4) for v in (6.0, 3.0))
    assert found.score == pytest.approx((sure + less) / 2, abs=1e-4)
    assert found.outcome == "warn"


def test_thresholds_and_names_are_the_policys(names: Path) -> None:
    options = {"heads": {"PER": "pii.name", "LOC": ""}, "threshold": {"pii.name": 0.9}}
    found = detector(names, **options)
    assert found.categories == ("pii.name", "unjudged")
    assert [(v.category, v.outcome) for v in found.judge("李，华，杭州", OUTPUT)] == [
        ("pii.name", "deny"),
        ("pii.name", "warn"),
    ]
    assert spans(names, "x") == [("PER", "x")]
    assert spans(names, "x", report_from=0.5) == []


@given(st.text("李华杭州x我你。 ", max_size=60))
def test_windows_do_not_change_what_is_found(names: Path, text: str) -> None:
    # The toy's labels depend on one token each, so that nothing may depend on windows.
    every = [(v.start, v.end, v.category) for v in detector(names).judge(text, OUTPUT)]
    tags = [read_tag(label) for label in LABELS]
    tokens = [Token(n, n + 1, *best(character)) for n, character in enumerate(text)]
    assert every == [(entity.start, entity.end, entity.name) for entity in join(tokens, tags)]


def best(character: str) -> tuple[int, float]:
    numbers = WORDS.get(character, row("O"))
    label = max(range(len(numbers)), key=numbers.__getitem__)
    return label, 1.0


@pytest.mark.parametrize("length", [2047, 2048, 2049, 5000])
def test_names_at_the_border_of_a_piece_are_found_once(names: Path, length: int) -> None:
    text = "好" * (length - 1) + "李华" + "好" * 100 + "杭州"
    assert spans(names, text) == [("PER", "李华"), ("LOC", "杭州")]


def test_a_policy_takes_out_what_is_named_also_in_a_stream(names: Path) -> None:
    policy = Policy(
        name="test",
        plugins=("onnx",),
        rules=Rules(both={"pii.name": "modify"}),
    ).with_options("onnx", model=str(names), heads={"PER": "pii.name"})
    chop = Chopmark(policy)

    @chop.guard
    def answer(prompt: str) -> Any:
        yield from "我是李华。好"

    said = "".join(answer("好"))
    assert "李" not in said
    assert "华" not in said
    assert said.startswith("我是")


def test_labels_of_every_usual_scheme_are_understood() -> None:
    assert read_tag("S-ORG") == ("ORG", True, True)
    assert read_tag("E_ORG") == ("ORG", False, True)
    assert read_tag("M-ORG") == ("ORG", False, False)
    assert read_tag("ORG") == ("ORG", False, False)
    tags = [read_tag(label) for label in ("O", "B-A", "M-A", "E-A", "S-A")]
    tokens = [Token(n, n + 1, label, 0.5) for n, label in enumerate((1, 2, 3, 4, 0, 4))]
    assert join(tokens, tags) == [
        Entity("A", 0, 3, 0.5),
        Entity("A", 3, 4, 0.5),
        Entity("A", 5, 6, 0.5),
    ]


WRONG_OPTIONS: list[tuple[dict[str, Any], str]] = [
    ({"heads": {"B-PER": "name"}}, r"'heads.B-PER'.*there are PER, LOC"),
    ({"threshold": "balanced"}, "has no presets; write a score"),
    ({"threshold": {"per": 0.5}}, r"'threshold.per'.*there are LOC, PER"),
    ({"second": "bundled:base"}, "labels tokens, and a second model"),
]


@pytest.mark.parametrize(("options", "message"), WRONG_OPTIONS, ids=str)
def test_options_that_mean_nothing_here_are_refused(
    names: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(PolicyError, match=message):
        detector(names, **options)


def test_a_network_that_labels_whole_texts_is_told_from_its_config(toy: Any) -> None:
    folder = toy(labels=LABELS, words=WORDS, base=row("O"), config=CONFIG)
    with pytest.raises(ModelError, match=r"wanted is \[1, 3, 5\].*says that it labels tokens"):
        detector(folder).judge("李", OUTPUT)


def test_time_that_is_spent_is_told(names: Path) -> None:
    found = detector(names, budget_ms=1e-6, on_budget="block").judge("李华" * 40, OUTPUT)
    assert found[-1].category == "unjudged.budget"
    assert found[-1].outcome == "deny"
    assert found[0].category == "PER"
