"""What the commands of a log tell whoever gave them something else than they want."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from tests.plugins.log.forked import ended
from tests.plugins.log.logs import fill, invoke, settle

from chopmark_log._folder import LogFolder

WITHOUT_PSYCOPG = """
import sys
sys.modules["psycopg"] = None
from chopmark._cli import cli
cli(["log", "migrate", "--store", "postgresql://db.example.org/log"])
"""


def test_the_end_of_an_id_that_the_list_shows_is_told_from_an_id(folder: LogFolder) -> None:
    (record,) = fill(folder, 1)
    settle(folder)
    at = ("--path", str(folder.path))
    assert invoke("log", "show", record, *at).exit_code == 0
    found = invoke("log", "show", "e6df629e52f7", *at)
    assert found.exit_code == 2
    assert "'e6df629e52f7' is no whole id" in found.stderr
    assert "tail --json" in found.stderr


def test_moving_to_postgres_says_what_is_to_be_installed() -> None:
    command = [sys.executable, "-c", WITHOUT_PSYCOPG]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 2
    assert found.stderr == (
        "Error: a log in Postgres needs psycopg: pip install 'chopmark[postgres]'\n"
    )


@pytest.mark.parametrize("out", [".", "/", ""])
@pytest.mark.parametrize("command", ["prove 0 -o", "export"])
def test_a_folder_in_the_place_of_what_is_to_be_written_is_refused(
    folder: LogFolder, command: str, out: str
) -> None:
    fill(folder, 1)
    found = invoke("log", *command.split(), out, "--path", str(folder.path))
    assert found.exit_code == 2
    assert "give the name of a" in found.stderr


@pytest.mark.parametrize("command", ["tiles", "archive write"])
def test_nothing_that_others_get_is_written_among_the_keys_of_a_log(
    folder: LogFolder, command: str
) -> None:
    pytest.importorskip("duckdb")
    fill(folder, 1)
    before = {path.name for path in folder.path.iterdir()}
    found = invoke("log", *command.split(), str(folder.path), "--path", str(folder.path))
    assert found.exit_code == 2
    assert "is the folder of a log, with its keys" in found.stderr
    assert {path.name for path in folder.path.iterdir()} == before


def test_entries_that_are_none_are_refused(folder: LogFolder, tmp_path: Path) -> None:
    fill(folder, 3)
    for start, end in (("2", "1"), ("4", "9"), ("-1", "2")):
        given = ("--from", start, "--to", end, "--path", str(folder.path))
        found = invoke("log", "export", str(tmp_path / "bundle"), *given)
        assert found.exit_code == 2
        assert not (tmp_path / "bundle").exists()
    assert invoke("log", "tail", "-n", "-1", "--path", str(folder.path)).exit_code == 2


def test_a_folder_of_somebody_else_where_a_bundle_is_made_is_left_alone(
    folder: LogFolder, tmp_path: Path
) -> None:
    fill(folder, 1)
    words = ("log", "export", str(tmp_path / "bundle"), "--path", str(folder.path))
    making = tmp_path / "bundle.part"
    making.mkdir()
    (making / "letter.txt").write_text("dear")
    found = invoke(*words)
    assert (found.exit_code, (making / "letter.txt").read_text()) == (2, "dear")
    assert "'letter.txt'" in found.stderr
    (making / "letter.txt").rename(making / "records.jsonl")  # as one that was killed leaves it
    assert invoke(*words).exit_code == 0
    assert not making.exists()


@pytest.mark.parametrize("more", [(), ("--new-origin", "example.com/anew")])
def test_a_database_of_somebody_else_is_no_log_to_recover(
    tmp_path: Path, more: tuple[str, ...]
) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "log.db")) as base:
        base.execute("CREATE TABLE letters (text TEXT)")
        base.commit()
    found = invoke("log", "recover", "--path", str(tmp_path), *more)
    assert (found.exit_code, "is no log of chopmark" in found.stderr) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["log.db"]


@pytest.mark.skipif(sys.platform != "linux", reason="a device of Linux that has no end")
@pytest.mark.parametrize(
    "command",
    [
        "find /dev/zero",
        "consistency /dev/zero",
        "verify --key /dev/zero",
        "verify-proof /dev/zero /dev/zero --key {key}",
    ],
)
def test_a_file_that_has_no_end_is_given_up(folder: LogFolder, command: str) -> None:
    fill(folder, 1)
    words = command.format(key=folder.public).split()
    if "--key" not in words or words[0] == "verify":
        words += ["--path", str(folder.path)]
    code, _, told = ended("log", *words, first=lambda: may_grow(1 << 30))
    assert code == 2
    assert "'/dev/zero'" in told
    assert "Traceback" not in told


def may_grow(size: int) -> None:
    """Let this process have so many bytes of memory more, and no others."""
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + size
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def test_a_verdict_that_nobody_reads_is_not_that_something_does_not_hold(
    folder: LogFolder,
) -> None:
    fill(folder, 1)
    words = ["log", "verify", "--path", str(folder.path)]
    reads, writes = os.pipe()
    os.close(reads)
    with os.fdopen(writes, "wb") as nobody:
        code, _, told = ended(*words, out=nobody.fileno())
    assert code == 2
    assert told == "Error: what was found cannot be printed: [Errno 32] Broken pipe\n"
