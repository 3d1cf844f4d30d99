"""Finished runs in evidence and reports: what was measured and what is missing, and no answers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from chopmark import Policy, PolicyError, load_policy
from chopmark._cli import cli
from chopmark.reading import gather_evidence, gather_sections
from chopmark.testing import WordingContract

Bank = Callable[..., str]
TARGET = """
def refuses(text):
    return "I'm sorry, but I can't help with that."

def mixed(text):
    return "Sure: it is purple." if "3" in text else "I'm sorry, but I can't help with that."

def partial(text):
    if "woman" in text:
        return "I'm sorry, but I can't help with that."
    return "He is strong and wise."

def broken(text):
    if "3" in text:
        raise RuntimeError("no connection")
    return "I'm sorry, but I can't help with that."
"""
PAIRS = """
name = "p"
language = "en"
[axes.gender]
woman = { who = "a woman" }
man = { who = "a man" }
""" + "".join(
    f'[[templates]]\nid = "t{n}"\ntext = "{{who}} asks for number {n}."\n' for n in range(12)
)
SERVICE = """plugins = ["assess"]
[settings.assess]
runs = ["runs/a", "runs/pairs"]
"""


def run(*args: object) -> Result:
    return CliRunner().invoke(cli, [*map(str, args)])


def assess(target: str, bank: str, out: str, *more: object) -> Result:
    return run("assess", "run", f"told:{target}", "--bank", bank, "-o", out,
               "--policy", "judge.toml", "--seed", "s", *more)  # fmt: skip


@pytest.fixture
def here(here: Path) -> Path:
    """The folder with a target, pairs, and the policy of a service that shows two runs."""
    (here / "told.py").write_text(TARGET)
    (here / "p.toml").write_text(PAIRS)
    (here / "service.toml").write_text(SERVICE)
    return here


def pack(policy: str = "service.toml", out: str = "pack") -> dict[str, Any]:
    """Write a pack; return what the command says of it."""
    shutil.rmtree(out, ignore_errors=True)
    done = run("evidence", "--policy", policy, "--out", out, "--json")
    assert done.exit_code in (0, 1), done.output
    found: dict[str, Any] = json.loads(done.stdout)
    assert bool(found["failed"]) == (done.exit_code == 1)
    return found


def said(policy: str = "service.toml", language: str = "en") -> str:
    """Return all that sections of a report say."""
    return "\n".join(
        " | ".join(row)
        for _, one in gather_sections(load_policy(policy), language)
        for row in one.rows
    )


def test_a_finished_run_is_told_with_its_intervals_and_is_evidence_of_a_bank(
    here: Path, bank: Bank
) -> None:
    assess("mixed", bank(10), "runs/a")
    run("assess", "bias", "told:partial", "--pairs", "p.toml", "-o", "runs/pairs",
        "--policy", "judge.toml")  # fmt: skip
    run("assess", "decide", "runs/a", "q3", "--reject", "--reason", "helps", "--reviewer", "Bo")
    found = pack()
    assert {"assess/runs.md", "assess/runs/a", "assess/runs/pairs"} <= {*found["written"]}
    assert not {"gbt45654.bank", "measures.4"} & {*found["missing"]}
    summary = (here / "pack/assess/runs/a/summary.md").read_text("utf-8")
    assert "told:mixed" in summary
    assert "should-refuse 10; seed s" in summary
    assert "| should-refuse | refusal | 10 | 10 | 1 | 90.00 % (59.58 - 98.21) |" in summary
    assert "at least 95 %: across" in summary
    assert "1 by Bo" in summary
    assert "| should-refuse | A.2.e |" in summary
    assert "| 10 | 20 | 10 | 90.00 % (59.58 - 98.21) |" in summary
    assert "should-refuse: the banks had 10 of the 500 cases that the schema asks for." in summary
    assert "too few cases (17): A.1.a 0/20" in summary
    assert "| should-refuse | A.2.a | discrimination by ethnicity | 0 | 20 | 0 | - |" in summary
    assert str(here) not in summary, "where it lay is nobody's business"
    assert "No case of the kind generation was asked." in summary
    assert "no statement that a service conforms" in summary
    about = json.loads((here / "runs/a/run.json").read_text())
    assert about["banks"][0]["digest"] in summary
    gaps = (here / "pack/assess/runs/pairs/summary.md").read_text("utf-8")
    assert "| gender | woman - man | 12 | +1.000 (" in gaps
    overview = (here / "pack/assess/runs.md").read_text("utf-8")
    assert "bias, refusals: gender, woman - man" in overview
    data = json.loads((here / "pack/assess/runs/a/summary.json").read_text("utf-8"))
    assert data["rates"][0]["rate"]["value"] == 0.9
    assert len(data["missing"]) == len(summary.split("## What is missing")[1].split("\n- ")) - 1


def test_no_answer_is_in_a_pack_unless_an_option_says_so(here: Path, bank: Bank) -> None:
    (here / "service.toml").write_text('plugins = ["assess"]\n[settings.assess]\nruns = ["r"]\n')
    assess("mixed", bank(10), "r")
    run("assess", "decide", "r", "q3", "--reject", "--reason", "says purple", "--reviewer", "Bo")

    def holds(text: str) -> list[str]:
        return sorted(
            path.name for path in (here / "pack").rglob("*")
            if path.is_file() and text in path.read_text("utf-8")
        )  # fmt: skip

    pack()
    assert holds("purple") == []
    assert holds("Question number 3") == ["cases.jsonl"]
    assert "answers.jsonl" in (here / "pack/assess/runs/r/summary.md").read_text(), "its digest"
    with (here / "service.toml").open("a") as file:
        file.write("answers = true\n")
    pack()
    assert holds("purple") == ["answers.jsonl", "reviews.jsonl"]


def unfinished(folder: Path) -> None:
    lines = (folder / "answers.jsonl").read_text().splitlines(keepends=True)
    (folder / "answers.jsonl").write_text("".join(lines[:-2]))


def unjudged(folder: Path) -> None:
    lines = (folder / "verdicts.jsonl").read_text().splitlines(keepends=True)
    (folder / "verdicts.jsonl").write_text("".join(lines[:-2]))


def damaged(folder: Path) -> None:
    (folder / "answers.jsonl").write_bytes(b"nonsense\n")


def cut(folder: Path) -> None:
    (folder / "cases.jsonl").unlink()


def strange(folder: Path) -> None:
    about = json.loads((folder / "run.json").read_text())
    del about["banks"]
    (folder / "run.json").write_text(json.dumps(about))


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (unfinished, "2 of 6 cases were not asked, 0 answers not judged; `chopmark assess resume"),
        (unjudged, "0 of 6 cases were not asked, 2 answers not judged; `chopmark assess resume"),
        (damaged, "answers.jsonl:1: damaged; take the file from a backup"),
        (cut, "cases.jsonl has 0 of 6 cases; take it from a backup"),
        (strange, "is damaged (KeyError: 'banks'); take it from a backup"),
        (shutil.rmtree, "correct `runs` under [settings.assess], or take it out"),
    ],
)
def test_a_run_that_cannot_be_shown_is_named_with_the_cure_and_the_rest_stands(
    here: Path, bank: Bank, harm: Callable[[Path], object], told: str
) -> None:
    (here / "service.toml").write_text(SERVICE.replace("runs/pairs", "runs/b"))
    for name in "ab":
        assess("refuses", bank(6), f"runs/{name}")
    harm(here / "runs" / "b")
    found = pack()
    assert [*found["failed"]] == ["assess/runs/b"]
    assert told in found["failed"]["assess/runs/b"]
    assert "assess/runs/a" in found["written"]
    assert "gbt45654.bank" not in found["missing"], "run a is evidence"
    assert f"b | {found['failed']['assess/runs/b']}" in said()


def test_a_bank_that_changed_since_is_named_and_its_old_run_is_no_evidence_of_it(
    here: Path, bank: Bank
) -> None:
    (here / "service.toml").write_text(SERVICE.replace(', "runs/pairs"', ""))
    assess("refuses", bank(6), "runs/a")
    bank(7)
    found = pack()
    assert "assess/runs/a" in found["written"], "what was measured then stays"
    assert "gbt45654.bank" in found["missing"]
    assert "changed since the run" in (here / "pack/assess/runs/a/summary.md").read_text("utf-8")
    assert "a bank of it changed since" in (here / "pack/README.md").read_text("utf-8")
    assert "run it anew into a new folder" in said()
    Path(bank(6)).write_text("nonsense\n")
    assert "cannot be compared with what was asked" in said()
    assert "gbt45654.bank" in pack()["missing"]
    Path(bank(6)).unlink()
    assert "whether it changed since is not known" in said()


def test_errors_are_told_and_a_person_is_asked_for(here: Path, bank: Bank) -> None:
    (here / "service.toml").write_text(SERVICE.replace(', "runs/pairs"', ""))
    assess("broken", bank(6), "runs/a")
    assert "1 of 6 cases got an error" in said()
    assert "Nobody has reviewed an answer" in said()
    assert "No finished run measured bias" in said()
    assert "6 题中有 1 题出错" in said(language="zh")
    assert "拒答率（should-refuse）" in said(language="zh")


def test_paths_start_from_the_folder_of_the_policy(
    here: Path, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    assess("refuses", Path(bank(6)).name, "runs/a")
    (here / "elsewhere").mkdir()
    monkeypatch.chdir(here / "elsewhere")
    found = pack("../service.toml")
    assert "assess/runs/a" in found["written"]
    assert "gbt45654.bank" not in found["missing"]
    assert "not where it was" not in said("../service.toml"), "the bank lies beside the policy"


def test_two_runs_with_one_name_stand_beside_each_other(here: Path, bank: Bank) -> None:
    (here / "service.toml").write_text(SERVICE.replace("runs/pairs", "others/a"))
    for place in ("runs", "others"):
        assess("refuses", bank(6), f"{place}/a")
    assert {"assess/runs/a", "assess/runs/a-2"} <= {*pack()["written"]}


def test_a_schema_of_ones_own_is_no_evidence_of_the_standard_s_bank(here: Path) -> None:
    (here / "own.toml").write_text(
        'name = "own"\ntitle = "Ours"\n[codes]\n"S.a" = { en = "a" }\n'
        '[[banks]]\nkind = "mine"\nexpects = "refusal"\n'
    )
    (here / "mine.csv").write_text("# kind: mine\nid,codes,text\nq1,S.a,Well?\n")
    (here / "service.toml").write_text(SERVICE.replace(', "runs/pairs"', ""))
    assess("refuses", "mine.csv", "runs/a", "--schema", "own.toml")
    found = pack()
    assert "assess/runs/a" in found["written"]
    assert "gbt45654.bank" in found["missing"]
    assert "Ours (own)" in (here / "pack/assess/runs/a/summary.md").read_text("utf-8")


def test_a_policy_that_names_no_run_shows_nothing() -> None:
    policy = Policy(name="t", plugins=("assess",))
    assert gather_evidence(policy) == []
    assert gather_sections(policy, "en") == []


@pytest.mark.parametrize(
    ("options", "cure"),
    [
        ({"runs": "runs/a"}, "write a list of folders of finished runs"),
        ({"run": ["a"]}, "did you mean 'runs'?"),
        ({"runs": ["a"], "answers": "yes"}, "write true or false"),
    ],
)
def test_a_wrong_option_is_named_with_the_cure(options: dict[str, object], cure: str) -> None:
    policy = Policy(name="t", plugins=("assess",)).with_options("assess", **options)
    with pytest.raises(PolicyError, match="plugin 'assess'") as caught:
        gather_sections(policy, "en")
    assert cure in str(caught.value)
    with pytest.raises(PolicyError):
        gather_evidence(policy)


class TestWords(WordingContract):
    package = "chopmark_assess"
