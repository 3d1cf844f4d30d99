"""The evidence on minors says what they are kept from, and which help is named."""

from __future__ import annotations

from pathlib import Path

from tests.plugins.evidence import rows, written

from chopmark import Chopmark, Policy, Rules, load_policy

PHRASES = """
name = "own"
[[groups]]
category = "fireworks"
level = "block"
direction = "input"
terms = ["(buy|get) fireworks"]
"""
MINOR = {"minor": Rules(both={"minors": "block"})}


def test_what_is_not_for_minors_is_not_judged_for_others() -> None:
    said = rows(written(load_policy("cn"), "minors")["found.md"])
    assert said["minors.gambling"][1:3] == ["not judged", "not judged"]
    assert said["minors.gambling"][3] == "block from 0.9, warn from 0.4"


def test_own_phrases_are_counted_and_never_shown(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(PHRASES)
    policy = Policy(name="t", plugins=("minors",), audiences=MINOR, folder=str(tmp_path))
    policy = policy.with_options("minors", bundled=False, phrases=["own.toml"])
    page = written(policy, "minors")["found.md"]
    assert rows(page)["minors.fireworks"][3:] == ["block", "not judged"]
    assert "1 phrases" in rows(page)["minors.fireworks"][0]
    assert "buy" not in page
    found = Chopmark(policy).screen("where to buy fireworks", audience="minor")
    assert [one.category for one in found.verdicts] == ["minors.fireworks"]


def test_a_policy_that_no_call_can_be_for_minors_under_says_so() -> None:
    page = written(Policy(name="t", plugins=("minors",)), "minors")["found.md"]
    assert "no call is for one" in page


def test_help_lines_name_their_source_and_when_it_was_read() -> None:
    said = rows(written(load_policy("cn"), "minors")["help.md"])["CN"]
    assert said[3].startswith("https://")
    assert said[4].startswith("20")
    assert "help.md" not in written(load_policy("cn").with_options("minors", help=False), "minors")
