"""Runs: what they say, and that nothing that was answered is lost or asked again."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from chopmark._cli import cli
from chopmark_assess import AssessError
from chopmark_assess._journal import Journal, read_journal
from chopmark_assess._run import load
from chopmark_assess._tally import rates, results

Bank = Callable[..., str]
# Every call leaves a line behind, also of a process that is killed.
TARGET = """
import os, time

def answer(text):
    with open("calls.txt", "a") as calls:
        calls.write(text + "\\n")
    time.sleep(float(os.environ.get("PAUSE", "0")))
    return "I'm sorry, but I can't help with that."

def mixed(text):
    n = int("".join(c for c in text if c.isdigit()))
    if n == 0:
        raise RuntimeError("no connection")
    return ["Sure: one, two.", "I'm sorry, but I can't help with that.", "go kill yourself"][n % 3]

def broken(text):
    raise RuntimeError("no connection")
"""


def run(*args: object) -> Result:
    return CliRunner().invoke(cli, [*map(str, args)])


def assess(target: str, *banks: str, out: str = "r", **options: object) -> Result:
    extra = [
        part for key, value in options.items()
        for part in ((f"--{key}",) if value is True else (f"--{key}", value))
    ]  # fmt: skip
    given = [part for bank in banks for part in ("--bank", bank)]
    return run("assess", "run", target, *given, "-o", out, "--policy", "judge.toml", *extra)


@pytest.fixture
def target(here: Path) -> Path:
    (here / "assessed.py").write_text(TARGET)
    return here


def test_each_kind_has_its_rate_with_an_interval_beside_the_limit(target: Path, bank: Bank) -> None:
    names = [
        bank(7, "should-refuse", "A.2.e"), bank(7, "should-not-refuse", "T.age"),
        bank(7, "generation", "A.5.a"),
    ]  # fmt: skip
    for name in names[1:]:
        text = Path(name).read_text()
        Path(name).write_text(text.replace("\nq", f"\n{Path(name).stem[-3:]}"))
    done = assess("assessed:mixed", *names, json=True, seed="s")
    assert done.exit_code == 1, done.output  # a rate is beyond its limit
    told = json.loads(done.stdout)
    of = {(row["kind"], row["code"]): row for row in told["rates"]}
    # 1, 4 refuse; 2, 5 are denied; 3, 6 answer; 0 has no answer.
    refuse, answer = of["should-refuse", ""], of["should-not-refuse", ""]
    assert (refuse["measure"], refuse["judged"], refuse["errors"]) == ("refusal", 6, 1)
    assert refuse["rate"]["value"] == pytest.approx(2 / 6)
    assert refuse["beside_limit"] == "beyond"
    assert answer["measure"] == "over-refusal"
    assert answer["rate"]["value"] == pytest.approx(2 / 6)
    assert answer["rate"]["low"] == pytest.approx(0.0968, abs=1e-3)
    assert answer["beside_limit"] == "beyond"
    assert of["generation", ""]["rate"]["value"] == pytest.approx(4 / 6)
    assert of["generation", ""]["denied"]["value"] == pytest.approx(2 / 6)
    assert of["generation", "A.5.a"]["limit"] is None
    assert told["states"] == {"right": 10, "wrong": 8, "error": 3, "unasked": 0, "unjudged": 0}
    assert told["tokens"]["counted_by"] == ["rule of thumb"]
    assert "Question number" not in done.stdout
    shown = run("assess", "show", "r")
    assert shown.exit_code == 1
    assert "A machine judged" in shown.output
    assert "at most 5%: beyond" in shown.output
    assert any(len(line) > 80 for line in shown.output.splitlines())
    cases = run("assess", "cases", "r", "--state", "error", "--json").stdout.splitlines()
    assert [json.loads(line)["why"] for line in cases] == ["RuntimeError: no connection"] * 3


def test_what_got_no_answer_is_asked_again_and_nothing_else(target: Path, bank: Bank) -> None:
    name = bank(6)
    assess("assessed:mixed", name)
    before = load(Path("r"))
    assert [case.id for case in before.unasked] == ["q0"]
    (target / "assessed.py").write_text(TARGET.replace("n == 0", "n > 0"))  # and 0 alone answers
    sys.modules.pop("assessed", None)
    time.sleep(0.01)
    os.utime("assessed.py", (1, 1))  # its compiled form must not be taken for it
    done = run("assess", "resume", "r")
    assert "5 of 6 are answered" in done.output
    after = load(Path("r"))
    assert after.unasked == []
    assert {k: v for k, v in after.answers.items() if k != "q0"} == {
        k: v for k, v in before.answers.items() if k != "q0"
    }


def start(*more: str, pause: float) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "chopmark", "assess", *more]
    environment = {**os.environ, "PAUSE": str(pause)}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def wait_for(path: Path, lines: int) -> None:
    until = time.monotonic() + 60
    while not path.exists() or path.read_bytes().count(b"\n") < lines:
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_was_ended_goes_on_where_it_was(
    how: signal.Signals, target: Path, bank: Bank
) -> None:
    name, workers = bank(60), 3
    command = ("run", "assessed:answer", "--bank", name, "-o", "r", "--policy", "judge.toml",
               "--workers", str(workers))  # fmt: skip
    process = start(*command, pause=0.05)
    wait_for(target / "r" / "answers.jsonl", 8)
    process.send_signal(how)
    _, told = process.communicate(timeout=60)
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert b"ending what is under way; Ctrl-C again ends at once" in told
        assert b"interrupted; `chopmark assess resume r` goes on" in told
    kept = {line["case"] for line in read_journal(target / "r" / "answers.jsonl")}
    assert 8 <= len(kept) < 60
    asked = (target / "calls.txt").read_text().count("\n")
    done = run("assess", "resume", "r", "--json")
    assert done.exit_code == 0, done.output
    calls = (target / "calls.txt").read_text().splitlines()
    assert {*calls} == {f"Question number {n}?" for n in range(60)}
    assert len(calls) - asked == 60 - len(kept)  # nothing that was on the disk is asked again
    if how == signal.SIGINT:
        assert asked - len(kept) <= workers  # and nothing is lost but what was in flight
    assert json.loads(done.stdout)["states"]["right"] == 60
    assert len(read_journal(target / "r" / "answers.jsonl")) == 60


def test_two_processes_do_not_run_one_run(target: Path, bank: Bank) -> None:
    name = bank(3)
    assess("assessed:answer", name)
    with Journal(Path("r/answers.jsonl")):
        done = run("assess", "resume", "r")
    assert done.exit_code == 1
    assert "is in use by another process" in done.output


def test_a_torn_last_line_is_taken_off_and_its_case_asked_again(target: Path, bank: Bank) -> None:
    assess("assessed:answer", bank(3))
    file = Path("r/answers.jsonl")
    whole = file.read_bytes()
    file.write_bytes(whole[:-9])
    assert len(load(Path("r")).unasked) == 1
    assert run("assess", "resume", "r").exit_code == 0
    assert len(read_journal(file)) == 3


def test_a_damaged_line_is_named(target: Path, bank: Bank) -> None:
    assess("assessed:answer", bank(3))
    file = Path("r/answers.jsonl")
    lines = file.read_bytes().split(b"\n")
    file.write_bytes(b"\n".join([lines[0], lines[1][:-5], *lines[2:]]))
    with pytest.raises(AssessError, match=r"answers\.jsonl:2: damaged"):
        load(Path("r"))


def test_a_folder_with_another_run_is_refused_and_the_difference_named(
    target: Path, bank: Bank
) -> None:
    name = bank(3)
    assess("assessed:answer", name, seed="one")
    done = assess("assessed:mixed", name, seed="two")
    assert done.exit_code == 1
    assert "target was 'assessed:answer', is 'assessed:mixed'" in done.output
    assert "seed was 'one', is 'two'" in done.output
    Path("other").mkdir()
    Path("other/file").touch()
    assert "is not empty, and no run" in assess("assessed:answer", name, out="other").output


def test_a_target_that_fails_again_and_again_ends_the_run(target: Path, bank: Bank) -> None:
    options = {"give-up": 4, "workers": 1}
    done = assess("assessed:broken", bank(9), **options)
    assert done.exit_code == 1
    assert "cases in a row got no answer, the last: RuntimeError: no connection" in done.output
    assert 4 <= len(load(Path("r")).answers) < 9


def test_the_answers_of_a_run_can_be_judged_anew(target: Path, bank: Bank) -> None:
    name = bank(6)
    assess("assessed:mixed", name)
    Path("lax.toml").write_text('name = "lax"\n')
    again = ["assess", "run", "r/answers.jsonl", "--bank", name, "-o", "again"]
    assert run(*again, "--policy", "lax.toml").exit_code == 1
    first, second = (load(Path(folder)) for folder in ("r", "again"))
    assert {k: a.text for k, a in second.answers.items()} == {
        k: a.text for k, a in first.answers.items()
    }
    assert sum(v.denied for v in first.verdicts.values()) == 2
    assert sum(v.denied for v in second.verdicts.values()) == 0


def test_answers_to_no_case_are_told(target: Path, bank: Bank) -> None:
    lines = [{"id": f"q{n}", "answer": "I can't help with that."} for n in (9, 2, 1, 0)]
    Path("a.jsonl").write_text("\n".join(map(json.dumps, lines)))
    done = assess("a.jsonl", bank(3))
    assert done.exit_code == 0, done.output
    assert "note: 1 answer of no case: q9" in done.output


def test_what_a_detector_could_not_judge_counts_for_nothing(target: Path, bank: Bank) -> None:
    from dataclasses import replace

    assess("assessed:answer", bank(3))
    before = load(Path("r"))
    verdicts = {**before.verdicts, "q1": replace(before.verdicts["q1"], failed="onnx: broke")}
    found = results(replace(before, verdicts=verdicts))
    assert [one.state for one in found if one.case.id == "q1"] == ["unjudged"]
    assert rates(found, before)[0].judged == 2


def test_a_cost_is_told_where_prices_are(target: Path, bank: Bank) -> None:
    done = assess("assessed:answer", bank(2), price="1000000,2000000", json=True)
    told = json.loads(done.stdout)
    assert told["cost"] == told["tokens"]["input"] + 2 * told["tokens"]["output"] > 0
    assert "write two numbers" in run("assess", "show", "r", "--price", "much").output
    assert json.loads(run("assess", "show", "r", "--json").stdout)["cost"] is None


@pytest.mark.parametrize(
    ("size", "drawn"), [("2", 2), ("should-refuse=3", 3), ("schema", 6), ("all", 6)]
)
def test_a_sample_has_the_size_that_was_asked_for(
    size: str, drawn: int, target: Path, bank: Bank
) -> None:
    assess("assessed:answer", bank(6), sample=size)
    assert load(Path("r")).about["sample"] == {"should-refuse": drawn}


def test_a_sample_that_is_none_is_named(target: Path, bank: Bank) -> None:
    assert (
        "sample 'half' is none; write all, schema"
        in assess("assessed:answer", bank(6), sample="half").output
    )


ODD = """
SAID = ["", " ", "\\ud800 half", "\\x1b[31mred\\x07", "x" * 5_000, "我不能\\u202e答",
        "\\0", "ok"]

def odd(text):
    return SAID[int("".join(c for c in text if c.isdigit()))]
"""


def test_no_answer_is_too_odd_to_be_kept_judged_and_shown(here: Path, bank: Bank) -> None:
    (here / "assessed.py").write_text(ODD)
    done = assess("assessed:odd", bank(8))
    assert done.exit_code == 1, done.output
    kept = load(Path("r"))
    assert {case: answer.text for case, answer in kept.answers.items()} == {
        f"q{n}": text for n, text in enumerate(_said())
    }
    assert not any(verdict.failed for verdict in kept.verdicts.values())
    listed = run("assess", "cases", "r", "--texts", "--state", "wrong").output
    assert "\x1b" not in listed
    assert "\\x1b[31mred" in listed


def _said() -> list[str]:
    names: dict[str, list[str]] = {}
    exec(ODD, names)  # type: ignore[arg-type]
    return names["SAID"]


# A file that may grow no more is what a full disk is to a writer.
FULL = """
import os, resource

def fill():
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))

if os.environ.get("FULL") == "begin":
    fill()

def answer(text):
    if os.environ.get("FULL"):
        fill()
    return "I'm sorry, but I can't help with that."
"""


@pytest.mark.parametrize("when", ["begin", "later"])
def test_a_disk_that_is_full_loses_nothing_that_was_kept(when: str, here: Path, bank: Bank) -> None:
    (here / "assessed.py").write_text(FULL)
    name = bank(30)
    command = ["assess", "run", "assessed:answer", "--bank", name, "-o", "r", "--policy",
               "judge.toml"]  # fmt: skip
    ended = subprocess.run(
        [sys.executable, "-m", "chopmark", *command], capture_output=True, text=True,
        env={**os.environ, "FULL": when},
    )  # fmt: skip
    assert ended.returncode == 1
    assert "cannot be written (File too large)" in ended.stderr
    assert "Traceback" not in ended.stderr
    kept = len(read_journal(here / "r" / "answers.jsonl"))
    assert (kept > 0) == (when == "later")
    done = run(*command, "--json")
    assert done.exit_code == 0, done.output
    lines = read_journal(here / "r" / "answers.jsonl")
    assert len(lines) == 30 == len({line["case"] for line in lines})


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no pseudo terminals")
@pytest.mark.parametrize("command", [["show", "r"], ["cases", "r", "--texts"]])
def test_a_narrow_terminal_shows_all_of_a_run(target: Path, bank: Bank, command: list[str]) -> None:
    assess("assessed:mixed", bank(3, "should-refuse", "A.2.e"))
    screen, terminal = os.openpty()
    program = [sys.executable, "-m", "chopmark", "assess", *command]
    with subprocess.Popen(program, stdout=terminal, env=os.environ | {"COLUMNS": "80"}):
        os.close(terminal)
        said = b""
        with contextlib.suppress(OSError):  # the other end is closed
            while block := os.read(screen, 65536):
                said += block
    os.close(screen)
    lines = said.decode().splitlines()
    assert 60 < max(map(len, lines)) <= 80
    assert "should-" in said.decode()


@pytest.mark.parametrize("command", ["show", "resume", "cases"])
def test_a_folder_that_is_no_run_is_told_with_the_cure(here: Path, command: str) -> None:
    (here / "file").write_text("")
    for name in ("nothing", "file"):
        found = run("assess", command, name)
        assert (found.exit_code, f"'{name}' is no run" in found.output) == (1, True), found.output
        assert "name the folder that `chopmark assess run` wrote" in found.output


@pytest.mark.parametrize("option", ["--schema", "--bank"])
def test_a_file_in_gbk_is_told_with_the_cure(target: Path, option: str) -> None:
    Path("gbk.toml").write_bytes('name = "题库"\n'.encode("gbk"))
    bank = [] if option == "--bank" else ["--bank", "gbk.toml"]
    found = run("assess", "run", "assessed:answer", *bank, option, "gbk.toml", "-o", "r")
    assert (found.exit_code, "not UTF-8" in found.output) == (1, True), found.output
    assert "iconv -f GBK" in found.output
