"""The command `chopmark screen`: files, lines, order, what is wrong, and leaving early."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

import chopmark._screen_lines as screen_lines
from chopmark._cli import cli

WORDS = """# name: mine
# version: 1
# language: en
term,category,level,reviewer,expires
foobarbaz,test,block,me,2099-01-01
"""
POLICY = """
plugins = ["keyword"]
[settings.keyword]
lists = ["words.csv"]
bundled = false
[audiences.minor.rules]
keyword = "warn"
"""


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("policy")
    (folder / "words.csv").write_text(WORDS)
    (folder / "p.toml").write_text(POLICY)
    return str(folder / "p.toml")


def run(policy: str, *args: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(cli, ["screen", "--policy", policy, *args], input=stdin)


def lines(*items: object) -> bytes:
    return b"".join(json.dumps(item).encode() + b"\n" for item in items)


def item(number: int, text: str = "hello") -> dict[str, Any]:
    return {"id": number, "text": text}


def test_a_file_is_one_text_for_a_person(policy: str, tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_text("one\nfoobarbaz two")
    found = run(policy, str(file))
    assert found.exit_code == 3, found.output
    assert "action  block" in found.output
    assert "CATEGORY" in found.output
    assert "4-13" in found.output
    assert run(policy, "-", stdin="fine").output.strip() == "action  allow"


def test_json_has_the_scores(policy: str) -> None:
    found = json.loads(run(policy, "--json", stdin="foobarbaz").output)
    assert found["scores"] == {"keyword": 1.0}


def test_a_text_that_was_given_for_a_file_is_told_how(policy: str, tmp_path: Path) -> None:
    found = run(policy, "hello there")
    assert found.exit_code == 2
    assert "file 'hello there' cannot be read" in found.output
    assert "for a text write --text" in found.output
    assert run(policy, str(tmp_path)).exit_code == 2  # a folder


@pytest.mark.parametrize(
    "args",
    [
        ("--text", "a", "file"),
        ("--text", "a", "--jsonl"),
        ("--json", "--jsonl"),
        ("--text", "a", "--workers", "2"),
    ],
)
def test_options_that_contradict_each_other_are_told(policy: str, args: Sequence[str]) -> None:
    found = run(policy, *args)
    assert found.exit_code == 2
    assert "Error: --" in found.output


def test_a_line_of_json_has_what_it_should(policy: str) -> None:
    asked = lines(
        {"id": "a", "text": "one foobarbaz two"},
        {"id": 2, "text": "hello", "direction": "output", "label": "more may be there"},
    )
    found = run(policy, "--jsonl", stdin=asked)
    assert found.exit_code == 0, found.output
    first, second = map(json.loads, found.output.splitlines())
    assert first == {
        "id": "a",
        "action": "block",
        "scores": {"keyword": 1.0},
        "verdicts": [
            {
                "category": "keyword.test",
                "score": 1.0,
                "start": 4,
                "end": 13,
                "detector": "keyword",
                "action": "block",
            }
        ],
    }
    assert second == {"id": 2, "action": "allow", "scores": {"keyword": 0.0}, "verdicts": []}


def test_the_audience_is_that_of_every_line(policy: str) -> None:
    asked = lines(item(1, "foobarbaz"))
    found = json.loads(run(policy, "--jsonl", "--audience", "minor", stdin=asked).output)
    assert (found["action"], found["verdicts"][0]["action"]) == ("allow", "warn")
    wrong = run(policy, "--jsonl", "--audience", "nobody", stdin=asked)
    assert wrong.exit_code == 1
    assert "audience 'nobody' is not in policy" in wrong.output


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_answers_come_in_the_order_of_the_lines(policy: str, workers: int) -> None:
    texts = ["x" * (n * 7919 % 3000) + " foobarbaz" * (n % 3) for n in range(150)]
    asked = lines(*(item(n, text) for n, text in enumerate(texts)))
    found = run(policy, "--jsonl", "--workers", str(workers), stdin=asked)
    answers = [json.loads(line) for line in found.output.splitlines()]
    assert [answer["id"] for answer in answers] == list(range(150))
    assert [answer["action"] == "block" for answer in answers] == [n % 3 > 0 for n in range(150)]


BAD = [
    (b"{", "is not JSON: "),
    (b"[" * 100_000, "is nested too deep; write "),
    (b'{"id": 1, "text": "\xff"}', "is not UTF-8 at byte 19"),
    (b"[1]", "is no JSON object; write "),
    (b'{"text": "a"}', "has no 'id'; give a string or a whole number"),
    (b'{"id": true, "text": "a"}', "has 'id' of type bool, which cannot be used"),
    (b'{"id": 1.5, "text": "a"}', "has 'id' of type float, which cannot be used"),
    (b'{"id": 1}', "has no 'text'; give a string"),
    (b'{"id": 1, "text": null}', "has 'text' of type NoneType, which cannot be used"),
    (b'{"id": 1, "text": "a", "direction": "up"}', "has 'direction' 'up', which cannot be used"),
]


@pytest.mark.parametrize(("bad", "message"), BAD, ids=[message for _, message in BAD])
@pytest.mark.parametrize("workers", ["1", "3"])
def test_a_bad_line_is_told_with_its_number_and_stops_nothing(
    policy: str, bad: bytes, message: str, workers: str
) -> None:
    asked = lines(item(1)) + b"\n  \n" + bad + b"\n" + lines(item(2))
    found = run(policy, "--jsonl", "--workers", workers, stdin=asked)
    assert found.exit_code == 1
    assert [json.loads(line)["id"] for line in found.stdout.splitlines()] == [1, 2]
    told, count = found.stderr.splitlines()
    assert told.startswith(f"line 4 {message}")
    assert count == "1 of 3 lines could not be screened"


def test_no_content_of_a_bad_line_is_told(policy: str) -> None:
    found = run(policy, "--jsonl", stdin=b'{"id": 1, "text": ["secret"]}\n')
    assert "secret" not in found.output


def test_a_line_that_is_too_long_is_told_and_not_kept(
    policy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen_lines, "MOST_BYTES", 2**20)
    asked = lines(item(1), item(2, "a" * 3 * 2**20), item(3))
    found = run(policy, "--jsonl", stdin=asked)
    assert "line 2 is over 1 MiB; cut the text" in found.stderr
    assert [json.loads(line)["id"] for line in found.stdout.splitlines()] == [1, 3]


class Cut:
    """Bytes that come in pieces of given sizes."""

    def __init__(self, data: bytes, sizes: Iterator[int]) -> None:
        self._data = data
        self._sizes = sizes

    def read(self, size: int, /) -> bytes:
        taken = min(size, next(self._sizes, size))
        piece, self._data = self._data[:taken], self._data[taken:]
        return piece


@settings(deadline=None)
@given(st.binary(max_size=60).map(lambda b: b.replace(b"a", b"\n")), st.lists(st.integers(1, 9)))
def test_lines_do_not_depend_on_how_they_come(data: bytes, sizes: list[int]) -> None:
    expected = [
        (number, line)
        for number, line in enumerate(data.split(b"\n"), 1)
        if line and not line.isspace()
    ]
    found = [
        (number, line.removesuffix(b"\n"))
        for number, line, size in screen_lines.lines(Cut(data, iter(sizes)))
        if line is not None
    ]
    assert found == expected


def test_any_name_comes_back(policy: str) -> None:
    names = ["", "中文", "\ud800", "a\nb", -1, 10**30]
    found = run(policy, "--jsonl", stdin=lines(*({"id": name, "text": "a"} for name in names)))
    assert [json.loads(line)["id"] for line in found.output.splitlines()] == names


def test_a_byte_order_mark_and_windows_line_ends_are_no_harm(policy: str) -> None:
    asked = b"\xef\xbb\xbf" + lines(item(1), item(2)).replace(b"\n", b"\r\n")
    assert run(policy, "--jsonl", stdin=asked).exit_code == 0


# As a program of its own: pipes, signals and terminals.


def started(policy: str, *args: str, **streams: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "chopmark", "screen", "--policy", policy, "--jsonl", *args]
    # Without a buffer, since `communicate` would not see what was read ahead.
    return subprocess.Popen(
        command, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **streams
    )


def ask(program: subprocess.Popen[bytes], number: int) -> dict[str, Any]:
    assert program.stdin is not None
    assert program.stdout is not None
    program.stdin.write(lines(item(number)))
    program.stdin.flush()
    answer: dict[str, Any] = json.loads(program.stdout.readline())
    return answer


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux that is always full")
@pytest.mark.parametrize("more", [["--text", "a"], ["--jsonl", "-"]])
def test_a_full_disk_is_told_without_a_traceback(policy: str, more: Sequence[str]) -> None:
    command = [sys.executable, "-m", "chopmark", "screen", "--policy", policy, *more]
    with Path("/dev/full").open("wb") as full:
        line = b'{"id": 1, "text": "a"}\n'
        done = subprocess.run(command, input=line, stdout=full, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr.decode()) == (
        1,
        "Error: what is written does not fit (No space left on device); make room\n",
    )


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_line_is_answered_before_the_next_one_comes(policy: str, workers: str) -> None:
    with started(policy, "--workers", workers) as program:
        for number in range(3):
            assert ask(program, number)["id"] == number
        program.communicate()
    assert program.returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_ends_it_with_whole_lines_and_without_a_traceback(policy: str, workers: str) -> None:
    with started(policy, "--workers", workers, stderr=subprocess.PIPE) as program:
        for number in range(2):
            ask(program, number)
        program.send_signal(signal.SIGINT)
        assert program.stderr is not None
        said = program.stderr.read()
        assert program.wait(timeout=60) == 130
    assert re.fullmatch(r"interrupted behind [12] lines\n", said.decode())  # the last may count


@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
def test_ctrl_c_in_the_middle_of_work_leaves_whole_lines(policy: str, tmp_path: Path) -> None:
    file = tmp_path / "many.jsonl"
    file.write_bytes(lines(*(item(n, "word " * 500) for n in range(20_000))))
    with started(policy, str(file), "--workers", "2", stderr=subprocess.PIPE) as program:
        assert program.stdout is not None
        first = program.stdout.readline()
        program.send_signal(signal.SIGINT)
        rest, said = program.communicate(timeout=60)
    assert program.returncode == 130
    numbers = [json.loads(line)["id"] for line in (first + rest).splitlines()]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) < 20_000
    told = int(said.decode().removeprefix("interrupted behind ").removesuffix(" lines\n"))
    assert told in (len(numbers), len(numbers) - 1)  # it may come between a line and its count


@pytest.mark.skipif(os.name == "nt", reason="Windows closes pipes in its own way")
def test_a_reader_that_has_enough_ends_it(policy: str, tmp_path: Path) -> None:
    file = tmp_path / "many.jsonl"
    file.write_bytes(lines(*(item(n) for n in range(20_000))))
    with started(policy, str(file), stderr=subprocess.PIPE) as program:
        assert program.stdout is not None
        program.stdout.readline()
        program.stdout.close()
        assert program.stderr is not None
        said = program.stderr.read().decode()
        assert program.wait(timeout=60) == 1
    assert "Traceback" not in said


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no pseudo terminals")
@pytest.mark.parametrize("piped", [False, True])
def test_a_terminal_sees_how_far_it_is(policy: str, tmp_path: Path, piped: bool) -> None:
    asked = lines(*(item(n) for n in range(40))) + b"oops\n"
    file = tmp_path / "some.jsonl"
    file.write_bytes(asked)
    screen, terminal = os.openpty()
    with started(policy, *([] if piped else [str(file)]), stderr=terminal) as program:
        os.close(terminal)
        out, _ = program.communicate(asked if piped else None)
        said = b"".join(terminal_output(screen))
    os.close(screen)
    assert program.returncode == 1
    assert len(out.splitlines()) == 40
    assert b"line 41 is not JSON" in said
    assert (b"screening  41 lines" if piped else b"100%") in said


def terminal_output(screen: int) -> Iterator[bytes]:
    while True:
        try:
            block = os.read(screen, 4096)
        except OSError:  # the other end is closed
            return
        if not block:
            return
        yield block
