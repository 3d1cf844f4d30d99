"""`fsck` names what differs, `recover` throws nothing away, `doctor` looks at what is below."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from click.testing import Result
from tests.plugins.log.logs import fill, invoke, leaves

from chopmark import Content
from chopmark.testing import sample_record
from chopmark_log._content import record_id
from chopmark_log._folder import LogFolder
from chopmark_log._log import TransparencyLog
from chopmark_log._side import Side
from chopmark_log._spool import read_frames


def run(folder: LogFolder, *words: str) -> Result:
    return invoke("log", words[0], "--path", str(folder.path), *words[1:])


@pytest.mark.parametrize("count", [1, 255, 256, 300, 700])
def test_a_whole_log_is_whole(folder: LogFolder, count: int) -> None:
    fill(folder, count)
    found = run(folder, "fsck", "--json")
    assert found.exit_code == 0
    assert json.loads(found.stdout) == {"whole": True, "entries": count, "faults": []}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE entries SET leaf = CAST(replace(leaf, 'zh', 'en') AS BLOB) WHERE at = 299", "299"),
        ("UPDATE bundles SET leaves = substr(leaves, 1, 500)", "bundle"),
        ("UPDATE bundles SET leaves = zeroblob(9)", "bundle"),
        ("DELETE FROM bundles", "missing"),
        ("DELETE FROM ids WHERE at = 7", "index of ids"),
        ("UPDATE ids SET at = 9999 WHERE at = 7", "index of ids"),
        ("UPDATE tiles SET hashes = zeroblob(32) WHERE level = 1", "tile"),
        ("UPDATE tiles SET hashes = substr(hashes, 1, 32) WHERE level = 0 AND number = 1", "entry"),
        ("DELETE FROM checkpoints", "has it no more"),
        ("UPDATE meta SET value = '299' WHERE name = 'size'", "299"),
    ],
)
def test_what_differs_is_named_and_nothing_is_changed(
    folder: LogFolder, change: str, told: str
) -> None:
    fill(folder, 300)
    base = sqlite3.connect(folder.base, isolation_level=None)
    base.execute(change)
    base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    base.close()
    before = folder.base.read_bytes()
    found = run(folder, "fsck")
    assert found.exit_code in (1, 2)
    assert told in found.output
    assert folder.base.read_bytes() == before


def test_a_log_that_was_cut_short_or_is_none_is_said_to_be(folder: LogFolder) -> None:
    fill(folder, 300)
    data = folder.base.read_bytes()
    for broken in (data[:5000], data[: len(data) // 2], data[:100], b"", b"no log at all" * 500):
        folder.base.write_bytes(broken)
        for command in ("fsck", "verify", "recover", "doctor", "status"):
            found = run(folder, command)
            assert found.exit_code in (1, 2)
            assert "Traceback" not in found.output
        assert folder.base.read_bytes() == broken


def test_records_behind_damage_are_taken_and_the_file_is_kept(folder: LogFolder) -> None:
    taken = fill(folder, 6, integrate=False)
    (spool,) = folder.spools.iterdir()
    data = bytearray(spool.read_bytes())
    second = next(iter(read_frames(spool, 0))).end
    data[second + 30] ^= 1
    spool.write_bytes(data)
    found = run(folder, "recover", "--json")
    assert found.exit_code == 0
    (done,) = json.loads(found.stdout)["done"]
    assert f"damaged at byte {second}; 5 records" in done
    *records, gap = leaves(folder)
    assert [leaf["id"] for leaf in records] == [taken[0], *taken[2:]]
    assert (gap["k"], gap["taken"], gap["file"]) == ("gap", 5, spool.name)
    kept = folder.path / "recovered" / (spool.stem + ".damaged")
    assert kept.read_bytes() == data
    assert json.loads(run(folder, "recover", "--json").stdout) == {"done": []}
    told = run(folder, "verify")  # that a number of a writer is missing stays to be seen
    assert told.exit_code == 1
    assert "records are missing" in told.output


def test_what_a_record_behind_damage_said_is_taken_with_it(folder: LogFolder) -> None:
    log = TransparencyLog({"path": str(folder.path), "integrate": False})
    said = [Content(answer=f"answer {n}", user="u") for n in range(3)]
    taken = [log.append_with(sample_record(), one).record for one in said]
    log.close()
    (spool,) = folder.spools.iterdir()
    data = bytearray(spool.read_bytes())
    data[next(iter(read_frames(spool, 0))).end + 30] ^= 1  # the first leaf, behind its content
    spool.write_bytes(data)
    assert "2 records of it were taken" in run(folder, "recover").output
    side = Side(folder)
    kept = [side.get(record_id(name)) for name in taken]
    side.close()
    assert [one is not None for one in kept] == [False, True, True]


def test_a_torn_end_is_looked_through_and_told(folder: LogFolder) -> None:
    taken = fill(folder, 2, integrate=False)
    (spool,) = folder.spools.iterdir()
    spool.write_bytes(spool.read_bytes() + b"\0\0\1\0torn")
    fill(folder, 1)
    assert [path.suffix for path in folder.spools.iterdir()] == [".torn"]
    found = run(folder, "recover")
    assert "ended while it wrote the last frame; 0 records" in found.output
    assert list(folder.spools.iterdir()) == []
    assert [leaf.get("id") for leaf in leaves(folder)][:2] == taken
    assert run(folder, "verify").exit_code == 0


def test_recover_takes_what_a_backup_brought_back_only_where_it_is_missing(
    folder: LogFolder, tmp_path: Path
) -> None:
    taken = fill(folder, 3, integrate=False)
    shutil.copytree(folder.spools, tmp_path / "backup")
    fill(folder, 1)
    shutil.copytree(tmp_path / "backup", folder.spools, dirs_exist_ok=True)
    fill(folder, 1)
    assert "0 records of it were taken" in run(folder, "recover").output
    ids = [leaf["id"] for leaf in leaves(folder) if leaf["k"] == "call"]
    assert [ids.count(name) for name in taken] == [1, 1, 1]
    assert run(folder, "fsck").exit_code == 0


def test_an_older_copy_is_left_alone_unless_a_new_origin_is_given(
    folder: LogFolder, tmp_path: Path
) -> None:
    fill(folder, 2)
    shutil.copy(folder.base, tmp_path / "yesterday")
    fill(folder, 2)
    shutil.copy(tmp_path / "yesterday", folder.base)
    waiting = fill(folder, 1, integrate=False)
    before = folder.base.read_bytes()
    found = run(folder, "recover")
    assert found.exit_code == 2
    assert "an older copy was put in its place" in found.output
    assert folder.base.read_bytes() == before
    same = run(folder, "recover", "--new-origin", "example.com/log")
    assert same.exit_code == 2
    assert "give the new one another" in same.output
    assert run(folder, "recover", "--new-origin", "example.com/log/2").exit_code == 0
    gap, record = leaves(folder)
    assert (gap["former"], gap["found"], gap["signed"]) == ("example.com/log", 2, 4)
    assert record["id"] == waiting[0]
    (former,) = folder.path.glob("former-*")
    assert (former / "log.db").read_bytes() == before
    assert run(folder, "fsck").exit_code == 0
    fill(folder, 1)
    assert run(folder, "verify").exit_code == 0


def told_by(folder: LogFolder) -> dict[str, tuple[bool, str]]:
    found = run(folder, "doctor", "--json")
    data = json.loads(found.stdout)
    assert found.exit_code == (0 if data["well"] else 1)
    return {one["name"]: (one["well"], one["told"]) for one in data["found"]}


def test_doctor_sees_what_is_wrong(folder: LogFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(folder, 2)
    found = told_by(folder)
    assert found["permissions"][0]
    assert found["spools"] == (True, "0 bytes wait")
    assert found["SQLite"][1].startswith(sqlite3.sqlite_version)
    fill(folder, 2, integrate=False)
    (spool,) = folder.spools.iterdir()
    os.utime(spool, (1_700_000_000, 1_700_000_000))
    (folder.spools / "x.torn").write_bytes(b"torn")
    folder.key.chmod(0o644)
    monkeypatch.setattr("time.time", lambda: 1_700_000_100.0)
    found = told_by(folder)
    assert not found["spools"][0]
    assert "no process takes records in" in found["spools"][1]
    assert not found["permissions"][0]
    assert "log.key is open to others" in found["permissions"][1]
    assert found["left behind"] == (False, "x.torn: run `chopmark log recover`")
    assert not found["clock"][0]
    shown = run(folder, "doctor").output
    long = [line for line in shown.splitlines() if len(line) > 80 and str(folder.path) not in line]
    assert long == [], "a path alone stays whole, to be copied"
    assert len(found["spools"][1]) > 80, "too long for a line"
    assert found["spools"][1] in " ".join(shown.split())


@pytest.mark.skipif(not os.path.isdir("/dev/shm"), reason="no file system in memory")
def test_doctor_says_where_a_sync_cannot_help(tmp_path: Path) -> None:
    path = Path("/dev/shm") / f"chopmark-{os.getpid()}"
    try:
        folder = LogFolder(path)
        folder.create("example.com/log")
        kind = told_by(folder)["file system"]
        if "tmpfs" not in kind[1]:
            pytest.skip("/dev/shm is on a disk")
        assert not kind[0]
    finally:
        shutil.rmtree(path, ignore_errors=True)
