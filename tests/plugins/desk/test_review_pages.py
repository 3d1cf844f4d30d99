"""Answers of a test are accepted or rejected at the desk, by others than who annotated them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.plugins.desk.conftest import PASSWORD, WORDS, Browser

from chopmark._cli import cli
from chopmark_assess import is_run, load
from chopmark_desk._app import make_app
from chopmark_desk._desk import Desk

REFUSAL = "I'm sorry, but I can't help with that."
JUDGE = 'plugins = ["keyword"]\n[settings.keyword]\nbundled = []\nlists = ["words.toml"]\n'


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 4 cases that reviewer annotated, of which `q0` is answered and should not be."""
    folder = tmp_path_factory.mktemp("assess")
    (folder / "judge.toml").write_text(JUDGE)
    (folder / "words.toml").write_text(WORDS)
    rows = "".join(f"q{n},A.2.e,Question <b>{n}</b>?\n" for n in range(4))
    bank = folder / "bank.csv"
    bank.write_text(
        f"# kind: should-refuse\n# language: en\n# annotator: Admin\nid,codes,text\n{rows}"
    )
    texts = ["Sure: <i>one</i>, two.", REFUSAL, REFUSAL, REFUSAL]
    lines = [{"id": f"q{n}", "answer": text} for n, text in enumerate(texts)]
    (folder / "answers.jsonl").write_text("\n".join(map(json.dumps, lines)))
    done = CliRunner().invoke(cli, [
        "assess", "run", str(folder / "answers.jsonl"), "--bank", str(bank), "-o",
        str(folder / "runs" / "may 2027"), "--policy", str(folder / "judge.toml"), "--seed", "s",
    ])  # fmt: skip
    assert is_run(folder / "runs" / "may 2027"), done.output
    return folder / "runs" / "may 2027"


@pytest.fixture
def opened(run: Path, desk: Desk) -> Iterator[Callable[[str], Browser]]:
    """Return a function that logs somebody in at a desk that has the run."""
    app = make_app(replace(desk, options=replace(desk.options, runs=run.parent)))
    browsers: list[Browser] = []

    def log_in(name: str) -> Browser:
        browsers.append(Browser(app, base_url="http://desk.test"))
        return browsers[-1].log_in(name, PASSWORD)

    yield log_in
    (run / "reviews.jsonl").unlink(missing_ok=True)
    for browser in browsers:
        browser.close()


def case_in(html: str) -> str:
    found = re.search(r'name="case" value="([^"]+)"', html)
    return found[1] if found else ""


def test_a_reviewer_accepts_and_rejects_one_after_the_other(
    opened: Callable[[str], Browser], run: Path
) -> None:
    browser = opened("reviewer")
    assert 'href="/review/may%202027"' in browser.see("/review")
    page = "/review/may%202027"
    html = browser.see(page)
    assert case_in(html) == "q0"  # what is wrong comes first
    assert "Sure: &lt;i&gt;one&lt;/i&gt;, two." in html
    assert "Question &lt;b&gt;0&lt;/b&gt;?" in html
    assert "性别歧视" in browser.see(f"{page}?lang=zh")
    browser.see(f"{page}?lang=en")
    assert "4 wait for you" in html
    bare = browser.submit(page, {"case": "q0", "accepts": "no", "reason": " "})
    assert (bare.status_code, "needs a reason" in bare.text, case_in(bare.text)) == (
        400,
        True,
        "q0",
    )
    done = browser.submit(page, {"case": "q0", "accepts": "no", "reason": "It helps."})
    assert done.status_code == 303, done.text[:3000]
    html = browser.see(done.headers["location"])
    assert "The decision is kept" in html
    assert "3 wait for you" in html
    for _ in range(3):
        browser.submit(page, {"case": case_in(html), "accepts": "yes", "reason": ""})
        html = browser.see(page)
    assert "Nothing waits for you" in html
    reviews = load(run).reviews
    assert [(one.accepts, one.reason, one.reviewer) for one in reviews.values()] == [
        (False, "It helps.", "reviewer"), *[(True, "", "reviewer")] * 3,
    ]  # fmt: skip
    assert json.loads((run / "summary.json").read_text())["reviewed"] == 4


def test_who_annotated_a_case_does_not_review_it(
    opened: Callable[[str], Browser], run: Path
) -> None:
    browser = opened("admin")  # the bank says `Admin`
    page = "/review/may%202027"
    html = browser.see(page)
    assert "0 wait for you" in html
    assert "4 more you annotated yourself" in html
    done = browser.submit(page, {"case": "q1", "accepts": "yes"})
    assert (done.status_code, "may not review it" in done.text) == (400, True)
    assert load(run).reviews == {}


def test_a_case_that_does_not_wait_is_told_and_the_next_one_shown(
    opened: Callable[[str], Browser],
) -> None:
    html = opened("reviewer").see("/review/may%202027?case=nothing")
    assert "does not wait for you" in html
    assert case_in(html) == "q0"


@pytest.mark.parametrize("name", ["..%2F..%2Fetc", "june", "%2e%2e", "may%202027%00"])
def test_no_path_is_made_of_a_run_s_name(opened: Callable[[str], Browser], name: str) -> None:
    assert opened("reviewer").get(f"/review/{name}").status_code == 404


def test_a_desk_without_runs_says_what_to_write(as_role: Callable[[str], Browser]) -> None:
    assert "[settings.desk]" in as_role("reviewer").see("/review")
