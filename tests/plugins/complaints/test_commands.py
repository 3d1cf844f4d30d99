"""The commands: what they print, for people and for machines, and with what they exit."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from chopmark import Response
from chopmark._cli import cli

Run = Callable[..., Any]


@pytest.fixture
def run(policy_file: Path) -> Run:
    def ran(*arguments: object, input: str | None = None) -> Any:
        whole = [*map(str, arguments), "--policy", str(policy_file)]
        return CliRunner().invoke(cli, whole, input=input)

    return ran


def data(found: Any) -> Any:
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout)


def test_a_complaint_goes_its_way(
    run: Run, call: Callable[[str], Response], tmp_path: Path
) -> None:
    response = call("a wrong answer")
    (tmp_path / "answer.txt").write_text("a wrong answer")
    found = run(
        "complaints", "receive", "-", "--about", response.id, "--answer", tmp_path / "answer.txt",
        "--ground", "inaccurate", "--contact", "li@example.com", input="这是错的",
    )  # fmt: skip
    assert found.exit_code == 0, found.output
    number = found.stdout.split()[2].rstrip(",")
    assert f"it is about call {response.id}, found by its record" in found.stdout
    listed = run("complaints", "list").stdout.splitlines()
    assert listed[0].split()[0] == "COMPLAINT"
    row = listed[1].split()
    assert row[0] == number[-12:]
    assert listed[1].count("14 days left") == 1
    assert response.id[-12:] in row
    assert "编号为" in run("complaints", "notice", number).stdout
    assert run("complaints", "notice", number, "--sent", "--by", "Wang").exit_code == 0
    decided = run("complaints", "decide", number, "upheld", "--reason", "对", "--by", "Wang")
    assert decided.stdout == "upheld\n"
    word = run(
        "complaints", "correct", number, "--term", "a wrong", "--category", "false", "--level",
        "warn", "--expires", "2027-01-01", "--by", "Wang",
    )  # fmt: skip
    assert word.stdout == "entry 2 of list desk\n"
    example = run("complaints", "correct", number[-8:], "--label", "inaccurate", "--by", "Wang")
    assert "an example of inaccurate" in example.stdout
    out = tmp_path / "examples.jsonl"
    assert "1 example of 1 complaint" in run("complaints", "export", "-o", out, "--by", "W").stdout
    shown = run("complaints", "show", number).stdout
    assert "这是错的" in shown
    assert "corrected" in shown
    whole = data(run("complaints", "show", number, "--json"))
    assert (whole["decision"], whole["state"], whole["record"]) == (
        "upheld", "to tell", response.id,
    )  # fmt: skip
    assert whole["steps"][0]["texts"]["contact"] == "li@example.com"
    assert run("complaints", "notice", number, "--sent", "--by", "Wang").exit_code == 0
    assert run("complaints", "list").stdout == "nothing waits\n"
    assert data(run("complaints", "list", "--all", "--json"))["state"] == "done"
    erased = run("complaints", "erase", number, "--basis", "PIPL Art. 47", "--by", "Wang")
    assert "texts erased" in erased.output
    assert "note: an export has examples of it" in erased.output
    assert "its texts are erased" in run("complaints", "show", number).stdout
    verified = run("complaints", "verify")
    assert (verified.exit_code, verified.stdout) == (0, "8 steps and 0 texts compared: 0 faults\n")


def test_what_is_overdue_is_told_by_the_exit_code(run: Run, policy_file: Path) -> None:
    assert run("complaints", "receive", "--text", "it is wrong").exit_code == 0
    assert run("complaints", "list", "--overdue").exit_code == 0
    text = policy_file.read_text()
    policy_file.write_text(text.replace("words =", "days = 1e-8\nwords ="))
    assert run("complaints", "receive", "--text", "it is late").exit_code == 0
    found = run("complaints", "list", "--overdue")
    assert found.exit_code == 1
    assert "overdue by 0 days" in found.stdout
    assert len(found.stdout.splitlines()) == 2
    assert json.loads(run("complaints", "list", "--overdue", "--json").stdout)["state"] == "overdue"


def test_an_incident_goes_its_way(run: Run) -> None:
    about = data(run("complaints", "receive", "--text", "it is illegal", "--json"))["id"]
    opened = run(
        "incidents", "open", "--text", "it tells how", "--about", about[-12:], "--by", "Wang"
    )  # fmt: skip
    number = opened.stdout.split()[-1]
    step = run("incidents", "step", number, "stop", "--note", "model taken off", "--by", "Wang")
    assert step.stdout == "missing: remove, rectify, report\n"
    listed = run("incidents", "list").stdout.splitlines()
    assert listed[0].split("  ")[0] == "INCIDENT"
    assert listed[1].split()[-4:] == ["-", "-", "-", "-"]
    failed = run("incidents", "close", number, "--by", "Wang")
    assert failed.exit_code == 2
    assert "lacks remove, rectify, report" in failed.output
    assert failed.output.endswith("and why: --without STEP --note WHY\n"), "none of Python's names"
    for name in ("remove", "rectify"):
        silent = run("incidents", "step", number, name, "--by", "Wang")
        assert (silent.exit_code, silent.stderr) == (2, "Error: say what was done: --note\n")
        step = run("incidents", "step", number, name, "--note", "done", "--by", "Wang")
        assert step.exit_code == 0
    back = run("incidents", "take-back", number, name, "--why", "not yet", "--by", "Wang")
    assert back.stdout == f"missing: {name}, report\n"
    assert run("incidents", "step", number, name, "--note", "now", "--by", "W").exit_code == 0
    closed = run(
        "incidents", "close", number, "--without", "report", "--note", "not public", "--by", "W"
    )  # fmt: skip
    assert closed.stdout == "closed without report\n"
    assert run("incidents", "list").stdout == "no incident is open\n"
    shown = data(run("incidents", "show", number, "--json"))
    assert (shown["missing"], shown["about"]) == (["report"], [about])
    assert "model taken off" in run("incidents", "show", number).stdout
    erased = data(run("incidents", "erase", number, "--basis", "over", "--by", "W", "--json"))
    assert erased["texts"] == 7


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["receive"], "say which complaint"),
        (["receive", "none.txt"], "'none.txt' cannot be read"),
        (["receive", "--text", "x", "--about", "y"], "has no id of a call"),
        (["receive", "--text", "x", "--about", "y", "--about-file", "z"], "give one of --about"),
        (["show", "00000000"], "there is no one complaint '00000000'"),
        (["correct", "00000000", "--by", "W"], "say which: --term"),
        (["correct", "00000000", "--by", "W", "--term", "x"], "needs --category and --level"),
        (["erase", "--basis", "b", "--by", "W"], "say which: NUMBER"),
        (["export", "-o", "x.jsonl", "--by", "W"], "there is no example"),
    ],
)
def test_an_error_is_one_line_with_its_cure_and_exits_with_2(
    run: Run, arguments: list[str], message: str
) -> None:
    found = run("complaints", *arguments)
    assert found.exit_code == 2
    assert message in found.stderr
    assert found.stderr.startswith("Error: ")
    assert len(found.stderr.splitlines()) == 1


def test_a_file_that_is_no_text_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n")
    found = run("complaints", "receive", "--text", "x", "--about-file", tmp_path / "picture.png")
    assert "chopmark inspect FILE --json" in found.stderr
    (tmp_path / "long.txt").write_bytes("好".encode() * 1_400_000)
    found = run("complaints", "receive", tmp_path / "long.txt")
    assert "1,000,000 characters at the most" in found.stderr


def test_what_a_complainant_writes_does_not_steer_the_terminal(run: Run) -> None:
    one = data(run("complaints", "receive", "--text", "\x1b[2J wrong\nline two", "--json"))
    shown = run("complaints", "show", one["id"]).stdout
    assert "\x1b" not in shown
    assert "  \\x1b[2J wrong\n  line two" in shown


def test_a_policy_without_a_log_says_which_to_add(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text('plugins = ["complaints"]\n[settings.complaints]\npath = "c.db"\n')
    found = CliRunner().invoke(cli, ["complaints", "list", "--policy", str(path)])
    assert found.exit_code == 2
    assert 'such as "log"' in found.stderr
