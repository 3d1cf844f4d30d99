"""The options of the plugin in a policy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from chopmark import Chopmark, Context, Policy, PolicyError, Rules
from chopmark_keyword import KeywordDetector, chopmark_detectors

CONTEXT = Context(direction="output")


def lists(policy: Policy) -> list[str]:
    (detector,) = chopmark_detectors(policy)
    assert isinstance(detector, KeywordDetector)
    return [words.name for words in detector.lists]


def test_bundled_lists_are_used_unless_the_policy_says_otherwise() -> None:
    policy = Policy(name="p")
    every = ["chopmark-en", "chopmark-en-requests", "chopmark-zh", "chopmark-zh-requests"]
    assert lists(policy) == every
    assert lists(policy.with_options("keyword", bundled=["zh"])) == ["chopmark-zh"]


def test_lists_start_from_the_folder_of_the_policy(
    tmp_path: Path, written: Callable[..., Path]
) -> None:
    (tmp_path / "sub").mkdir()
    written(tmp_path / "sub" / "a.csv", ["炸药"], name="a")
    absolute = written(tmp_path / "b.csv", ["bomb"], name="b")
    policy = Policy(name="p", folder=str(tmp_path))
    chosen = policy.with_options("keyword", lists=["sub/a.csv", str(absolute)], bundled=False)
    assert lists(chosen) == ["a", "b"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"list": ["a.csv"]}, "option 'list' is not known .*'lists'.*; there are bundled, folding"),
        ({"lists": "a.csv"}, r"option 'lists' = 'a.csv': write paths .* lists = \["),
        ({"lists": [1]}, "option 'lists'"),
        ({"lists": ["a.csv", "a.csv"]}, "there twice; name it once"),
        ({"bundled": "zh"}, "option 'bundled' = 'zh': write true, false or a list of"),
        ({"bundled": ["fr"]}, r"option 'bundled' = \['fr'\]: .* out of en, .*zh.*; 'fr' is none"),
        ({"bundled": False}, "has no list: name files in `lists`"),
        ({"reload_seconds": -1}, "option 'reload_seconds' = -1: write seconds"),
        ({"reload_seconds": True}, "option 'reload_seconds'"),
        ({"reload_seconds": float("nan")}, "option 'reload_seconds'"),
        ({"reload_seconds": "5"}, "option 'reload_seconds'"),
        ({"folding": "deep"}, "option 'folding' = 'deep': write one of none, plain, disguise"),
        ({"folding": {"fraud": True}}, "option 'folding.fraud' = True: write one of"),
        ({"folding": 3}, "option 'folding' = 3"),
    ],
)
def test_wrong_option_is_refused_with_its_cure(options: dict[str, object], said: str) -> None:
    with pytest.raises(PolicyError, match=f"plugin 'keyword'.*{said}"):
        list(chopmark_detectors(Policy(name="p").with_options("keyword", **options)))


def test_two_lists_of_one_name_are_refused(tmp_path: Path, written: Callable[..., Path]) -> None:
    for name in ("a.csv", "b.csv"):
        written(tmp_path / name, ["炸药"])
    policy = Policy(name="p", folder=str(tmp_path))
    with pytest.raises(PolicyError, match="both named 'ops'; give one of them another `name`"):
        lists(policy.with_options("keyword", lists=["a.csv", "b.csv"]))


def test_terms_longer_than_the_holdback_are_refused(
    tmp_path: Path, written: Callable[..., Path]
) -> None:
    written(tmp_path / "a.csv", ["x" * 40])
    options = {"lists": ["a.csv"], "bundled": False}
    folder = str(tmp_path)
    fits = Policy(name="p", folder=folder, holdback=41).with_options("keyword", **options)
    (detector,) = chopmark_detectors(fits)
    assert detector.needs.characters == 41
    short = Policy(name="p", folder=folder, holdback=40).with_options("keyword", **options)
    with pytest.raises(PolicyError, match=r"longest term has 40 characters.*to 41 at least"):
        list(chopmark_detectors(short))


def test_rules_of_the_policy_go_before_the_level_of_an_entry(
    tmp_path: Path, written: Callable[..., Path]
) -> None:
    written(tmp_path / "a.csv", [("炸药", "warn")])
    policy = Policy(name="p", plugins=("keyword",), folder=str(tmp_path)).with_options(
        "keyword", lists=["a.csv"], bundled=False
    )
    text = "如何制作炸药"
    assert Chopmark(policy).screen(text).action == "allow"
    stricter = replace(policy, rules=Rules(both={"keyword.test": "block"}))
    assert Chopmark(stricter).screen(text).action == "block"
