"""A network that loses what is sent, keeps it back, or breaks: no record is lost by it, none is
there twice, and no call waits for longer than it has to."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("psycopg", reason="talks to Postgres")
if sys.platform == "win32":
    pytest.skip("the server is found by a socket of Unix", allow_module_level=True)

from tests.plugins.log.hanging import BOUND, LONG, Calls, begun, settled
from tests.plugins.log.logs import faults_of
from tests.plugins.log.network import BACK, BOTH, THERE, Network
from tests.plugins.log.postgres import Server

from chopmark_log._folder import LogFolder

deep = pytest.mark.deep


@pytest.fixture
def folder(tmp_path: Path) -> LogFolder:
    return LogFolder(tmp_path / "log")


@pytest.fixture
def network(server: Server) -> Iterator[Network]:
    made = Network(server)
    yield made
    made.close()


def check(folder: LogFolder, calls: list[Calls]) -> None:
    """Fail unless what was taken is in the log, nothing twice, and nothing that nobody made."""
    taken = {id for one in calls for id in one.taken}
    refused = {id for one in calls for id in one.refused}
    found = settled(folder)
    assert taken <= set(found) <= taken | refused
    assert max(found.values()) == 1
    assert faults_of(folder) == ()


@pytest.mark.parametrize(
    ("ways", "buffer"),
    [
        ((BACK,), 0), pytest.param(BOTH, 0, marks=deep), pytest.param((THERE,), 0, marks=deep),
        pytest.param((BACK,), 8, marks=deep), pytest.param(BOTH, 8, marks=deep),
        pytest.param((THERE,), 8, marks=deep),
    ],
)  # fmt: skip
def test_calls_end_in_time_where_the_network_loses_what_is_sent(
    network: Network, store: str, folder: LogFolder, ways: tuple[str, ...], buffer: int
) -> None:
    # What was lost within a change has its lock until the server knows, after half a minute.
    log, first = begun(folder, network.url(store), buffer_mb=buffer, integrate=False)
    with network.losing(ways):
        silent = [Calls(log, 4), Calls(log, 4, "anna")]
        for one in silent:
            one.end()
    again = Calls(log, 4, "anna")
    again.end()
    start = time.monotonic()
    log.close()
    assert time.monotonic() - start < BOUND
    assert max(second for one in silent for second in one.seconds) < BOUND
    assert not again.refused
    assert not any(one.refused if buffer else one.taken for one in silent)
    check(folder, [first, *silent, again])


@pytest.mark.parametrize("buffer", [8, pytest.param(0, marks=deep)])
@pytest.mark.parametrize("ways", [BOTH, pytest.param((BACK,), marks=deep)])
def test_what_arrives_when_nobody_waits_for_it_any_more_is_there_once(
    network: Network, store: str, folder: LogFolder, ways: tuple[str, ...], buffer: int
) -> None:
    log, first = begun(folder, network.url(store), buffer_mb=buffer)
    with network.keeping(ways):
        late = Calls(log, 4, "anna")
        late.end()
    again = Calls(log, 4)
    again.end()
    log.close()
    assert max(late.seconds) < BOUND
    assert not again.refused
    assert not (buffer and late.refused)
    check(folder, [first, late, again])


@pytest.mark.parametrize("buffer", [0, pytest.param(8, marks=deep)])
def test_connections_that_are_reset_at_any_byte_lose_and_double_nothing(
    network: Network, store: str, folder: LogFolder, buffer: int
) -> None:
    log, first = begun(folder, network.url(store), buffer_mb=buffer)
    chance, calls, resets = random.Random(buffer), [first], [0]
    enough = threading.Event()

    def anywhere(way: str, data: bytes) -> int | None:
        if chance.random() < 0.9:
            return None
        resets[0] += 1
        if resets[0] == 20:
            enough.set()
        return chance.choice((0, chance.randint(0, len(data)), len(data)))

    with network.breaking(anywhere):
        end = time.monotonic() + LONG
        while not enough.is_set() and time.monotonic() < end:
            calls += [Calls(log, 2, "anna"), Calls(log, 2)]
            for one in calls[-2:]:
                one.end()
    log.close()
    assert enough.is_set()
    assert not buffer or not any(one.refused for one in calls)
    check(folder, calls)


@pytest.mark.parametrize("arrives", [True, pytest.param(False, marks=deep)])
def test_a_change_of_the_log_whose_commit_is_cut_off_is_done_once(
    network: Network, store: str, folder: LogFolder, arrives: bool
) -> None:
    log, first = begun(folder, network.url(store))
    calls, cut, enough = [first], [0], threading.Event()

    def at_commit(way: str, data: bytes) -> int | None:
        if way != THERE or b"COMMIT" not in data or enough.is_set():
            return None
        cut[0] += 1
        if cut[0] == 3:
            enough.set()
        return len(data) if arrives else 0

    with network.breaking(at_commit):
        end = time.monotonic() + LONG
        while not enough.is_set() and time.monotonic() < end:
            calls.append(Calls(log, 4, "anna"))
            calls[-1].end()
            enough.wait(0.1)
    log.close()
    assert enough.is_set()
    assert not any(one.refused for one in calls)
    check(folder, calls)
