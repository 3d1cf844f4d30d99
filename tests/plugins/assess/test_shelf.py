"""Runs that are shown again and again are read once, and anew when a file of them changed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from chopmark import load_policy
from chopmark._cli import cli
from chopmark_assess import AssessError, Review, Shelf, decide, load, told

REFUSAL = "I'm sorry, but I can't help with that."


@pytest.fixture
def run(here: Path, bank: Callable[..., str]) -> Path:
    """A finished run of 6 cases, in a folder with a policy that names it."""
    answers = [{"id": f"q{n}", "answer": REFUSAL if n else "Sure."} for n in range(6)]
    (here / "answers.jsonl").write_text("\n".join(map(json.dumps, answers)))
    done = CliRunner().invoke(
        cli,
        ["assess", "run", "answers.jsonl", "--bank", bank(), "-o", "run", "--seed", "s",
         "--policy", "judge.toml"],
    )  # fmt: skip
    assert done.exit_code in (0, 1), done.output
    (here / "service.toml").write_text(
        'plugins = ["assess"]\n[settings.assess]\nruns = ["run"]\n', "utf-8"
    )
    return here / "run"


def accept(run: Path, case: str) -> None:
    decide(load(run), [Review(case=case, accepts=True, reason="", reviewer="Li", time=1.0)])


def test_what_a_shelf_says_is_what_is_on_the_disk_whatever_changed(run: Path) -> None:
    policy, shelf = load_policy(run.parent / "service.toml"), Shelf()

    def is_fresh() -> bool:
        return told(policy, "en", shelf) == told(policy, "en", Shelf())

    assert is_fresh()
    accept(run, "q0")
    assert told(policy, "en", shelf)[0]["reviewed"] == 1
    assert is_fresh()
    bank = run.parent / "should-refuse.csv"
    bank.write_text(bank.read_text().replace("number 3", "number three"))
    assert told(policy, "en", shelf)[0]["bank_changed"]
    assert is_fresh()
    bank.write_text("broken")
    assert is_fresh()
    bank.unlink()
    assert is_fresh()
    verdicts = run / "verdicts.jsonl"
    verdicts.write_text("".join(verdicts.read_text().splitlines(keepends=True)[:-1]))
    assert "problem" in told(policy, "en", shelf)[0]
    assert is_fresh()


class Telling(Shelf):
    """A shelf that tells what was read."""

    def __init__(self) -> None:
        super().__init__()
        self.made: list[Any] = []

    def read(self, folder: Any, what: Any, files: Any, make: Callable[[], Any]) -> Any:
        def told() -> Any:
            self.made.append(what)
            return make()

        return super().read(folder, what, files, told)


def test_a_bank_of_many_runs_is_read_once_and_anew_when_it_changed(run: Path) -> None:
    shutil.copytree(run, run.parent / "again")
    service = run.parent / "service.toml"
    service.write_text(service.read_text().replace('["run"]', '["run", "again"]'))
    policy, shelf = load_policy(service), Telling()

    def banks_read() -> int:
        assert len(told(policy, "en", shelf)) == 2
        return sum(what[0] == "bank" for what in shelf.made)

    assert banks_read() == 1
    bank = run.parent / "should-refuse.csv"
    bank.write_text(bank.read_text().replace("number 3", "number three"))
    assert banks_read() == 2
    assert all(one["bank_changed"] for one in told(policy, "en", shelf))


def test_a_run_is_not_read_again_while_it_is_the_same(run: Path) -> None:
    shelf = Shelf()
    first = shelf.load(run)
    assert shelf.load(run).answers is first.answers
    accept(run, "q1")
    second = shelf.load(run)
    assert second.answers is first.answers
    assert (len(first.reviews), len(second.reviews)) == (0, 1)
    (run / "answers.jsonl").touch()
    assert shelf.load(run).answers is not first.answers


def test_only_the_last_runs_are_kept(run: Path) -> None:
    shelf = Shelf(most=2)
    first = shelf.load(run)
    for name in ("a", "b"):
        (run.parent / name).mkdir()
        assert shelf.read(run.parent / name, "one", [], lambda: 1) == 1
    assert shelf.load(run).answers is not first.answers


def test_what_cannot_be_read_is_not_kept(run: Path) -> None:
    shelf = Shelf()
    about = (run / "run.json").read_text()
    (run / "run.json").write_text("{")
    for _ in range(2):
        with pytest.raises(AssessError, match="damaged"):
            shelf.load(run)
    (run / "run.json").write_text(about)
    assert len(shelf.load(run).cases) == 6
