"""What a filing says of word lists: how many, whose, until when, and never the terms."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from tests.plugins.evidence import rows, written

import chopmark_keyword
from chopmark import Chopmark, Policy, PolicyError
from chopmark.reading import gather_evidence

LIST = """
name = "own"
version = "7"
language = "en"

[defaults]
reviewer = "Li"

[[entries]]
term = "blue zebra"
category = "fraud"
level = "block"
expires = 2099-01-01
risks = ["A.1.h"]

[[entries]]
term = "green zebra"
category = "fraud"
level = "warn"
expires = 2020-01-01

[[entries]]
term = "red zebra"
category = "fraud"
level = "block"
reviewer = "Wang"
"""


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    (tmp_path / "own.toml").write_text(LIST, "utf-8")
    made = Policy(name="t", plugins=("keyword",), folder=str(tmp_path))
    return made.with_options("keyword", lists=["own.toml"], bundled=False)


def test_lists_are_counted_and_no_term_is_shown(policy: Policy, tmp_path: Path) -> None:
    found = written(policy, "keyword")
    about = rows(found["lists.md"])
    digest = hashlib.sha256((tmp_path / "own.toml").read_bytes()).hexdigest()
    assert about["A.1.h"][1] == "1"
    own = next(line for line in found["lists.md"].splitlines() if line.startswith("| own | 7 |"))
    assert "| 3 | 2 | 2099-01-01 |" in own
    assert digest in own
    assert (
        "| own | `keyword.fraud` | block | 2 | Li, Wang | 2099-01-01 to never |"
        in (found["lists.md"])
    )
    assert "zebra" not in "".join(found.values())


def test_the_version_is_the_one_that_records_have(policy: Policy) -> None:
    detector = Chopmark(policy).detectors[0]
    assert f"`{detector.version}`" in written(policy, "keyword")["lists.md"]


def test_reviews_that_are_due_are_named_by_place(policy: Policy) -> None:
    page = written(policy, "keyword")["due.md"]
    assert rows(page)["Li"] == ["2020-01-01", "yes", rows(page)["Li"][2], "entry 2"]
    assert rows(page)["Wang"][0] == "never"
    assert "2 in all, 1 of them expired" in page


def test_bundled_lists_have_a_digest_too() -> None:
    page = written(Policy(name="t", plugins=("keyword",)), "keyword")["lists.md"]
    file = Path(chopmark_keyword.__file__).parent / "lists" / "zh.toml"
    own = next(line for line in page.splitlines() if "| bundled:zh |" in line)
    assert hashlib.sha256(file.read_bytes()).hexdigest() in own


def test_a_wrong_list_option_is_told_at_once(policy: Policy) -> None:
    with pytest.raises(PolicyError, match="lists"):
        gather_evidence(policy.with_options("keyword", lists="own.toml"))
