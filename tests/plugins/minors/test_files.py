"""Lists of one's own: read from the policy's folder, and every mistake is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chopmark import Chopmark, Policy, PolicyError, Rules
from chopmark_minors._help import parse_help
from chopmark_minors._phrases import parse_phrases

GROUP = """
name = "t"
[[groups]]
category = "games"
level = "warn"
terms = ["play (all|the whole) night"]
"""
LINE = """
[[lines]]
region = "XX"
name = "Line"
phone = "1"
source = "https://a.example"
read = "2026-01-01"
"""


def load(folder: Path, **options: Any) -> Chopmark:
    policy = Policy(name="t", plugins=("minors",), folder=str(folder), audiences={"minor": Rules()})
    return Chopmark(policy.with_options("minors", **options))


def test_phrases_of_ones_own_come_beside_the_bundled_ones(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(GROUP, "utf-8")
    chop = load(tmp_path, phrases=["own.toml"])
    found = chop.screen("let me play the whole night, best online casino", audience="minor")
    assert {v.category for v in found.verdicts} == {"minors.games", "minors.gambling"}
    alone = load(tmp_path, phrases=["own.toml"], bundled=False)
    found = alone.screen("let me play all night, best online casino", audience="minor")
    assert {v.category for v in found.verdicts} == {"minors.games"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "t"', "", "`name`"),
        ("[[groups]]", "[groups]", "groups"),
        ('"games"', '"Games 1"', "category 'Games 1'"),
        ('"warn"', '"deny"', "level 'deny' is not one of block, warn"),
        ('"warn"', '["warn"]', "level"),
        ('level = "warn"', 'level = "warn"\ndirection = "up"', "direction 'up'"),
        ('level = "warn"', 'level = "warn"\nweight = 1', "keys are"),
        ('["play (all|the whole) night"]', "[]", "terms"),
        ("(all|the whole)", "(all|(the|a) whole)", "without brackets inside"),
        ("(all|the whole)", "all|the whole", r"alternatives as \(a\|b\)"),
        ("(all|the whole)", "(all|the whole", "alternatives"),
        ("play (all|the whole) night", "(play|)(night|)", "may be empty"),
        ("play (all|the whole) night", " ", "write a phrase"),
        ("play", "pl\u200bay", "nobody sees"),
        ("play", "p" * 130, "longer than 120"),
        ("terms", "terms = ", "not valid TOML"),
    ],
)
def test_a_mistake_in_a_list_is_named(old: str, new: str, message: str) -> None:
    assert old in GROUP
    with pytest.raises(PolicyError, match=message) as raised:
        parse_phrases(GROUP.replace(old, new, 1), "own.toml")
    assert "own.toml" in str(raised.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[[lines]]", "[lines]", r"\[\[lines\]\]"),
        ('"XX"', '"Xland"', "region 'Xland'"),
        ('name = "Line"', "", "name None"),
        ('name = "Line"', "name = { zh = 1 }", "name"),
        ('phone = "1"', "", "`phone`, a `url`, or both"),
        ('source = "https://a.example"', "", "nobody checked"),
        ('read = "2026-01-01"', 'read = "lately"', "nobody checked"),
        ('phone = "1"', 'phone = "1"\naudience = "child"', 'write "minor"'),
        ('phone = "1"', 'phone = "1"\ntel = "2"', "keys are"),
        ("[[lines]]", '[texts.fr]\nrefusal = "Non"\n[[lines]]', r"texts\.fr needs"),
        ("[[lines]]", "[[lines]", "not valid TOML"),
    ],
)
def test_a_mistake_in_help_lines_is_named(old: str, new: str, message: str) -> None:
    assert old in LINE
    with pytest.raises(PolicyError, match=message) as raised:
        parse_help(LINE.replace(old, new, 1), "own.toml")
    assert "own.toml" in str(raised.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"phrase": []}, "did you mean 'phrases'"),
        ({"phrases": "own.toml"}, "phrases"),
        ({"phrases": ["missing.toml"]}, "missing.toml.*cannot be read"),
        ({"audiences": []}, "audiences"),
        ({"bundled": "no"}, "true or false"),
        ({"bundled": False, "help": False}, "no phrases and names no help"),
        ({"help_lines": 1}, "help_lines"),
        ({"help_lines": "missing.toml"}, "missing.toml.*cannot be read"),
        ({"help_region": "China"}, "help_region"),
        ({"help_categories": []}, "help_categories"),
    ],
)
def test_a_wrong_option_is_named_with_its_cure(
    tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(PolicyError, match=message):
        load(tmp_path, **options)


def test_help_alone_brings_no_detector(tmp_path: Path) -> None:
    chop = load(tmp_path, bundled=False)
    assert chop.detectors == ()
    assert not chop.inert
