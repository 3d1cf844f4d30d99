"""A log that cannot be written is told of before a model is asked, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.plugins.log.logs import ids_of, invoke, settle

from chopmark import Chopmark, LogError, OnError, Policy
from chopmark_log._folder import LogFolder

if sys.platform == "win32":
    pytest.skip("locks of POSIX", allow_module_level=True)

asked: list[str] = []


@pytest.fixture(autouse=True)
def nobody_was_asked() -> None:
    asked.clear()


def answer(prompt: str) -> str:
    asked.append(prompt)
    return "an answer"


def stream(prompt: str) -> Iterator[str]:
    asked.append(prompt)
    yield from ("an ", "answer")


def chopmark(path: Path | str, **on_error: object) -> Chopmark:
    made = Policy(name="t", plugins=("log",), on_error=OnError(**on_error))  # type: ignore[arg-type]
    return Chopmark(made.with_options("log", path=str(path)))


def unwritable(tmp_path: Path, kind: str) -> Path:
    (tmp_path / "file").write_text("")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("")
    found = {
        "proc": Path("/proc/chopmark/log"), "below a file": tmp_path / "file" / "log",
        "a file": tmp_path / "file", "in use": tmp_path / "full",
    }[kind]  # fmt: skip
    if kind == "proc" and not Path("/proc/self").exists():
        pytest.skip("no /proc")
    return found


KINDS = ("proc", "below a file", "a file", "in use")


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_is_not_asked_where_its_record_could_not_be_taken(
    tmp_path: Path, kind: str
) -> None:
    path = unwritable(tmp_path, kind)
    chop = chopmark(path)
    for _ in range(2):
        with pytest.raises(LogError, match="the model was not asked, for the log could not"):
            chop.guard(answer)("a question")
        with pytest.raises(LogError, match="cannot be written"):
            list(chop.guard(stream)("a question"))
    assert asked == []
    assert chopmark(path, log="allow").guard(answer)("a question") == "an answer"


@pytest.mark.parametrize("kind", KINDS)
def test_policy_check_says_so_and_makes_nothing(tmp_path: Path, kind: str) -> None:
    path = unwritable(tmp_path, kind)
    file = tmp_path / "p.toml"
    text = f'name = "p"\nplugins = ["log"]\n[settings.log]\npath = "{path}"\n'
    file.write_text(text)
    before = sorted(tmp_path.rglob("*"))
    done = invoke("policy", "check", str(file))
    assert (done.exit_code, "cannot be written" in done.output) == (1, True), done.output
    file.write_text(text.replace("[settings", '[on_error]\nlog = "allow"\n[settings'))
    done = invoke("policy", "check", str(file))
    assert (done.exit_code, "note: log" in done.output) == (0, True), done.output
    file.write_text(text.replace(str(path), str(tmp_path / "a" / "b" / "log")))
    assert invoke("policy", "check", str(file)).exit_code == 0
    assert sorted(tmp_path.rglob("*")) == before


def test_a_log_is_tried_until_it_works_once_and_not_again(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    chop = chopmark(tmp_path / "a" / "log")
    with pytest.raises(LogError):
        chop.guard(answer)("a question")
    (tmp_path / "a").unlink()
    chop.guard(answer)("a question")
    tried: list[int] = []
    chop.log.warm_up = lambda: tried.append(1)  # type: ignore[union-attr]
    chop.guard(answer)("a question")
    assert (asked, tried) == (["a question"] * 2, [])
    chop.close()
    folder = LogFolder(tmp_path / "a" / "log")
    settle(folder)
    assert len(ids_of(folder)) == 2


def test_a_lost_master_key_is_told_of_before_a_model_is_asked(tmp_path: Path) -> None:
    chop = chopmark(tmp_path / "log")
    chop.guard(answer)("a question")
    chop.close()
    (tmp_path / "log" / "master.key").unlink()
    with pytest.raises(LogError, match=r"master\.key"):
        chopmark(tmp_path / "log").guard(answer)("another")
    assert asked == ["a question"]


def test_a_model_of_another_thread_is_not_asked_either(tmp_path: Path) -> None:
    async def later(prompt: str) -> str:
        return answer(prompt)

    with pytest.raises(LogError, match="the model was not asked"):
        asyncio.run(chopmark(unwritable(tmp_path, "a file")).guard(later)("a question"))
    assert asked == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_fork_before_the_first_call_begins_in_the_child(tmp_path: Path) -> None:
    chop = chopmark(tmp_path / "log")
    assert not (tmp_path / "log").exists()
    child = os.fork()
    if not child:
        try:
            chop.guard(answer)("a question")
            chop.close()
        finally:
            os._exit(len(asked) - 1)
    assert os.waitpid(child, 0)[1] == 0
    chop.guard(answer)("a question")
    chop.close()
    folder = LogFolder(tmp_path / "log")
    settle(folder)
    assert len(ids_of(folder)) == 2
