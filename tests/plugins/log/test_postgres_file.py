"""What the tables of a schema promise where the connection to them breaks."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

pytest.importorskip("psycopg", reason="talks to Postgres")

import psycopg
from tests.plugins.log.postgres import Server, serving

from chopmark import LogError
from chopmark_log._errors import AwayError
from chopmark_log._postgres import Address, PostgresFile


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server of its own, for it is stopped."""
    with serving() as running:
        yield running


@pytest.fixture
def file(server: Server) -> PostgresFile:
    text = server.database()
    with psycopg.connect(text, autocommit=True) as base:
        base.execute("CREATE SCHEMA tried")
        base.execute("CREATE TABLE tried.meta AS SELECT 'format' AS name")
        base.execute("CREATE TABLE tried.numbers (n int)")
    made = PostgresFile(Address.of(text), "tried")
    made.rows("SELECT 1")
    return made


def end_session(file: PostgresFile) -> None:
    """Have the server end the connection of `file`, and `file` hear of it."""
    assert file._open is not None
    with psycopg.connect(file.address.text, autocommit=True) as base:
        base.execute("SELECT pg_terminate_backend(%s)", (file._open.info.backend_pid,))
    with pytest.raises(LogError):
        file.rows("SELECT 1")


def numbers(file: PostgresFile) -> list[int]:
    return [n for (n,) in file.rows("SELECT n FROM numbers ORDER BY n")]


def test_a_change_after_the_connection_broke_is_done_as_a_whole_or_not_at_all(
    file: PostgresFile,
) -> None:
    end_session(file)

    def fail() -> None:
        with file.transaction():
            file.rows("INSERT INTO numbers VALUES (1)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert numbers(file) == []
    with file.transaction():
        file.rows("INSERT INTO numbers VALUES (2)")
    assert numbers(file) == [2]


def test_nothing_of_a_change_is_done_on_another_connection_when_its_own_breaks(
    file: PostgresFile,
) -> None:
    def change() -> None:
        with file.transaction():
            file.rows("INSERT INTO numbers VALUES (1)")
            end_session(file)
            with file.transaction():
                file.rows("INSERT INTO numbers VALUES (2)")

    with pytest.raises(LogError, match="broke within a change"):
        change()
    assert numbers(file) == []
    with file.transaction():
        file.rows("INSERT INTO numbers VALUES (3)")
    assert numbers(file) == [3]


def test_what_takes_long_fails_as_everything_else_where_the_server_is_gone(
    server: Server, file: PostgresFile
) -> None:
    server.stop(signal.SIGQUIT)
    try:
        for _ in range(2):  # by what it hears on the connection, and by that there is none
            with pytest.raises(LogError), file.patient(60):
                file.rows("SELECT 1")
    finally:
        server.start()
    with file.patient(60):
        assert numbers(file) == []


@contextlib.contextmanager
def another_reads_behind(file: PostgresFile, patience: float) -> Iterator[Future[list[int]]]:
    """Have the turn while another thread waits for it to read; yield what that gets."""
    with ThreadPoolExecutor(1) as threads, file.patient(patience):
        waits = threads.submit(numbers, file)
        time.sleep(0.1)  # so that it stands at the lock
        yield waits


def test_who_only_reads_is_answered_behind_a_change_that_a_read_only_server_refuses(
    file: PostgresFile,
) -> None:
    file.rows("INSERT INTO numbers VALUES (1)")
    read_only = "options=-c%20default_transaction_read_only%3Don"
    standby = PostgresFile(Address.of(f"{file.address.text}&{read_only}"), "tried")
    with pytest.raises(AwayError, match="read-only"), another_reads_behind(standby, 60) as waits:
        standby.rows("INSERT INTO numbers VALUES (2)")
    assert waits.result() == [1]


def test_who_waits_behind_one_to_whom_the_server_said_nothing_need_not_wait_as_long(
    file: PostgresFile,
) -> None:
    with pytest.raises(AwayError), another_reads_behind(file, 0.5) as waits:
        file.rows("SELECT pg_sleep(60)")
    with pytest.raises(AwayError, match="it said nothing for"):
        waits.result()
    assert numbers(file) == []
