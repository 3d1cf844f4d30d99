"""A database that hangs, or is read-only, is away: nobody waits for it for long, and what was taken
is there once, also where the server does later what nobody waits for any more."""

from __future__ import annotations

import json
import logging
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

pytest.importorskip("psycopg", reason="talks to Postgres")
if sys.platform != "linux":
    pytest.skip("finds the processes of a server under /proc", allow_module_level=True)

import psycopg
from tests.plugins.log.hanging import BOUND, LONG, SECONDS, Calls, begun, log_of, settled
from tests.plugins.log.logs import faults_of, invoke
from tests.plugins.log.postgres import Server, children, serving, stopped

from chopmark import LogError, PolicyError, Record
from chopmark.testing import sample_record
from chopmark_log._folder import LogFolder
from chopmark_log._integrate import integrate
from chopmark_log._leaf import commitments_of
from chopmark_log._options import read_options
from chopmark_log._postgres import Address, PostgresFile
from chopmark_log._postgres_buffer import Buffer
from chopmark_log._postgres_doubts import waiting
from chopmark_log._postgres_folder import join
from chopmark_log._postgres_log import SharedLog
from chopmark_log._usual import encode_call


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server of its own, for it is stopped and made read-only."""
    with serving() as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> LogFolder:
    return LogFolder(tmp_path / "log")


def test_without_a_buffer_calls_are_refused_in_time_and_nothing_is_there_twice(
    server: Server, folder: LogFolder
) -> None:
    log, first = begun(folder, server.database())
    taken = [*first.taken]
    with server.frozen():
        calls = [Calls(log, 6), Calls(log, 6)]
        for one in calls:
            one.end()
        start = time.monotonic()
        calls.append(Calls(log, 6))  # of another writer, for which there is no connection yet
        calls[-1].end()
        assert time.monotonic() - start < BOUND  # they wait together, not in turns
    assert all("it hangs" in why for one in calls[:2] for why in one.refused.values())
    assert max(second for one in calls for second in one.seconds) < BOUND
    assert not any(one.taken for one in calls)
    taken += [log.append(sample_record()).record for _ in range(3)]
    log.close()
    found = settled(folder)
    assert set(taken) <= set(found)
    assert set(found) <= {*taken, *(id for one in calls for id in one.refused)}
    assert max(found.values()) == 1
    assert faults_of(folder) == ()


def test_with_a_buffer_calls_go_on_and_all_are_there_once_when_it_goes_on(
    server: Server, folder: LogFolder
) -> None:
    log, first = begun(folder, server.database(), buffer_mb=8)
    calls = [first]
    with server.frozen():
        calls.append(Calls(log, 6, "anna"))
        calls[-1].end()
        calls.append(Calls(log, 6, "anna"))
        calls[-1].end()
        assert max(calls[-1].seconds) < SECONDS  # it is away, and nobody asks it
        assert waiting(folder)
    calls.append(Calls(log, 2))
    calls[-1].end()
    log.close()
    assert [one.refused for one in calls] == [{}] * 4
    assert max(second for one in calls for second in one.seconds) < BOUND
    found = settled(folder)
    assert set(found.values()) == {1}
    assert set(found) == {id for one in calls for id in one.taken}
    assert faults_of(folder) == ()


@pytest.mark.parametrize("buffer", [0, 8])
def test_sessions_that_stop_and_go_on_at_any_moment_lose_and_double_nothing(
    server: Server, folder: LogFolder, buffer: int
) -> None:
    log, first = begun(folder, server.database(), buffer_mb=buffer, store_seconds=1)
    chance, over, calls = random.Random(buffer), threading.Event(), [first]

    def record() -> None:
        while not over.is_set():
            calls.append(Calls(log, 3, "anna"))
            calls[-1].end()
            time.sleep(0.01)

    recording = [threading.Thread(target=record) for _ in range(2)]
    for one in recording:
        one.start()
    assert server.process is not None
    for pause in (0.1, 1.5, 0.5):  # for less, and for longer than a call waits
        all_there = children(server.process.pid)
        some = chance.sample(all_there, chance.randint(1, len(all_there)))
        with stopped(some):
            time.sleep(pause)
        time.sleep(chance.random() * 0.5)
    over.set()
    for one in recording:
        one.join()
    log.close()
    taken = {id for one in calls for id in one.taken}
    refused = {id: why for one in calls for id, why in one.refused.items()}
    found = settled(folder)
    assert taken <= set(found) <= taken | set(refused)
    assert max(found.values()) == 1
    assert not buffer or refused == {}
    assert faults_of(folder) == ()


def test_whose_key_is_not_known_is_refused_in_time(server: Server, folder: LogFolder) -> None:
    log, _ = begun(folder, server.database(), buffer_mb=8)
    with server.frozen():
        calls = Calls(log, 6, "bert")
        calls.end()
    log.close()
    assert len(calls.refused) == 6
    assert max(calls.seconds) < BOUND


def test_a_commit_that_the_server_does_after_it_was_given_up_is_not_done_again(
    server: Server, folder: LogFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = server.database()
    join(folder, Address.of(address), "")
    buffer = Buffer(folder, Address.of(address), 1 << 20)
    records = [sample_record(str(n)) for n in range(3)]
    for record in records:
        buffer.append(partial(encode_call, record, commitments_of(record)), ())
    buffer.close()
    commit = PostgresFile._commit
    halted: list[int] = []

    def stop_and_commit(file: PostgresFile) -> None:
        base = file._open
        assert base is not None
        taken = base.execute("SELECT FROM spools WHERE read > 0").fetchall()
        if taken and not halted:
            halted.append(base.info.backend_pid)
            os.kill(halted[0], signal.SIGSTOP)
        commit(file)

    def go_on() -> None:
        """Let the halted session go on as soon as another one waits for its lock."""
        query = b"SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        with psycopg.connect(address, autocommit=True) as base:
            while not base.execute(query).fetchone():
                time.sleep(0.02)
        os.kill(halted[0], signal.SIGCONT)

    store = LogFolder(folder.path, 3.0).open(writing=True)
    monkeypatch.setattr(PostgresFile, "_commit", stop_and_commit)
    for told in ("said nothing for 3 s", "read anew"):
        if halted:
            watch = threading.Thread(target=go_on)
            watch.start()
        with pytest.raises(LogError, match=told):
            integrate(folder, store)
    watch.join()
    store.close()
    assert settled(folder) == Counter(one.id for one in records)
    assert faults_of(folder) == ()


def test_what_the_server_does_days_later_is_not_taken_again(
    server: Server, folder: LogFolder
) -> None:
    address = server.database()
    log = log_of(folder, address, integrate=False)
    ids = [log.append(sample_record()).record for _ in range(3)]
    with psycopg.connect(address, options="-c search_path=chopmark_log") as base:
        rows = base.execute("SELECT writer, number, leaf FROM spool ORDER BY id").fetchall()
    log.close()
    settled(folder)
    with psycopg.connect(address, options="-c search_path=chopmark_log") as base:
        base.execute("UPDATE spools SET at = at - interval '2 days'")
    other = log_of(folder, address, integrate=False)
    ids.append(other.append(sample_record()).record)
    other.close()
    settled(folder)
    with psycopg.connect(address, options="-c search_path=chopmark_log") as base:
        for row in rows:
            base.execute("INSERT INTO spool (writer, number, leaf) VALUES (%s, %s, %s)", row)
    assert settled(folder) == Counter(ids)
    assert faults_of(folder) == ()


def recorded(log: SharedLog, count: int = 1) -> list[str]:
    made: list[Record] = [sample_record() for _ in range(count)]
    return [log.append(one).record for one in made]


def switch(server: Server, how: bytes) -> None:
    """Run `how`, which sets a setting of the server, also where that is read-only."""
    options = "-c default_transaction_read_only=off"
    with psycopg.connect(server.url(), options=options, autocommit=True) as base:
        base.execute(how)
        base.execute(b"SELECT pg_reload_conf()")


def test_a_server_that_was_made_read_only_is_away_and_says_so(
    server: Server, folder: LogFolder, caplog: pytest.LogCaptureFixture
) -> None:
    log, first = begun(folder, server.database(), buffer_mb=8)
    ids = [*first.taken]
    switch(server, b"ALTER SYSTEM SET default_transaction_read_only = on")
    try:
        end = time.monotonic() + LONG
        with caplog.at_level(logging.ERROR, "chopmark"):
            while not waiting(folder):  # sessions hear of it in a moment
                assert time.monotonic() < end
                ids += recorded(log)
        assert "is away: records wait" in caplog.text
        assert "it is read-only" in caplog.text
        ids += recorded(log, 3)
    finally:
        switch(server, b"ALTER SYSTEM RESET default_transaction_read_only")
    log.close()
    assert settled(folder) == Counter(ids)
    assert faults_of(folder) == ()


def test_a_standby_is_away_until_it_is_promoted_and_commands_say_so(
    server: Server, folder: LogFolder
) -> None:
    address = server.database()
    log, first = begun(folder, address)
    ids = [*first.taken]
    server.stop()
    (server.data / "standby.signal").touch()
    server.start()
    with pytest.raises(LogError, match="it is read-only: a standby"):
        log.append(sample_record())
    found = invoke("log", "doctor", "--path", str(folder.path), "--json")
    told = {one["name"]: one for one in json.loads(found.stdout)["found"]}
    assert (found.exit_code, told["Postgres"]["well"]) == (1, False)
    assert "a standby" in told["Postgres"]["told"]
    shown = invoke("log", "status", "--path", str(folder.path), "--json")
    assert json.loads(shown.stdout)["read_only"] == "a standby"
    with psycopg.connect(address, autocommit=True) as base:
        base.execute("SELECT pg_promote()")
    ids += recorded(log)
    log.close()
    assert set(ids) <= set(settled(folder))
    assert faults_of(folder) == ()
    shown = invoke("log", "status", "--path", str(folder.path), "--json")
    assert json.loads(shown.stdout)["read_only"] == ""


def test_commands_end_where_the_server_hangs_and_say_what_waits(
    server: Server, folder: LogFolder
) -> None:
    address = server.database()
    log, _ = begun(folder, f"{address}&connect_timeout=2", buffer_mb=8)
    with server.frozen():
        recorded(log)
        shown = invoke("log", "status", "--path", str(folder.path))
        assert shown.exit_code == 2
        assert "it hangs" in shown.output
        assert "bytes wait for it in" in shown.output
        found = invoke("log", "doctor", "--path", str(folder.path))
        assert found.exit_code == 1
        assert "it hangs" in " ".join(found.output.split())
    log.close()


def test_the_option_is_for_a_log_in_a_database(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="store_seconds"):
        read_options({"path": str(tmp_path), "store_seconds": 5})
