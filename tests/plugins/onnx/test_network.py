"""Which networks can be used, and what is said of the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chopmark import Context, ModelError, Policy, Verdict
from chopmark_onnx import chopmark_detectors

OUTPUT = Context(direction="output")
TEXTS = ("毒", "好", "我x。", "a" * 30 + "恨")


def verdicts(folder: Path, **options: Any) -> list[list[Verdict]]:
    policy = Policy(name="test").with_options("onnx", model=str(folder), **options)
    [detector] = chopmark_detectors(policy)
    return [list(detector.judge(text, OUTPUT)) for text in TEXTS]


@pytest.mark.parametrize(
    "network",
    [
        {"kind": "int32"},
        {"types": True},
        {"length": 16},
        {"length": 16, "batch": 1, "kind": "int32", "types": True},
        {"length": 9},
        {"output": "scores"},
    ],
    ids=str,
)
def test_every_usual_form_of_export_gives_the_same(toy: Any, network: dict[str, Any]) -> None:
    expected = verdicts(toy())
    assert [bool(found) for found in expected] == [True, False, True, True]
    assert verdicts(toy(**network)) == expected


def test_more_threads_give_the_same(toy: Any) -> None:
    assert verdicts(toy(), threads=2) == verdicts(toy())


WRONG = [
    ({"every_token": True}, r"of shape \[1, 3, 3\].*this is an embedding model, or one that"),
    ({"columns": 384}, r"shape \[1, 384\] \(float32\), wanted is \[1, 3\].*`id2label`"),
    ({"columns": 2}, r"shape \[1, 2\] \(float32\), wanted is \[1, 3\]"),
    ({"other": "pixel_values"}, "takes 'pixel_values', which text does not give"),
    ({"kind": "float"}, r"takes 'input_ids' as tensor\(float\); it may be tensor\(int64\)"),
    ({"batch": 4}, "takes 4 texts at once; export it with a dynamic batch"),
    ({"length": 2}, "has no room beside 2 special tokens"),
]  # fmt: skip


@pytest.mark.parametrize(("network", "message"), WRONG, ids=lambda value: str(value)[:40])
def test_what_is_no_text_classifier_is_refused(
    toy: Any, network: dict[str, Any], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        verdicts(toy(**network), warm_up=True)


def test_the_reason_is_logged_once_and_raised_every_time(
    toy: Any, caplog: pytest.LogCaptureFixture
) -> None:
    policy = Policy(name="test").with_options("onnx", model=str(toy(columns=7)))
    [detector] = chopmark_detectors(policy)
    for _ in range(3):
        with pytest.raises(ModelError, match="wanted is"):
            detector.judge("毒", OUTPUT)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "shape [1, 7]" in caplog.text


def test_a_prefix_goes_before_every_window(toy: Any) -> None:
    # The prefix alone is over the threshold, so that every window that has it is.
    [found, *_] = verdicts(toy(guard={"prefix": "x. "}))
    assert [v.category for v in found] == ["toxic"]
    [_, clean, *_] = verdicts(toy(guard={"prefix": "a: "}))
    assert clean == []
    assert all(verdicts(toy(guard={"prefix": "毒 "})))
