"""Whatever stands in the place of a file of a log, each command gives a verdict or names the file.

Every command is run beside every kind of damage to every file of the folders of a log, a witness, a
parent and an archive; the short profiles take a part of these that is the same in each run.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path

import pytest
from tests.depth import scaled
from tests.plugins.log.injections import FAST
from tests.plugins.log.logs import fill, log_of
from tests.plugins.log.scenes import Scene, make_scene
from tests.plugins.log.test_commands_json import GOOD, name_of

from chopmark import LogError
from chopmark.testing import sample_record
from chopmark_log._witness_server import WitnessServer
from chopmark_log._witness_state import WitnessFolder

if sys.platform == "win32":
    pytest.skip("locks of POSIX", allow_module_level=True)
pytest.importorskip("duckdb")
pytestmark = pytest.mark.usefixtures("one_duckdb")

OTHERS = (
    "log recover --path {log} --new-origin example.com/anew",
    "log doctor --path {log}",
    "log keys rotate master --path {log}",
    "log keys rotate signing --path {log}",
    "log keys rotate ml-dsa --path {log}",
)
COMMANDS = (*GOOD, *OTHERS)
ABSENT = (
    "anew", "log.key.next", "log-ml-dsa.key.next", "master.next", "moved-to", "refused", "renew",
    "reserve", "spool/foreign", "spool/1-1-a.new", "spool/1-1-b.torn", "store",
)  # fmt: skip
"""Files that a log has at times, and what somebody else left."""
FOLDERS = ("log", "witness", "parent", "archive")
NOBODY = 65_534


def empty(path: Path) -> None:
    path.write_bytes(b"")


def strange(path: Path) -> None:
    path.write_bytes(random.Random(path.name).randbytes(300))


def halved(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def folder(path: Path) -> None:
    path.mkdir()


def gone(path: Path) -> None:
    """Leave nothing there."""


def closed(path: Path) -> None:
    path.chmod(0)


NEW: tuple[Callable[[Path], None], ...] = (empty, strange, folder, gone)
KEPT: tuple[Callable[[Path], None], ...] = (halved, closed)


def damage(path: Path, how: Callable[[Path], None]) -> None:
    """Put something else in the place of `path`."""
    if how not in KEPT:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    how(path)


@contextmanager
def as_anybody(path: Path) -> Iterator[None]:
    """Be one who owns what is in `path`, and to whom modes of files apply, as they do not to root.

    Who has no right to be another runs the block as he is.
    """
    if os.geteuid():
        yield
        return
    for one in (path, *path.rglob("*")):
        os.chown(one, NOBODY, NOBODY)
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """A scene in which the log was cosigned, searched, handed over, and has records that wait."""
    scene = make_scene(tmp_path_factory.mktemp("damaged") / "made", ml_dsa=True)
    server = WitnessServer(WitnessFolder(scene.path / "witness").open(), ("127.0.0.1", 0))
    serving = threading.Thread(target=server.serve_forever, args=(0.01,))
    serving.start()
    try:
        asked = f"log witness --path {{log}} --ask {server.url} {{here}}/witness/witness.pub"
        for command in (
            asked, "log find {here}/text --path {log}", "log keys rotate signing --path {log}",
        ):  # fmt: skip
            done = scene.run(command)
            assert done.exit_code == 0, (command, done.output)
    finally:
        server.shutdown()
        server.server_close()
        serving.join(60)
    fill(scene.log, 2, integrate=False)
    return scene


@pytest.fixture
def there() -> Iterator[Path]:
    """A folder in which anybody may look."""
    with tempfile.TemporaryDirectory(dir=FAST) as name:
        Path(name).chmod(0o755)
        yield Path(name)


def files_of(scene: Scene) -> list[str]:
    """Return what may be damaged: the files that are there, and those that may be."""
    found = [
        str(path.relative_to(scene.path))
        for name in FOLDERS
        for path in sorted((scene.path / name).rglob("*"))
        if not path.name.endswith(("-shm", "-wal"))
    ]
    assert {"log/handovers", "log/witness.db", "log/log-ml-dsa.pub", "log/fp"} <= set(found)
    return found + [f"log/{name}" for name in ABSENT if f"log/{name}" not in found]


def cases_of(scene: Scene) -> list[tuple[str, Callable[[Path], None], str]]:
    """Return each command with each damage to each file of a folder that it is told of."""
    return [
        (file, how, command)
        for file in files_of(scene)
        for how in (*NEW, *KEPT)
        if how in NEW or (scene.path / file).is_file()
        for command in COMMANDS
        if "{log}" in command.replace("{here}/", "{")
        or f"{{here}}/{file.partition('/')[0]}" in command
    ]


def test_each_command_gives_a_verdict_or_says_what_it_cannot_read(made: Scene, there: Path) -> None:
    everything = cases_of(made)
    random.Random(1).shuffle(everything)
    seen: set[str] = set()
    for file, how, command in everything[: scaled(350)]:
        if how is closed:  # another user may not be able to import what a command wants
            made.copy(there / "whole").run(f"{command} --json")
            shutil.rmtree(there / "whole")
        scene = made.copy(there / "scene")
        damage(scene.path / file, how)
        with as_anybody(scene.path) if how is closed else nullcontext():
            done = scene.run(f"{command} --json")  # which fails where an error is not its own
        case = (file, how.__name__, command)
        assert done.exit_code in (0, 1, 2), case
        assert isinstance(json.loads(done.stdout), dict), case
        assert "Traceback" not in done.stderr, case
        seen.add(name_of(command))
        shutil.rmtree(scene.path)
    assert len(seen) > 20


KEYS = ("log.pub", "log-ml-dsa.pub")


@pytest.mark.parametrize("how", [empty, strange, halved, folder])
@pytest.mark.parametrize("file", KEYS)
def test_a_list_of_keys_names_the_file_that_has_none(
    made: Scene, tmp_path: Path, file: str, how: Callable[[Path], None]
) -> None:
    scene = made.copy(tmp_path / "scene")
    damage(scene.log.path / file, how)
    done = scene.run("log keys list --path {log}")
    assert (done.exit_code, file in done.stderr) == (2, True), done.output


def test_a_process_that_records_fails_by_errors_of_the_log_alone(made: Scene, there: Path) -> None:
    everything = [
        (file, how) for file, how, command in cases_of(made)
        if file.startswith("log/") and command == GOOD[1]
    ]  # fmt: skip
    random.Random(1).shuffle(everything)
    for file, how in [("log/integrate.lock", closed), *everything[: scaled(100)]]:
        scene = made.copy(there / "scene")
        damage(scene.path / file, how)
        with as_anybody(scene.path) if how is closed else nullcontext():
            log = log_of(scene.log)
            for step in (partial(log.append, sample_record()), log.close, log.close):
                with suppress(LogError):
                    step()
        shutil.rmtree(scene.path)
