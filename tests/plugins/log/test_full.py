"""A log that cannot take records says so itself, as soon as it can."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.plugins.log.logs import faults_of, leaves, log_of, settle

from chopmark import Chopmark, LogError, Policy
from chopmark.policy import OnError
from chopmark.testing import sample_record
from chopmark_log import _work
from chopmark_log._folder import LogFolder
from chopmark_log._refused import MOST_IDS, Gap, Refused
from chopmark_log._reserve import BYTES, keep

if sys.platform == "win32":
    pytest.skip("locks of POSIX", allow_module_level=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 12 MiB."""
    if os.geteuid() != 0:
        pytest.skip("mounts a file system")
    at = tmp_path / "disk"
    at.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=12m", "none", at]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("may not mount a file system")
    yield at
    subprocess.run(["umount", "-l", at], check=True)


def fill_up(disk: Path) -> Path:
    """Leave no byte on the disk; return the file to be deleted."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
    return filler


def test_on_a_full_disk_the_reserve_takes_records_and_the_log_says_so(
    disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = LogFolder(disk / "log")
    log = log_of(folder, integrate=False)
    taken = [log.append(sample_record()).record]
    keep(folder)
    assert folder.reserve.stat().st_size == BYTES
    filler = fill_up(disk)
    refused = []
    for _ in range(4 * BYTES // 500):
        record = sample_record()
        try:
            taken.append(log.append(record).record)
        except LogError:
            refused.append(record.id)
            break
    assert not folder.reserve.exists()
    assert len(taken) > BYTES // 1000
    assert "its reserve of 1024 KiB is in use" in caplog.text
    filler.unlink()
    taken.append(log.append(sample_record()).record)
    log.close()
    settle(folder)
    assert [leaf["id"] for leaf in leaves(folder, "call")] == taken
    full, missing = leaves(folder, "gap")
    assert (full["count"], full["records"]) == (0, [])
    assert full["why"] == "the disk was full, and the reserve of the log is in use"
    assert (missing["count"], missing["records"]) == (1, refused)
    assert "No space left" in missing["why"]
    assert missing["since"] <= missing["until"]
    assert faults_of(folder) == ()


def test_a_service_keeps_a_reserve_where_there_is_room(
    disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_work, "INTERVAL", 0.01)
    folder = LogFolder(disk / "log")
    log = log_of(folder)
    log.append(sample_record())
    deadline = time.monotonic() + 120
    while not folder.reserve.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert folder.reserve.exists()
    log.close()
    folder.reserve.unlink()
    (disk / "filler").write_bytes(bytes(6 << 20))
    keep(folder)
    assert not folder.reserve.exists()


def test_calls_that_went_on_unrecorded_are_named_where_records_are_taken_again(
    folder: LogFolder,
) -> None:
    options = {"path": str(folder.path), "contents": False}
    policy = Policy(
        name="p", plugins=("log",), settings={"log": options}, on_error=OnError(log="allow")
    )
    chop = Chopmark(policy)
    ask = chop.guard(lambda prompt: "an answer")
    ask("one")
    log = chop._engine.log
    assert log is not None
    encode, made = log._write, []

    def broken(id: str, *given: object) -> None:
        made.append(id)
        raise LogError("the disk is on fire")

    log._write = broken
    assert ask("two") == ask("three") == "an answer"
    log._write = encode
    ask("four")
    chop.close()
    [gap] = leaves(folder, "gap")
    assert gap["why"] == "the disk is on fire"
    assert gap["records"] == list(dict.fromkeys(made))  # the oldest is offered again each time
    assert gap["count"] == len(gap["records"])
    late = [leaf["id"] for leaf in leaves(folder, "call") if leaf.get("failures")]
    assert (len(late), late[0]) == (2, made[0])  # both came late, with the failure in them
    assert faults_of(folder) == ()


def test_of_many_that_are_refused_the_first_are_named_and_all_are_counted() -> None:
    refused = Refused()
    assert refused.pop() is None
    for number in range(MOST_IDS + 9):
        refused.note("why", str(number))
    gap = refused.pop()
    assert gap is not None
    assert (gap.refused, len(gap.ids), gap.ids[0]) == (MOST_IDS + 9, MOST_IDS, "0")
    assert refused.pop() is None
    refused.note("another", "x")
    refused.put_back(Gap("why", 1, 2, ("a", "b")))
    gap = refused.pop()
    assert gap == Gap("why", 1, 3, ("a", "b", "x"))
