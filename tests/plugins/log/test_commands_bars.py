"""What takes long shows a bar where standard error is a terminal, and nowhere else."""

from __future__ import annotations

import os
import pty
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from tests.plugins.log.forked import running
from tests.plugins.log.logs import fill, settled_ids
from tests.plugins.log.scenes import Scene, make_scene

from chopmark_log._care import recover
from chopmark_log._folder import LogFolder

if sys.platform == "win32":
    pytest.skip("terminals of POSIX", allow_module_level=True)
pytest.importorskip("duckdb")

LONG = {
    "hashing": "log verify --path {log}",
    "comparing": "log fsck --path {log}",
    "exporting": "log export {here}/bundle --path {log}",
    "erasing": "log erase --subject anna --basis law --path {log}",
    "archiving": "log archive write {here}/new --path {log} --open-month",
    "reading": "log archive verify {here}/archive --path {log}",
    "wrapping": "log keys rotate master --path {log}",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return make_scene(tmp_path_factory.mktemp("scenes") / "made")


def said(scene: Scene, *more: str) -> tuple[str, str]:
    """Run all that takes long in a terminal; return standard output, and what it shows beside."""
    whole, shown = "", b""
    for command in LONG.values():
        mine, its = pty.openpty()
        try:
            with running(*scene.words(command), *more, err=its) as program:
                os.close(its)
                with suppress(OSError):  # nobody has the other end any more
                    while piece := os.read(mine, 1 << 16):
                        shown += piece
                code, out, _ = program.end()
        finally:
            os.close(mine)
        assert code == 0, (command, shown)
        whole += out
    return whole, shown.decode()


def test_a_bar_is_shown_in_a_terminal(made: Scene, tmp_path: Path) -> None:
    out, seen = said(made.copy(tmp_path / "scene"))
    for step in LONG:
        assert f"{step}  [" in seen
        assert "100%" in seen.partition(f"{step}  [")[2].partition("\n")[0]
    assert "[##" not in out
    assert "contents of 2 records erased" in out


def test_none_is_shown_to_a_machine(made: Scene, tmp_path: Path) -> None:
    scene = made.copy(tmp_path / "one")
    for command in LONG.values():
        done = scene.run(command)  # whose standard error is no terminal
        assert (done.exit_code, done.stderr) == (0, ""), command
    out, seen = said(made.copy(tmp_path / "other"), "--json")
    assert seen == ""
    assert len(out.splitlines()) == len(LONG)


def test_recovering_shows_how_much_of_what_was_left_is_looked_through(tmp_path: Path) -> None:
    folder = LogFolder(tmp_path / "log")
    folder.create("example.com/log")
    for _ in range(2):
        fill(folder, 3, integrate=False)
    sizes = [path.stat().st_size for path in sorted(folder.spools.glob("*.spool"))]
    told: list[tuple[int, int]] = []
    recover(folder, "recover-1", lambda done, total: told.append((done, total)))
    assert told == [(0, sum(sizes)), (sizes[0], sum(sizes)), (sum(sizes), sum(sizes))]
    assert len(settled_ids(folder)) == 6
