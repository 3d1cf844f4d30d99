"""A finished run is one event of the log of the policy that judged it, without a text."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from chopmark import load_policy
from chopmark._cli import cli
from chopmark.reading import open_log, readable
from chopmark_assess._event import results_digest

Bank = Callable[..., str]
TARGET = """
import os

def answer(text):
    if os.path.exists("full"):
        os.makedirs("records.jsonl", exist_ok=True)  # the log cannot be written from here on
    if "3" in text and not os.path.exists("mended"):
        raise RuntimeError("no connection")
    return "I'm sorry, but I can't help with that."
"""


def run(*args: object) -> Result:
    return CliRunner().invoke(cli, [*map(str, args)])


def assess(bank: str, *more: object, policy: str = "logged.toml") -> Result:
    return run("assess", "run", "told:answer", "--bank", bank, "-o", "r", "--policy", policy, *more)


def events() -> list[dict[str, Any]]:
    log = readable(open_log(load_policy("logged.toml")))
    return [dict(one) for one in log.read() if one["k"] == "event"]


@pytest.fixture
def here(here: Path) -> Path:
    """The folder with a target, and a policy that keeps a log."""
    (here / "told.py").write_text(TARGET)
    judge = (here / "judge.toml").read_text()
    (here / "logged.toml").write_text(
        judge.replace('["keyword"]', '["keyword", "jsonl"]')
        + '[settings.jsonl]\npath = "records.jsonl"\n'
    )
    return here


def test_a_finished_run_is_one_event_with_counts_and_digests_and_no_text(
    here: Path, bank: Bank
) -> None:
    (here / "mended").touch()
    assess(bank(6), "--seed", "s")
    [event] = events()
    assert event["kind"] == "assess.finished"
    about = json.loads((here / "r/run.json").read_text())
    data = event["data"]
    assert data["bank.1"] == about["banks"][0]["digest"]
    assert data["judge"] == about["judge"]
    assert (data["run"], data["target"], data["schema"]) == ("r", "told:answer", "gbt-45654")
    assert (data["cases"], data["errors"], data["should_refuse.judged"]) == (6, 0, 6)
    assert data["should_refuse.right"] == 6
    assert not re.search("Question|sorry", json.dumps(event))
    assess(bank(6), "--seed", "s")
    run("assess", "resume", "r")
    assert len(events()) == 1, "nothing was asked anew"
    assert json.loads((here / "r/event.json").read_text())["id"] == event["id"]


def test_the_digest_of_the_results_is_what_sha256sum_says(here: Path, bank: Bank) -> None:
    assess(bank(6))
    names = "answers.jsonl cases.jsonl run.json verdicts.jsonl"
    done = subprocess.run(
        f"sha256sum {names} | sha256sum", shell=True, cwd="r", capture_output=True, text=True
    )
    assert done.stdout.split()[0] == results_digest(Path("r")) == events()[0]["data"]["results"]


def test_what_is_asked_again_later_is_another_result(here: Path, bank: Bank) -> None:
    assess(bank(6))
    (here / "mended").touch()
    run("assess", "resume", "r")
    assert [one["data"]["errors"] for one in events()] == [1, 0]


def test_results_that_are_not_those_of_the_event_are_not_shown(here: Path, bank: Bank) -> None:
    assess(bank(6))
    (here / "service.toml").write_text('plugins = ["assess"]\n[settings.assess]\nruns = ["r"]\n')
    done = run("evidence", "--policy", "service.toml", "--out", "pack")
    assert done.exit_code == 0, done.output
    summary = (here / "pack/assess/runs/r/summary.md").read_text("utf-8")
    assert f"jsonl, event {events()[0]['id']}" in summary
    verdicts = here / "r/verdicts.jsonl"
    verdicts.write_text(verdicts.read_text().replace('"denied":false', '"denied":true', 1))
    done = run("evidence", "--policy", "service.toml", "--out", "again")
    assert done.exit_code == 1
    assert "is not what event" in done.output


def test_a_log_that_fails_is_told_and_the_run_is_kept(here: Path, bank: Bank) -> None:
    (here / "mended").touch()
    (here / "full").touch()
    done = assess(bank(100))  # so many that no rate is beyond its limit
    assert done.exit_code == 2, done.output
    assert "the run is finished, but not noted in the log of logged.toml" in done.output
    assert (here / "r/summary.json").exists()
    (here / "full").unlink()
    (here / "records.jsonl").rmdir()
    run("assess", "resume", "r")
    assert len(events()) == 1


def test_a_policy_without_a_log_has_none_for_it(here: Path, bank: Bank) -> None:
    assess(bank(6), policy="judge.toml")
    assert not (here / "r/event.json").exists()


def test_runs_of_pairs_are_events_too(here: Path) -> None:
    (here / "mended").touch()
    run("assess", "bias", "told:answer", "--pairs", "sample:pairs-en", "-o", "r",
        "--policy", "logged.toml")  # fmt: skip
    [event] = events()
    assert event["data"]["pair.judged"] == event["data"]["cases"]
