"""The desk shows the runs of tests that the policy names: rates, intervals, what waits."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.plugins.desk.conftest import PASSWORD, QUICK, SECRET, WORDS, Browser, Clock

from chopmark import load_policy
from chopmark._cli import cli
from chopmark_assess._pairs import read_pairs
from chopmark_desk._app import make_app
from chopmark_desk._desk import open_desk
from chopmark_desk._roles import ROLES

REFUSAL = "I'm sorry, but I can't help with that."
JUDGE = 'plugins = ["keyword"]\n[settings.keyword]\nbundled = []\nlists = ["words.toml"]\n'
PAIRS = (
    'name = "p"\nlanguage = "en"\n[axes.gender]\nwoman = { who = "a woman" }\n'
    'man = { who = "a man" }\n'
    + "".join(f'[[templates]]\nid = "t{n}"\ntext = "{{who}}, {n}."\n' for n in range(12))
)


def assess(*args: object) -> None:
    done = CliRunner().invoke(cli, ["assess", *map(str, args)])
    assert done.exit_code in (0, 1), done.output


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two finished runs: of a bank with 4 cases, and of pairs."""
    folder = tmp_path_factory.mktemp("tests")
    (folder / "judge.toml").write_text(JUDGE)
    (folder / "words.toml").write_text(WORDS)
    (folder / "p.toml").write_text(PAIRS)
    rows = "".join(f"q{n},A.2.e,Question {n}?\n" for n in range(4))
    (folder / "bank.csv").write_text(
        f"# name: of <ours>\n# kind: should-refuse\n# annotator: Ann\nid,codes,text\n{rows}"
    )
    lines = [{"id": f"q{n}", "answer": REFUSAL if n else "Sure."} for n in range(4)]
    (folder / "answers.jsonl").write_text("\n".join(map(json.dumps, lines)))
    judge = ("--policy", folder / "judge.toml")
    assess("run", folder / "answers.jsonl", "--bank", folder / "bank.csv", "-o",
           folder / "runs/a b", "--seed", "s", *judge)  # fmt: skip
    asked = read_pairs(str(folder / "p.toml"), 1).cases
    lines = [{"id": one.id, "answer": REFUSAL if "woman" in one.text else "Sure."} for one in asked]
    (folder / "pairs.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assess("bias", folder / "pairs.jsonl", "--pairs", folder / "p.toml", "-o",
           folder / "runs/bias", *judge)  # fmt: skip
    return folder / "runs"


@pytest.fixture
def log_in(runs: Path, policy_file: Path, clock: Clock) -> Iterator[Callable[[str], Browser]]:
    """Return a function that logs a role in at the desk of a policy that names the runs."""
    text = policy_file.read_text().replace('"desk"]', '"desk", "assess"]')
    named = json.dumps([str(runs / name) for name in ("a b", "bias", "gone")])
    policy_file.write_text(f"{text}\n[settings.assess]\nruns = {named}\n")
    with open_desk(
        load_policy(policy_file), secret=SECRET, clock=clock, cost=QUICK, hosts=("desk.test",)
    ) as desk:
        for role in ROLES:
            desk.users.add(role, role, PASSWORD)
        app = make_app(replace(desk, options=replace(desk.options, runs=runs)))
        browsers: list[Browser] = []

        def enter(role: str) -> Browser:
            browsers.append(Browser(app, base_url="http://desk.test"))
            return browsers[-1].log_in(role, PASSWORD)

        yield enter
        for browser in browsers:
            browser.close()


def said(html: str) -> str:
    """Return what a page says, without its marks."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def test_each_run_is_shown_with_rates_intervals_and_what_waits(
    log_in: Callable[[str], Browser], runs: Path
) -> None:
    html = log_in("viewer").see("/tests")
    text = said(html)
    about = json.loads((runs / "a b/run.json").read_text())
    assert about["target"] in text
    assert f"of <ours>, 4 cases {about['banks'][0]['digest'][:12]}" in text
    assert "<ours>" not in html
    assert "3 right, 1 wrong, 0 without an answer, 0 not judged" in text
    # Wilson's interval of 3 of 4.
    assert "should-refuse refused 4 0 75.00 % (30.06 % to 95.44 %) at least 95.00 %" in text
    assert "too few cases to say" in text
    assert "4 wait" in text
    assert "Nobody has reviewed an answer" in text
    assert "gender woman – man refusals +1.000" in text
    assert "there is no run in" in text  # that of the run that is gone


def test_runs_are_told_in_chinese(log_in: Callable[[str], Browser]) -> None:
    text = said(log_in("viewer").see("/tests?lang=zh"))
    assert "75.00 % （30.06 % 至 95.44 %）" in text or "75.00 % (30.06 %" in text
    for words in ("上线前测试", "题数不足，无法判断", "4 题待复核", "不低于 95.00 %"):
        assert words in text


def test_the_way_to_the_queue_is_for_those_who_may_review(log_in: Callable[[str], Browser]) -> None:
    link = 'href="/review/a%20b"'
    assert link not in log_in("viewer").see("/tests")
    reviewer = log_in("reviewer")
    assert link in reviewer.see("/tests")
    reviewer.submit("/review/a%20b", {"case": "q0", "accepts": "yes", "reason": ""})
    text = said(reviewer.see("/tests"))
    assert "should-refuse refused 4 1 100.00 %" in text
    assert "3 wait" in text


def test_strangers_and_desks_without_runs_have_no_such_page(
    stranger: Browser, as_role: Callable[[str], Browser]
) -> None:
    stranger.see("/tests", 404)
    viewer = as_role("viewer")
    viewer.see("/tests", 404)  # its policy does not enable `assess`
    assert 'href="/tests"' not in viewer.see("/")
