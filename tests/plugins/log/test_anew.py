"""A new log takes the place of an older copy whole, wherever whoever puts it there is killed."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest
from tests.plugins.log.logs import faults_of, fill, ids_of, invoke, leaves, settle

from chopmark import LogError
from chopmark.testing import sample_record
from chopmark_log._folder import LogFolder
from chopmark_log._integrate import head_faults
from chopmark_log._log import TransparencyLog
from chopmark_log._signing import read_signing_key, read_verifier_key

if sys.platform == "win32":
    pytest.skip("locks of POSIX", allow_module_level=True)

OLD, NEW = "example.com/log", "example.com/log/2"
STEPS = ("rename", "replace", "unlink", "rmdir", "fsync")


@pytest.fixture(scope="module")
def set_back(tmp_path_factory: pytest.TempPathFactory) -> LogFolder:
    """A log of two keys in whose place an older copy is, and for which a record waits."""
    folder = LogFolder(tmp_path_factory.mktemp("anew") / "log")
    folder.create(OLD, ml_dsa=True)
    fill(folder, 2)
    shutil.copy(folder.base, folder.path.parent / "yesterday")
    fill(folder, 2)
    shutil.copy(folder.path.parent / "yesterday", folder.base)
    fill(folder, 1, integrate=False)
    return folder


def recover(folder: LogFolder, *more: str) -> int:
    return invoke("log", "recover", "--path", str(folder.path), *more).exit_code


def killed_at(folder: LogFolder, step: int) -> bool:
    """Begin the new log in a child that is killed before the call `step` that changes names."""
    child = os.fork()
    if child == 0:
        left = [step]
        for name in STEPS:
            setattr(os, name, counting(getattr(os, name), left))
        recover(folder, "--new-origin", NEW)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def counting(call: object, left: list[int]) -> object:
    def counted(*given: object, **more: object) -> object:
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*given, **more)  # type: ignore[operator]

    return counted


def left_at_steps(made: LogFolder, there: Path, apart: int) -> Iterator[LogFolder]:
    for step in range(1, 200, apart):
        folder = LogFolder(there / str(step))
        shutil.copytree(made.path, folder.path)
        if not killed_at(folder, step):
            return
        yield folder
        shutil.rmtree(folder.path)
    raise AssertionError("it never came to its end")


@pytest.mark.parametrize("apart", [3, pytest.param(1, marks=pytest.mark.deep)])
def test_wherever_it_is_killed_the_next_one_ends_it_and_nothing_is_lost(
    set_back: LogFolder, tmp_path: Path, apart: int
) -> None:
    before = {one: (set_back.path / one).read_bytes() for one in ("log.db", "log.key", "log.pub")}
    refused = 0
    commands = cycle((["status"], ["verify"], ["tail"], ["recover", "--new-origin", "x.org/y"]))
    for folder in left_at_steps(set_back, tmp_path, apart):
        if folder.anew.exists():
            refused += 1
            done = invoke("log", *next(commands), "--path", str(folder.path))
            assert (done.exit_code, "recover" in done.output or OLD in done.output or
                    NEW in done.output) == (2, True), done.output  # fmt: skip
            with pytest.raises(LogError, match="chopmark log recover"):
                TransparencyLog({"path": str(folder.path)}).append(sample_record())
            assert recover(folder) == 0
        elif read_verifier_key(str(folder.public)).name == OLD:
            assert recover(folder, "--new-origin", NEW) == 0
        settle(folder)
        gap, record = leaves(folder)
        assert (gap["former"], gap["found"], gap["signed"]) == (OLD, 2, 4)
        assert record["k"] == "call"
        (former,) = folder.path.glob("former-*")
        assert {one: (former / one).read_bytes() for one in before} == before
        assert not (former / "next").exists()
        assert read_signing_key(folder.key).public.name == NEW
        assert read_signing_key(folder.second.key).public.name == NEW
        fill(folder, 1)
        store = folder.open()
        assert (faults_of(folder), head_faults(folder, store)) == ((), [])
        store.close()
        assert len(ids_of(folder)) == 2
    assert refused > 4


@pytest.mark.parametrize(
    "told",
    [b"", b"\xff\xfe", b"[1]", b"{}", b"[" * 99_999,
     b'{"aside": "..", "origin": "x", "former": []}',
     b'{"aside": "a", "origin": "x", "former": ["../../x"]}'],
)  # fmt: skip
def test_what_says_no_such_thing_moves_nothing(
    set_back: LogFolder, tmp_path: Path, told: bytes
) -> None:
    folder = LogFolder(tmp_path / "log")
    shutil.copytree(set_back.path, folder.path)
    folder.anew.write_bytes(told)
    before = sorted(folder.path.rglob("*"))
    assert recover(folder) == 2
    assert sorted(folder.path.rglob("*")) == before
