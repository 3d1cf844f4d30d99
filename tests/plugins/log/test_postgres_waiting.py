"""What waits on a machine for the database gets there, also where a file of it was damaged."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import pytest

pytest.importorskip("psycopg", reason="talks to Postgres")
if sys.platform == "win32":
    pytest.skip("locks of POSIX", allow_module_level=True)

import psycopg
from tests.plugins.log.logs import faults_of, ids_of, invoke

from chopmark import LogError
from chopmark.testing import sample_record
from chopmark_log._folder import LogFolder
from chopmark_log._leaf import commitments_of
from chopmark_log._postgres_buffer import Buffer
from chopmark_log._postgres_doubts import waiting
from chopmark_log._postgres_log import SharedLog
from chopmark_log._spool import read_frames
from chopmark_log._usual import encode_call
from chopmark_log._work import settle


@pytest.fixture
def folder(tmp_path: Path) -> LogFolder:
    return LogFolder(tmp_path / "log")


@pytest.fixture
def log(folder: LogFolder, store: str) -> SharedLog:
    options = {"path": str(folder.path), "store": store, "buffer_mb": 8, "integrate": False}
    return SharedLog(options)


def settled(folder: LogFolder) -> list[str]:
    """Return the ids of all calls, also where a spool goes on."""
    settle(folder)
    return sorted(ids_of(folder))


def leaves_of(store: str, id: str, others: int) -> list[bytes]:
    """Return the leaf `id`, which is number 0 of a writer, and others that may stand behind it."""
    with psycopg.connect(store, options="-c search_path=chopmark_log") as base:
        ((leaf,),) = base.execute("SELECT leaf FROM spool").fetchall()
    return [
        bytes(leaf)
        .replace(b'"n":0}', f'"n":{n}}}'.encode())
        .replace(id.encode(), f"{n:08d}{id[8:]}".encode() if n else id.encode())
        for n in range(others + 1)
    ]


def test_a_damaged_file_of_what_was_doubtful_stops_nothing_and_is_mended(
    log: SharedLog, store: str, folder: LogFolder
) -> None:
    ids = [log.append(sample_record()).record]
    buffer = log._begin().buffer
    assert buffer is not None
    buffer.keep_doubtful([(leaf, []) for leaf in leaves_of(store, ids[0], 2)])
    (path,) = waiting(folder)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(LogError, match="damaged"):  # `doctor` says so
        list(read_frames(path, 0))
    ids.append(f"00000002{ids[0][8:]}")
    assert settled(folder) == sorted(ids)
    assert [one.suffix for one in folder.spools.iterdir()] == [".torn"]
    log.close()
    for _ in range(2):
        assert invoke("log", "recover", "--path", str(folder.path)).exit_code == 0
        assert sorted(ids_of(folder)) == sorted(ids)
    assert not list(folder.spools.iterdir())
    (fault,) = faults_of(folder)
    assert "records are missing" in fault  # the one that the damage is in


def test_a_spool_that_was_read_in_part_a_day_ago_is_read_to_its_end(
    log: SharedLog, store: str, folder: LogFolder
) -> None:
    ids = [log.append(sample_record()).record]
    buffer = Buffer(folder, log.address, 1 << 20)  # nobody looks whether the database is there
    calls = [sample_record(str(n)) for n in range(3)]
    for n, call in enumerate(calls):
        buffer.append(partial(encode_call, call, commitments_of(call)), ())
        if n == 1:  # the database is there for a moment, and the spool goes on
            assert settled(folder) == sorted([*ids, *(one.id for one in calls[:2])])
    with psycopg.connect(store, options="-c search_path=chopmark_log") as base:
        base.execute("UPDATE spools SET at = at - interval '2 days'")
    buffer.close()
    ids.append(log.append(sample_record()).record)  # so that the database has something to take in
    assert settled(folder) == sorted([*ids, *(one.id for one in calls)])
    log.close()
    assert faults_of(folder) == ()
