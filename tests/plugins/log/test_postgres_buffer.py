"""With `buffer_mb` no record is refused because the database is away, and none is there twice."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("psycopg", reason="talks to Postgres")
if sys.platform == "win32":
    pytest.skip("locks of POSIX", allow_module_level=True)

import psycopg
from tests.plugins.log.logs import content_of, faults_of, ids_of, invoke
from tests.plugins.log.postgres import Server, serving

from chopmark import LogError, PolicyError
from chopmark.testing import sample_record
from chopmark_log._erase import registrar
from chopmark_log._folder import LogFolder
from chopmark_log._master import Subject
from chopmark_log._opened import content_faults
from chopmark_log._options import read_options
from chopmark_log._postgres_buffer import Buffer
from chopmark_log._postgres_doubts import waiting
from chopmark_log._postgres_folder import join
from chopmark_log._postgres_log import SharedLog
from chopmark_log._work import settle

PATIENCE = 120.0


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server of its own, for it is stopped and started."""
    with serving() as running:
        yield running


@pytest.fixture
def store(server: Server) -> Iterator[str]:
    yield server.database()
    if server.process is None or server.process.poll() is not None:
        server.start()


@pytest.fixture
def folder(tmp_path: Path) -> LogFolder:
    return LogFolder(tmp_path / "log")


def log_of(folder: LogFolder, store: str, **options: object) -> SharedLog:
    return SharedLog({"path": str(folder.path), "store": store, "buffer_mb": 8, **options})


def taken(log: SharedLog, count: int) -> list[str]:
    return [log.append(sample_record(str(n))).record for n in range(count)]


def settled(folder: LogFolder) -> list[str]:
    """Return the ids of all calls when nothing waits any more; another thread may be at it."""
    end = time.monotonic() + PATIENCE
    while True:
        settle(folder)
        store = folder.open()
        waits = waiting(folder) or store.waiting
        store.close()
        if not waits:
            return sorted(ids_of(folder))
        assert time.monotonic() < end, waits


def until_nothing_waits(folder: LogFolder) -> None:
    end = time.monotonic() + PATIENCE
    while waiting(folder):
        assert time.monotonic() < end, waiting(folder)
        time.sleep(0.05)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_while_the_server_is_down_calls_go_on_and_all_are_in_the_log_once(
    server: Server, store: str, folder: LogFolder, how: int
) -> None:
    log = log_of(folder, store)
    receipts = [log.append(sample_record()) for _ in range(3)]
    server.stop(how)
    receipts += [log.append(sample_record()) for _ in range(5)]
    assert waiting(folder)
    server.start()
    until_nothing_waits(folder)
    receipts += [log.append(sample_record()) for _ in range(2)]
    log.close()
    assert [one.position for one in receipts] == list(range(10))
    assert settled(folder) == sorted(one.record for one in receipts)
    assert faults_of(folder) == ()


def test_without_a_buffer_calls_are_refused(server: Server, store: str, folder: LogFolder) -> None:
    log = log_of(folder, store, buffer_mb=0, store_seconds=1)
    taken(log, 1)
    server.stop()
    with pytest.raises(LogError, match="cannot take a record"):
        taken(log, 1)
    server.start()
    ids = taken(log, 1)
    log.close()
    assert set(ids) <= set(settled(folder))
    assert faults_of(folder) == ()


def test_a_process_that_ends_while_it_is_down_leaves_all_to_the_next(
    server: Server, store: str, folder: LogFolder
) -> None:
    join(folder, log_of(folder, store).address, "")
    server.stop()
    child = os.fork()
    if child == 0:
        log = log_of(folder, store)
        for n in range(4):
            log.append(sample_record(str(n)))
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    server.start()
    log = log_of(folder, store)
    ids = taken(log, 1)
    log.close()
    found = settled(folder)
    assert (len(found), set(ids) <= set(found)) == (5, True)
    assert faults_of(folder) == ()
    assert not waiting(folder)


def test_a_machine_that_does_not_sign_brings_in_what_it_kept(
    server: Server, store: str, folder: LogFolder, tmp_path: Path
) -> None:
    other = LogFolder(tmp_path / "other")
    for one in (folder, other):
        join(one, log_of(one, store).address, "")
    assert (folder.signs, other.signs) == (True, False)
    log = log_of(other, store)
    ids = taken(log, 1)
    server.stop()
    ids += taken(log, 3)
    server.start()
    until_nothing_waits(other)
    log.close()
    assert settled(folder) == sorted(ids)
    assert faults_of(folder) == ()


def test_texts_are_kept_too_and_who_was_erased_meanwhile_stays_so(
    server: Server, store: str, folder: LogFolder
) -> None:
    log = log_of(folder, store, integrate=False)
    known = [content_of("anna"), content_of("bert")]
    ids = [log.append_with(sample_record(), one).record for one in known]  # their keys are known
    server.stop()
    ids += [log.append_with(sample_record(), one).record for one in known]
    server.start()
    with registrar(folder) as by:
        assert by.erase(Subject.of("bert", ""), "a request").erased
    log.close()
    assert settled(folder) == sorted(ids)
    found = folder.open()
    assert content_faults(folder, found, opening=True) == []
    found.close()
    shown = [
        invoke("log", "show", one, "--open", "answer", "--path", str(folder.path)) for one in ids
    ]
    assert [one.exit_code for one in shown] == [0, 2, 0, 2], [one.output for one in shown]


def test_what_was_sent_when_the_connection_broke_is_there_once(
    server: Server, store: str, folder: LogFolder
) -> None:
    log = log_of(folder, store, integrate=False)
    ids = taken(log, 1)
    buffer = log._begin().buffer
    assert buffer is not None
    with psycopg.connect(store, options="-c search_path=chopmark_log") as base:
        rows = base.execute("SELECT leaf FROM spool").fetchall()
    there, other = bytes(rows[0][0]), f"00000000{ids[0][8:]}"
    lost = there.replace(b'"n":0}', b'"n":1}').replace(ids[0].encode(), other.encode())
    for _ in range(2):  # the first was done, the second was not, at first
        buffer.keep_doubtful([(there, []), (lost, [])])
        assert settled(folder) == sorted([ids[0], other])
    log.close()
    assert faults_of(folder) == ()


def test_threads_that_record_while_it_goes_and_comes_lose_nothing(
    server: Server, store: str, folder: LogFolder
) -> None:
    log = log_of(folder, store)
    ids = taken(log, 1)
    stop = threading.Event()

    def record() -> None:
        while not stop.is_set():
            ids.append(log.append(sample_record()).record)
            time.sleep(0.002)

    def until_more() -> None:
        count, end = len(ids), time.monotonic() + PATIENCE
        while len(ids) < count + 10:
            assert time.monotonic() < end, ids
            time.sleep(0.02)

    threads = [threading.Thread(target=record) for _ in range(4)]
    for one in threads:
        one.start()
    try:
        for how in (signal.SIGQUIT, signal.SIGINT):
            until_more()
            server.stop(how)
            until_more()
            server.start()
            until_more()
    finally:
        stop.set()
        for one in threads:
            one.join()
    log.close()
    assert settled(folder) == sorted(ids)
    assert faults_of(folder) == ()


def test_more_than_may_wait_is_refused_by_an_error_that_names_the_option(
    store: str, folder: LogFolder
) -> None:
    log = log_of(folder, store)
    join(folder, log.address, "")
    buffer = Buffer(folder, log.address, 2_000)
    make = lambda writer, number, clock: b"x" * 1000  # noqa: E731
    assert [buffer.append(make, ()), buffer.append(make, ())] == [0, 1]
    with pytest.raises(LogError, match="buffer_mb"):
        buffer.append(make, ())
    buffer.close()


def test_the_option_is_for_a_log_in_a_database(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="buffer_mb"):
        read_options({"path": str(tmp_path), "buffer_mb": 1})
