"""The options in a policy: what they may be, and what is said where they are wrong."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

import chopmark_models
from chopmark import Chopmark, Context, Policy, PolicyError
from chopmark.hookspecs import Detector, Needs
from chopmark_onnx import chopmark_detectors

OUTPUT = Context(direction="output")


def detectors(**options: Any) -> list[Detector]:
    return list(chopmark_detectors(Policy(name="test").with_options("onnx", **options)))


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"modle": "x"}, r"'modle' is not known \(did you mean 'model'\?\); there are"),
    ({"model": ""}, "option 'model' = '': write a folder"),
    ({"model": 3}, "option 'model' = 3"),
    ({"model": "https://example.org/m"}, "nothing is fetched; copy the model here"),
    ({"model": "hf://a/b"}, "nothing is fetched"),
    ({"models": []}, "write a list of tables"),
    ({"models": "toy"}, "write a list of tables"),
    ({"models": ["toy"]}, r"option 'models\[0\]' = 'toy': write a list of tables"),
    ({"models": [{}]}, "has no `path`"),
    ({"models": [{"path": "toy", "warm_up": True}]}, r"'models\[0\].warm_up' is not known"),
    ({"models": [{"path": "toy", "name": ""}]}, r"'models\[0\].name' = ''"),
    ({"models": [{"path": "toy"}, {"path": "toy"}]}, r"'models\[1\].name' = 'toy': two models"),
    ({"models": [{"path": "toy"}], "sha256": "0" * 64}, "in the entry of `models`"),
    ({"models": [{"path": "toy"}], "model": "toy"}, "write `model` or `models`, not both"),
    ({"threads": 0}, "'threads' = 0: write a whole number from 1 to 64"),
    ({"threads": True}, "'threads' = True"),
    ({"models": [{"path": "toy"}], "threads": 0}, "option 'threads' = 0"),
    ({"threads": "2"}, "'threads' = '2'"),
    ({"cache": -1}, "'cache' = -1: write a whole number from 0 to 1000000"),
    ({"providers": "CUDA"}, "'providers' = 'CUDA': write a list of names"),
    ({"providers": ["CPU", ""]}, "write a list of names"),
    ({"warm_up": 1}, "write true or false"),
    ({"granularity": "word"}, "write one of clause, whole"),
    ({"report_from": 2}, "write a score from 0 to 1"),
    ({"report_from": float("nan")}, "write a score from 0 to 1"),
    ({"report_from": "low"}, "write a score from 0 to 1"),
    ({"max_windows": 1}, "write a whole number from 2"),
    ({"sha256": "abc"}, "64 hexadecimal digits"),
    ({"threshold": 1.5}, "write a score from 0 to 1"),
    ({"threshold": []}, "write a score from 0 to 1"),
    ({"threshold": {"toxic": "high"}}, "'threshold.toxic' = 'high'"),
    ({"threshold": "balancd"}, "one of strict, balanced, permissive"),
    ({"threshold": "balanced"}, "guard.json has no such threshold for 'toxic'"),
    ({"threshold": {"rude": 0.5}}, "no such category; there are hate, threat, toxic"),
    ({"heads": ["toxic"]}, "write a table"),
    ({"heads": {"toxic": 1}}, "'heads.toxic' = 1: write a category"),
    ({"heads": {"toxic": "harm."}}, "write a category"),
    ({"heads": {"rude": "toxic"}}, "no such label; there are toxic, hate, threat"),
    ({"heads": {"toxic": "", "hate": "", "threat": ""}}, "none of toxic, hate, threat"),
    ({"budget_ms": 0}, "'budget_ms' = 0: write a number over 0"),
    ({"budget_ms": float("nan")}, "write a number over 0"),
    ({"budget_ms": "50"}, "write a number over 0"),
    ({"on_budget": "warn"}, "there is no `budget_ms`"),
    ({"budget_ms": 5, "on_budget": "deny"}, "write one of block, allow, warn"),
    ({"unsure": 0.5}, "'unsure' = 0.5: there is no `second` model"),
    ({"second_sha256": "0" * 64}, "there is no `second` model"),
    ({"second": 3}, "'second' = 3: write a folder"),
    ({"second": "https://example.org/m"}, "nothing is fetched"),
    ({"second": "toy"}, "'second' = '.*toy': it is the first model"),
    ({"second": "other"}, r"never be asked, since guard\.json .*write .*unsure = 0\.2"),
    ({"second": "other", "unsure": "low"}, "'unsure' = 'low': write a score .*or a table"),
    ({"second": "other", "unsure": {"toxic": 2}}, "'unsure.toxic' = 2: write a score"),
    ({"second": "other", "unsure": {"rude": 0.5}}, "'unsure.rude'.*there are hate, threat, toxic"),
    ({"second": "other", "unsure": 0.5, "heads": {"rude": ""}}, "'.*toy' or '.*other' has no"),
    ({"second": "stranger", "unsure": 0.5}, "it has spam, and nothing .* hate, threat, toxic"),
    ({"second": "other", "second_sha256": "1"}, "64 hexadecimal digits"),
]


@pytest.fixture(scope="module")
def others(toy: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the models `other` and `stranger`."""
    folder = tmp_path_factory.mktemp("others")
    shutil.copytree(toy(words={}), folder / "other")
    shutil.copytree(toy(labels=("spam",), columns=1), folder / "stranger")
    return folder


@pytest.mark.parametrize(("options", "message"), WRONG, ids=lambda value: str(value)[:50])
def test_a_wrong_option_is_named_with_its_cure(
    plain: Path, others: Path, options: dict[str, Any], message: str, tmp_path: Path
) -> None:
    shutil.copytree(plain, tmp_path / "toy")
    shutil.copytree(others, tmp_path, dirs_exist_ok=True)
    policy = Policy(name="test", folder=str(tmp_path))
    chosen = {"model": "toy", **options} if "models" not in options else options
    with pytest.raises(PolicyError, match=message) as raised:
        chopmark_detectors(policy.with_options("onnx", **chosen))
    assert str(raised.value).startswith("plugin 'onnx', option ")


def test_a_relative_path_starts_from_the_folder_of_the_policy(plain: Path, tmp_path: Path) -> None:
    shutil.copytree(plain, tmp_path / "models" / "mine")
    file = tmp_path / "policy.toml"
    file.write_text('plugins = ["onnx"]\n[settings.onnx]\nmodel = "models/mine"\n', "utf-8")
    [detector] = Chopmark(file).detectors
    assert detector.name == "onnx"
    assert len(detector.judge("毒", OUTPUT)) == 1


@pytest.mark.skipif(os.name == "nt", reason="HOME is not where Windows looks")
def test_a_path_may_start_at_home(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    shutil.copytree(plain, tmp_path / "mine")
    assert len(detectors(model="~/mine")) == 1


@pytest.mark.skipif(not chopmark_models.names(), reason="no model is bundled in this checkout")
def test_without_options_the_larger_bundled_model_reads_messages_and_the_small_one_clauses() -> (
    None
):
    [detector] = detectors()
    assert (detector.name, detector.needs, detector.blocking) == ("onnx", Needs.clause(), True)
    [named] = detectors(
        model="bundled:small", second="bundled:base", second_reads="whole", threshold="balanced"
    )
    assert detector.version == named.version


def test_several_models_have_names_and_options_of_their_own(plain: Path, toy: Any) -> None:
    other = toy()
    first, second = detectors(
        models=[
            {"path": str(plain), "name": "a", "heads": {"toxic": "insult"}},
            {"path": str(other), "granularity": "whole", "report_from": 0.0},
        ],
        report_from=0.9,
        threshold=0.95,
    )
    assert (first.name, first.needs) == ("onnx:a", Needs.clause())
    assert (second.name, second.needs) == (f"onnx:{other.name}", Needs.whole())
    assert [(v.category, v.outcome) for v in first.judge("毒", OUTPUT)] == [("insult", "deny")]
    assert [v.category for v in first.judge("x", OUTPUT)] == []
    assert [v.category for v in second.judge("x", OUTPUT)] == ["toxic", "hate", "threat"]


def test_options_do_not_change_each_other(plain: Path) -> None:
    policy = Policy(name="test").with_options("onnx", model=str(plain), threshold=0.5)
    before = policy.digest
    chopmark_detectors(policy)
    assert policy.digest == before
