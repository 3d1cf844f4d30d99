"""With --json each command prints one document, whatever it finds, and then nothing was changed."""

from __future__ import annotations

import json
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.plugins.log.forked import running
from tests.plugins.log.scenes import ORIGIN, Scene, document, make_scene
from tests.plugins.log.test_commands_listed import ALL, documented

if sys.platform == "win32":
    pytest.skip("locks of POSIX", allow_module_level=True)
pytest.importorskip("duckdb")
pytestmark = pytest.mark.usefixtures("one_duckdb")

PROOFS = "{here}/below.tlog-proof {here}/head.tlog-proof"
GOOD = (
    "log init --path {here}/new --origin example.com/new",
    "log status --path {log}",
    "log tail --path {log}",
    "log show {id} --path {log} --open answer",
    "log find {here}/text --path {log}",
    "log prove {id} --path {log} -o {here}/x.tlog-proof",
    "log verify-proof {here}/call.tlog-proof {here}/call.leaf --key {log}/log.pub",
    "log verify --path {log}",
    "log checkpoint --path {log}",
    "log consistency {here}/older --path {log}",
    "log fsck --path {log}",
    "log recover --path {log}",
    "log export {here}/bundle --path {log} --open answer",
    "log tiles {here}/tiles --path {log}",
    "log erase --subject bert --basis law --path {log}",
    "log restrict --subject bert --basis law --until 2099-01-01 --path {log}",
    "log prune --path {log}",
    "log hold add --subject bert --reason case --path {log}",
    "log hold list --path {log}",
    "log hold rm {hold} --path {log}",
    "log keys list --path {log}",
    "log keys new",
    "log witness --path {log}",
    "log archive write {here}/archive --path {log} --open-month",
    "log archive verify {here}/archive --path {log}",
    "log archive prove {here}/archive 1 -o {here}/x.tlog-proof",
    "log parent init --path {here}/above --origin example.com/above",
    "log parent add {here}/other/log.pub --path {here}/parent",
    "log parent gather {log} --path {here}/parent",
    "log parent status --path {here}/parent",
    f"log parent prove-head {ORIGIN} --path {{here}}/parent -o {{here}}/x.tlog-proof",
    "log parent prove 1 --path {log} --under {here}/head.leaf -o {here}/x.tlog-proof",
    f"log parent verify-proof {PROOFS} --key {{here}}/parent/log.pub",
    "witness init --path {here}/new --name witness.example/new",
    "witness add-log {here}/other/log.pub --path {here}/witness",
    "witness status --path {here}/witness",
)
BAD = (
    (1, "log verify-proof {here}/call.tlog-proof {here}/call.leaf --key {here}/other/log.pub"),
    (1, "log verify-proof {here}/call.tlog-proof {here}/head.leaf --key {log}/log.pub"),
    (1, "log verify-proof {here}/text {here}/call.leaf --key {log}/log.pub"),
    (2, "log verify-proof {here}/none {here}/call.leaf --key {log}/log.pub"),
    (2, "log verify-proof {here}/call.tlog-proof {here}/call.leaf --key {here}/text"),
    (1, "log consistency {here}/older --path {here}/parent --key {log}/log.pub"),
    (2, "log consistency {here}/older --path {here}/other"),
    (2, "log consistency {here}/text --path {log}"),
    (1, "log verify --path {log} --key {here}/other/log.pub"),
    (2, "log verify --path {log} --key {log}/log.key"),
    (2, "witness add-log {here}/witness/witness.pub --path {here}/witness"),
    (2, "log parent add {here}/witness/witness.pub --path {here}/parent"),
    (2, "log show 99 --path {log}"),
    (2, "log show no-such-id --path {log}"),
    (2, "log show 0190163d-8694-739b-aea5-966c26f8ad91 --path {log}"),
    (2, "log prove 99 --path {log} -o {here}/x.tlog-proof"),
    (2, "log show {id} --path {log} --open thoughts"),
    (2, "log archive prove {here}/archive 99 -o {here}/x.tlog-proof"),
    (1, "log erase --subject nobody --basis law --path {log}"),
    (1, "log restrict --subject nobody --basis law --until 2099-01-01 --path {log}"),
    (2, "log restrict --subject bert --basis law --until 2001-01-01 --path {log}"),
    (2, "log erase --subject bert --day 2026-01-01 --basis law --path {log}"),
    (1, "log hold add --subject nobody --reason case --path {log}"),
    (1, "log hold rm no-such-hold --path {log}"),
    (1, "log erase --subject anna --basis law --path {here}/other"),  # which keeps no texts
    (1, "log restrict --subject anna --basis law --until 2099-01-01 --path {here}/other"),
    (1, "log hold add --subject anna --reason case --path {here}/other"),
    (1, "log find --text nothing_that_anybody_said_here --path {log}"),
    (2, "log find --text ... --path {log}"),
    (2, "log export {here}/archive --path {log}"),
    (2, "log init --path {log} --origin example.com/log"),
    (2, "log init --path {here}/new"),
    (2, "witness init --path {here}/witness --name witness.example/w"),
    (2, "log parent init --path {here}/parent --origin example.com/all"),
    (2, "log parent gather {here}/none --path {here}/parent"),
    (2, "log parent gather {here}/other --path {here}/parent"),
    (2, "log parent prove-head example.com/none --path {here}/parent -o {here}/x.tlog-proof"),
    (1, f"log parent verify-proof {PROOFS} --key {{here}}/other/log.pub"),
    (2, "log recover --path {here}/none"),
    (2, "log recover --path {log} --new-origin example.com/log"),
    (2, "log prune --path {log} --policy {here}/text"),
    (2, "log migrate --path {log}"),
    (2, "log migrate --path {log} --store mysql://x/y"),
    (2, "log keys rotate master --path {here}/other"),
    (2, "log witness --path {log} --ask http://127.0.0.1:1 {here}/text"),
    (2, "log parent serve --path {here}/parent --port 70000"),
    (2, "witness serve --path {here}/none"),
)  # fmt: skip
LOOKING = [one for one in GOOD if "--path {log}" in one and " init " not in one]
NOT_HERE = {"log doctor", "log keys rotate", "log migrate", "log parent serve", "witness serve"}


def name_of(command: str) -> str:
    """Return which command it is."""
    (found,) = [one for one in ALL if command.startswith(f"{one} ") or command == one]
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return make_scene(tmp_path_factory.mktemp("scenes") / "made")


@pytest.fixture
def scene(made: Scene, tmp_path: Path) -> Scene:
    return made.copy(tmp_path / "scene")


def test_each_command_is_run_here() -> None:
    assert {name_of(one) for one in GOOD} == set(ALL) - NOT_HERE


def test_one_that_looks_at_the_machine_does_so(scene: Scene) -> None:
    done = scene.run("log doctor --path {log} --json")
    told = document(done)
    assert set(told) == documented()["log doctor"]
    assert done.exit_code == (0 if told["well"] else 1)


@pytest.mark.parametrize("command", GOOD)
def test_a_command_prints_one_document_with_the_keys_that_are_documented(
    scene: Scene, command: str
) -> None:
    done = scene.run(f"{command} --json")
    assert done.exit_code == 0, done.output
    told, known = set(document(done)), documented()[name_of(command)]
    assert known <= told
    if name_of(command) != "log show":
        assert told == known


@pytest.mark.parametrize("which", ["signing", "master"])
def test_so_does_one_that_rotates_a_key(scene: Scene, which: str) -> None:
    done = scene.run(f"log keys rotate {which} --path {{log}} --json")
    assert done.exit_code == 0, done.output
    assert {"which", "told"} <= set(document(done))


@pytest.mark.parametrize(
    "command", ["witness serve --path {here}/witness", "log parent serve --path {here}/parent"]
)
def test_a_server_prints_it_when_it_listens_and_ends_in_order(scene: Scene, command: str) -> None:
    with running(*scene.words(f"{command} --port 0 --json")) as server:
        told = json.loads(server.out.readline())
        server.send(signal.SIGINT)
        code, rest, errors = server.end()
    assert set(told) == documented()[name_of(command)]
    assert (code, rest, errors.splitlines()[-1:]) == (0, "", ["stopped"])


@pytest.fixture(scope="module")
def same(made: Scene, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """One for all commands that change nothing."""
    return made.copy(tmp_path_factory.mktemp("same") / "scene")


@pytest.mark.parametrize(("code", "command"), BAD)
def test_what_does_not_hold_or_cannot_be_checked_is_told_and_changes_nothing(
    same: Scene, code: int, command: str
) -> None:
    before = {name: one for name, one in same.digests().items() if not name.startswith("log/fp/")}
    done = same.run(f"{command} --json")
    assert done.exit_code == code, done.output
    told = document(done)
    verdict = told.get("holds", told.get("found"))
    assert verdict is (False if code == 1 else None)
    assert told.get("why") or told.get("faults") or told.get("found") is False
    found = same.digests()
    assert {name: found[name] for name in found if not name.startswith("log/fp/")} == before


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def foreign(path: Path) -> None:
    path.write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe" * 900)


def lost(path: Path) -> None:
    path.unlink()


HARMS = [(cut, "log.db"), (foreign, "log.pub"), (foreign, "side.db"), (cut, "checkpoint")]
MORE = [
    pytest.param(harm, file, marks=pytest.mark.deep)
    for harm in (cut, foreign, lost)
    for file in ("log.db", "log.pub", "side.db", "keys.db", "checkpoint")
    if (harm, file) not in HARMS
]


@pytest.mark.parametrize(("harm", "file"), [*HARMS, *MORE])
def test_a_damaged_file_gets_a_verdict_and_never_a_traceback(
    scene: Scene, harm: Callable[[Path], None], file: str
) -> None:
    for end in ("-wal", "-shm"):
        (scene.log.path / f"{file}{end}").unlink(missing_ok=True)
    harm(scene.log.path / file)
    before = scene.digests()
    here = Scene(scene.path.with_name("tried"))
    for command in (*LOOKING, "log doctor --path {log}"):
        if not here.path.exists():
            scene.copy(here.path)
        done = here.run(f"{command} --json")
        told = document(done)
        if done.exit_code:
            assert done.exit_code in (1, 2), (command, done.output)
            named = [told.get(key) for key in ("why", "faults", "found")]
            assert any(named), (command, done.output)
            found = here.digests()
            assert [one for one in before if found.get(one) != before[one]] == [], command
        else:
            shutil.rmtree(here.path)
