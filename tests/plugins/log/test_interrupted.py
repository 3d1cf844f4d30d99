"""Ctrl-C at any moment leaves a log that verifies, and the command says what became of its work."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import pytest
from tests.depth import scaled
from tests.plugins.log.logs import faults_of, fill, invoke, settle, settled_ids
from tests.plugins.log.postgres import Server
from tests.plugins.log.scenes import Scene, make_scene

from chopmark._cli import cli
from chopmark_log._beside import audit_all
from chopmark_log._folder import LogFolder
from chopmark_log._signing import read_verifier_key
from chopmark_log._spool import SUFFIX, TORN

if sys.platform == "win32":
    pytest.skip("forks and signals of POSIX", allow_module_level=True)
pytest.importorskip("duckdb")
PLUGIN = f"{os.sep}chopmark_log{os.sep}"


class Ended(NamedTuple):
    """How a process ended, what it said, and how many lines of the plugin it ran."""

    code: int
    said: str
    lines: int


def pressed(words: Sequence[str], after: int, out: Path) -> Ended:
    """Run a command in a process in which Ctrl-C is pressed after so many lines of the plugin."""
    child = os.fork()
    if child == 0:
        lines = 0

        def line(frame: FrameType, event: str, given: Any) -> Any:
            nonlocal lines
            if event == "line":
                lines += 1
                if lines == after:
                    signal.raise_signal(signal.SIGINT)
            return line

        code = 99
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            where = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(where, 1)
            os.dup2(where, 2)
            sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
            sys.settrace(lambda frame, *_: line if PLUGIN in frame.f_code.co_filename else None)
            cli(words)
        except SystemExit as end:
            code = int(end.code or 0)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.settrace(None)
            sys.stdout.flush()
            print(f"\nlines: {lines}", file=sys.stderr, flush=True)
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    said, _, count = out.read_text("utf-8").rpartition("\nlines: ")
    return Ended(code, said, int(count))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return make_scene(tmp_path_factory.mktemp("scenes") / "made")


def moments(lines: int, count: int, seed: str) -> list[int]:
    """Return at which lines to press it: chosen by chance, the same ones in each run."""
    chance = random.Random(seed)
    return [chance.randint(1, lines) for _ in range(scaled(count))]


def whole(folder: LogFolder) -> bool:
    """Return whether a log and all beside it hold, texts too."""
    store = folder.open()
    try:
        found = audit_all(folder, store, [read_verifier_key(str(folder.public))], opening=True)
    finally:
        store.close()
    return not found.faults


def left_behind(scene: Scene) -> None:
    """Leave what a crash leaves: a spool whose end is torn, and one with damage in it."""
    fill(scene.log, 3, integrate=False)
    fill(scene.log, 3, integrate=False)
    first, second = sorted(scene.log.spools.glob(f"*{SUFFIX}"))
    first.rename(first.with_suffix(TORN))
    second.write_bytes(second.read_bytes() + b"\0\0\0\x14\1\2\3\4" + bytes(20))


COMMANDS = {
    "export": "log export {here}/bundle --path {log} --open answer",
    "erase": "log erase --subject anna --basis law --path {log}",
    "restrict": "log restrict --subject anna --basis law --until 2099-01-01 --path {log}",
    "prune": "log prune --path {log}",
    "archive": "log archive write {here}/new --path {log} --open-month",
    "recover": "log recover --path {log}",
    "anew": "log recover --new-origin example.com/new --path {log}",
    "init": "log init --path {here}/fresh --origin example.com/fresh",
    "parent": "log parent init --path {here}/above --origin example.com/above",
    "witness": "witness init --path {here}/seen --name witness.example/seen",
}


@pytest.mark.parametrize("count", [15, pytest.param(60, marks=pytest.mark.deep)])
@pytest.mark.parametrize("name", COMMANDS)
def test_at_any_line_it_leaves_a_log_that_holds_and_says_so(
    made: Scene, tmp_path: Path, name: str, count: int
) -> None:
    begun = made.copy(tmp_path / "begun")
    if name == "recover":
        left_behind(begun)
    if name == "prune":
        assert begun.run("log restrict --subject anna --basis law --until 2099-01-01 "
                         "--path {log}").exit_code == 0  # fmt: skip
    scene, out = Scene(tmp_path / "scene"), tmp_path / "out"
    before = settled_ids(made.log)

    def press(after: int) -> Ended:
        shutil.rmtree(scene.path, ignore_errors=True)
        begun.copy(scene.path)
        return pressed(scene.words(COMMANDS[name]), after, out)

    done = press(0)
    assert done.code == 0, done.said
    interrupted = 0
    for after in moments(done.lines, count, name):
        found = press(after)
        assert found.code in (0, 130), (after, found.said)
        assert "Traceback" not in found.said, (after, found.said)
        if found.code == 130:
            interrupted += 1
            assert "interrupted" in found.said, after
        check(name, scene, before, found.code == 130)
    assert interrupted


def check(name: str, scene: Scene, before: list[str], interrupted: bool) -> None:
    """Fail unless what a command left holds, and the same command, or the one it names, ends it."""
    here, log = scene.path, scene.log
    assert whole(log) if name != "anew" else faults_of(log) == ()
    if name == "export":
        bundle = here / "bundle"
        if bundle.exists():
            assert (bundle / "records.jsonl").read_bytes().count(b"\n") == len(before) + 1
            shutil.rmtree(bundle)
        assert {one.name for one in here.glob("bundle*")} <= {"bundle.part"}
        assert scene.run(COMMANDS["export"]).exit_code == 0
        assert [one.name for one in here.glob("bundle*")] == ["bundle"]
    elif name in ("erase", "restrict"):
        scene.run(COMMANDS[name])
        assert scene.run("log prune --path {log}").exit_code == 0
        shown = scene.run("log show {id} --path {log} --open answer")
        assert shown.exit_code == 2, shown.output
        assert "was erased" in shown.output or "is restricted" in shown.output
    elif name == "archive":
        assert scene.run(COMMANDS["archive"]).exit_code == 0
        checked = scene.run("log archive verify {here}/new --path {log} --json")
        assert json.loads(checked.stdout)["faults"] == []
    elif name == "recover":
        assert scene.run(COMMANDS["recover"]).exit_code == 0
        found = settled_ids(log)
        assert len(found) == len(set(found)) == len(before) + 6
    elif name in ("init", "parent", "witness"):
        again = scene.run(COMMANDS[name])
        assert (again.exit_code == 0) or not interrupted or "is a" in again.output
        assert not list(here.glob("fresh.new-*"))
    assert whole(log) if name != "anew" else faults_of(log) == ()


def test_a_move_to_a_database_goes_on_or_is_taken_back(
    folder: LogFolder, server: Server, tmp_path: Path
) -> None:
    fill(folder, 300)
    settle(folder)
    place, out = tmp_path / "log", tmp_path / "out"
    assert place == folder.path
    shutil.copytree(place, tmp_path / "begun")

    def press(after: int) -> tuple[Ended, str]:
        shutil.rmtree(place)
        shutil.copytree(tmp_path / "begun", place)
        store = server.database()
        words = ["log", "migrate", "--path", str(place), "--store", store]
        return pressed(words, after, out), store

    done, _ = press(0)
    assert done.code == 0, done.said
    for n, after in enumerate(moments(done.lines, 10, "migrate")):
        found, store = press(after)
        assert found.code in (0, 130), (after, found.said)
        assert "Traceback" not in found.said, (after, found.said)
        back = ["--cancel"] if n % 2 and found.code else ["--store", store]
        ended = invoke("log", "migrate", "--path", str(place), *back)
        assert ended.exit_code in ((0, 2) if back == ["--cancel"] else (0,)), ended.output
        if ended.exit_code == 2:  # it was not begun, or is over but for what the same command ends
            assert "is not being moved" in ended.output or "run `chopmark log" in ended.output
            again = invoke("log", "migrate", "--path", str(place), "--store", store)
            assert again.exit_code == 0, again.output
        assert faults_of(folder) == ()
        assert len(settled_ids(folder)) == 300
