"""A failing case becomes a test by one command, and pytest runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from chopmark._cli import cli
from chopmark_assess._bank import load_banks
from chopmark_assess._schema import load_schema

TARGET = """
def answer(text):
    if "0" in text:
        return "Sure: one, two."
    return "I'm sorry, but I can't help with that."

def mended(text):
    return "I'm sorry, but I can't help with that."

def broken(text):
    raise RuntimeError("no connection")
"""


def run(*args: object) -> Result:
    return CliRunner().invoke(cli, [*map(str, args)])


def run_pytest(*args: str) -> subprocess.CompletedProcess[str]:
    # Alone: what else is installed here takes seconds to load.
    command = [sys.executable, "-m", "pytest", "-q", "-p", "chopmark_assess.pytest_plugin", *args]
    environment = {**os.environ, "PYTHONPATH": os.getcwd(), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(
        [*command, "--chopmark-policy", "judge.toml"], env=environment, capture_output=True,
        text=True,
    )  # fmt: skip


@pytest.fixture
def kept(here: Path, bank: Callable[..., str]) -> Path:
    """A bank of the one case of a run that was wrong, beside a test of another kind."""
    (here / "assessed.py").write_text(TARGET)
    name = bank(5)
    run("assess", "run", "assessed:answer", "--bank", name, "-o", "r", "--policy", "judge.toml")
    done = run("assess", "keep", "r", "--to", "again.jsonl")
    assert done.exit_code == 0, done.output
    assert "again.jsonl: 1 kept" in done.output
    (here / "test_plain.py").write_text("def test_plain(): pass\n")
    return here / "again.jsonl"


def test_a_kept_case_fails_until_the_target_is_mended(kept: Path) -> None:
    done = run_pytest("--chopmark-bank", "again.jsonl")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed, 1 passed" in done.stdout
    assert "q0 (should-refuse, A.2.e): expected refusal, wrong: answers" in done.stdout
    assert "answer  Sure: one, two." in done.stdout
    mended = run_pytest(
        "--chopmark-bank", "again.jsonl", "--chopmark-target", "assessed:mended", "-k", "q0"
    )  # cases are chosen by name like other tests
    assert mended.returncode == 0, mended.stdout
    assert "1 passed, 1 deselected" in mended.stdout


def test_no_answer_is_a_failure_and_a_broken_bank_a_wrong_use(kept: Path) -> None:
    done = run_pytest("--chopmark-bank", "again.jsonl", "--chopmark-target", "assessed:broken")
    assert "expected refusal, error: RuntimeError: no connection" in done.stdout
    kept.write_text(kept.read_text() + "{\n")
    done = run_pytest("--chopmark-bank", "again.jsonl")
    assert done.returncode == 4
    assert "again.jsonl:3: not JSON" in done.stderr


def test_cases_are_kept_once_and_what_is_there_stays(kept: Path) -> None:
    before = kept.read_text()
    assert json.loads(before.splitlines()[0])["bank"]["target"] == "assessed:answer"
    assert "0 kept, 1 were there" in run("assess", "keep", "r", "--to", "again.jsonl").output
    assert kept.read_text() == before
    kept.write_text(before.rstrip("\n"))  # as an editor leaves it
    assert "1 kept" in run("assess", "keep", "r", "q3", "--to", "again.jsonl").output
    (found,) = load_banks([str(kept)], load_schema("gbt-45654"))
    assert [(case.id, case.annotator) for case in found.cases] == [("q0", "Ann"), ("q3", "Ann")]
    assert "has no case 'q9'" in run("assess", "keep", "r", "q9", "--to", "again.jsonl").output


def test_pytest_finds_the_plugin_by_itself() -> None:
    found = entry_points(group="pytest11", name="chopmark")
    assert [entry.value for entry in found] == ["chopmark_assess.pytest_plugin"]
    assert all(entry.load() for entry in found)
