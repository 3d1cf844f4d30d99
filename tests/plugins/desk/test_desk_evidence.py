"""The public page as evidence of a detector for everybody, which says on what it rests."""

from __future__ import annotations

from pathlib import Path

from tests.plugins.evidence import rows, written

from chopmark import load_policy
from chopmark.reading import gather_evidence
from chopmark_desk._ours import TECHNIQUES


def test_every_technique_is_named_with_what_it_shows_and_an_example(policy_file: Path) -> None:
    page = written(load_policy(policy_file), "desk")["detector.md"]
    (looked, example) = page.split("## An example")
    assert len(rows(looked.split("## What it looks for")[1])) == len(TECHNIQUES) + 2  # the head
    told = rows(example)
    assert told["Visible label"][0] == "weak evidence"
    assert "made by AI" in told["Visible label"][1]
    assert "标识" in told["Visible label"][2]
    assert told["Record in our log"][0] == "could not look"  # and is not said to be none


def test_it_is_evidence_of_the_code_s_detector(policy_file: Path) -> None:
    found = [one for name, one in gather_evidence(load_policy(policy_file)) if name == "desk"]
    assert [one.shows for one in found] == [("eucode.2", "eu50.2")]
