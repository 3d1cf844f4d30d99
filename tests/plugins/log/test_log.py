"""The log takes every record once, from threads, processes and forks, and loses none it took."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.plugins.log.logs import faults_of, fill, leaves, log_of, settled_ids
from tests.plugins.log.writer import main

from chopmark import Chopmark, LogError, OnError, Policy, PolicyError, load_policy
from chopmark.hookspecs import Log
from chopmark.testing import LogContract, sample_record
from chopmark_log._folder import LogFolder
from chopmark_log._integrate import integrate, integrating, publish
from chopmark_log._log import TransparencyLog, make_log

WRITER = Path(__file__).with_name("writer.py")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks, kills and locks")


def started(path: Path, mode: str, count: int) -> int:
    """Do what the program does in a fork, which begins at once; return where it says so."""
    out, told = os.pipe()
    if os.fork() == 0:
        code = 1
        try:
            os.dup2(told, 1)
            main(str(path), mode, str(count))
            code = 0
        finally:
            os._exit(code)
    os.close(told)
    return out


def start(path: Path, mode: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, str(WRITER), str(path), mode, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


class TestLogContract(LogContract):
    def make(self, folder: Path) -> Log:
        return TransparencyLog({"path": str(folder / "log")})

    def ids(self, log: Log, folder: Path) -> Sequence[str]:
        return settled_ids(LogFolder(folder / "log"))


class TestLogContractToDisk(TestLogContract):
    def make(self, folder: Path) -> Log:
        return TransparencyLog({"path": str(folder / "log"), "durability": "disk"})


@pytest.mark.parametrize("mode", ["os", "disk", "threads", "fork"])
def test_processes_lose_and_double_nothing(tmp_path: Path, mode: str) -> None:
    folder = LogFolder(tmp_path / "log")
    outs = [started(folder.path, mode, 60) for _ in range(2)]
    taken = []
    for out in outs:
        with os.fdopen(out) as said:
            taken += said.read().split()
    assert [os.wait()[1] for _ in outs] == [0, 0]
    assert len(taken) == 2 * {"threads": 8 * 60, "fork": 5 + 4 * 60}.get(mode, 60)
    assert Counter(settled_ids(folder)) == Counter(taken)
    assert faults_of(folder) == ()


def test_programs_that_end_without_closing_lose_and_double_nothing(tmp_path: Path) -> None:
    folder = LogFolder(tmp_path / "log")
    writers = [start(folder.path, "leave", 60) for _ in range(2)]
    taken = [line for writer in writers for line in writer.communicate(timeout=600)[0].split()]
    assert [writer.returncode for writer in writers] == [0, 0]
    assert len(taken) == 120
    assert Counter(settled_ids(folder)) == Counter(taken)
    assert faults_of(folder) == ()


@pytest.mark.parametrize("rounds", [1, pytest.param(8, marks=pytest.mark.deep)])
def test_what_was_taken_survives_kill_9_at_any_moment(tmp_path: Path, rounds: int) -> None:
    folder = LogFolder(tmp_path / "log")
    rng = random.Random()
    taken: list[str] = []
    for _ in range(rounds):
        writers = [start(folder.path, "slowly", 100_000) for _ in range(2)]
        taken += [writer.stdout.readline().strip() for writer in writers if writer.stdout]
        time.sleep(rng.random() * 0.2)
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
        for writer in writers:
            lines = writer.communicate()[0].split("\n")
            taken += lines[:-1]  # a torn last line was not told to anyone
    found = Counter(settled_ids(folder))
    assert len(taken) >= 2 * rounds
    assert [name for name in taken if not found[name]] == []
    assert max(found.values()) == 1
    assert faults_of(folder) == ()


def test_a_frame_that_a_crash_tore_is_left_out_and_kept_aside(tmp_path: Path) -> None:
    folder = LogFolder(tmp_path / "log")
    taken = fill(folder, 20)
    spool = folder.spools / "dead.spool"
    spool.write_bytes(b"\x00\x00\x01\x00\x12\x34\x56\x78only the beginning")
    assert settled_ids(folder) == taken
    assert [file.name for file in folder.spools.iterdir()] == ["dead.torn"]
    assert faults_of(folder) == ()


def test_a_frame_damaged_in_the_middle_is_named_and_what_is_behind_it_waits(tmp_path: Path) -> None:
    folder = LogFolder(tmp_path / "log")
    log = TransparencyLog({"path": str(folder.path), "integrate": False})
    for _ in range(3):
        log.append(sample_record())
    (spool,) = folder.spools.iterdir()
    data = bytearray(spool.read_bytes())
    data[len(data) // 2] ^= 1
    spool.write_bytes(data)
    with integrating(folder) as mine:
        assert mine
        store = folder.open(writing=True)
        with pytest.raises(LogError, match="is damaged at byte"):
            integrate(folder, store)
        assert store.size == 1
    log.close()


def test_one_process_alone_takes_in_at_a_time(tmp_path: Path) -> None:
    folder = LogFolder(tmp_path / "log")
    folder.create("example.com/log")
    with integrating(folder) as first, integrating(folder) as second:
        assert (first, second) == (True, False)
    with integrating(folder) as again:
        assert again


def test_an_older_copy_is_not_signed_again(tmp_path: Path) -> None:
    folder = LogFolder(tmp_path / "log")
    for _ in range(2):
        log = TransparencyLog({"path": str(folder.path)})
        log.append(sample_record())
        log.close()
    store = folder.open(writing=True)
    store.file.rows("UPDATE meta SET value = ? WHERE name = 'size'", ("1",))
    with pytest.raises(LogError, match="an older copy was put in its place"):
        publish(folder, store)


def test_an_older_copy_is_refused_each_time_a_process_meets_it(tmp_path: Path) -> None:
    folder = LogFolder(tmp_path / "log")

    def write() -> None:
        log = TransparencyLog({"path": str(folder.path)})
        log.append(sample_record())
        log.close()

    write()
    older = folder.base.read_bytes()
    write()
    signed = folder.head.read_text()
    folder.base.write_bytes(older)
    for _ in range(3):
        with pytest.raises(LogError, match="an older copy was put in its place"):
            write()
        assert folder.head.read_text() == signed
        assert folder.open().size == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE entries SET leaf = replace(leaf, 'modify', 'allow') WHERE at = 3", "entry 3"),
        ("DELETE FROM entries WHERE at = 3", "entry 3 is missing"),
        ("DELETE FROM entries WHERE at > 5", "a checkpoint of 10 entries was signed"),
        (
            "UPDATE tiles SET hashes = zeroblob(320) WHERE level = 0",
            "is not the one that was taken",
        ),
        ("UPDATE checkpoints SET note = replace(note, char(10)||'10', char(10)||'9')", "hold"),
    ],
)
def test_what_an_operator_changes_is_named(tmp_path: Path, change: str, told: str) -> None:
    folder = LogFolder(tmp_path / "log")
    log = TransparencyLog({"path": str(folder.path)})
    for _ in range(10):
        log.append(sample_record())
    log.close()
    assert faults_of(folder) == ()
    folder.open(writing=True).file.rows(change)
    assert told in " ".join(faults_of(folder))


def test_a_fork_that_is_signed_anew_contradicts_what_was_signed(tmp_path: Path) -> None:
    folder = LogFolder(tmp_path / "log")
    log = TransparencyLog({"path": str(folder.path)})
    for _ in range(4):
        log.append(sample_record())
    log.close()
    store = folder.open(writing=True)
    store.file.rows("UPDATE entries SET leaf = (SELECT leaf FROM entries WHERE at = 0)")
    leaf = store.entry(0).leaf
    store.take([(None, leaf)], {})
    publish(folder, store)
    assert "are not those that were signed" in " ".join(faults_of(folder))


def test_a_full_disk_refuses_the_call_and_loses_nothing_that_was_taken(tmp_path: Path) -> None:
    folder = LogFolder(tmp_path / "log")
    child = os.fork()
    if child == 0:
        try:
            log = TransparencyLog({"path": str(folder.path), "integrate": False})
            log.append(sample_record())
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (4000, resource.RLIM_INFINITY))
            count, refused = 1, 0
            for _ in range(20):
                try:
                    log.append(sample_record())
                    count += 1
                except LogError:
                    refused += 1
            os._exit(count if refused else 99)
        except BaseException:
            os._exit(98)
    _, status = os.waitpid(child, 0)
    taken = os.waitstatus_to_exitcode(status)
    assert 1 <= taken < 20
    assert len(settled_ids(folder)) == taken
    assert faults_of(folder) == ()


def test_the_clock_going_back_leaves_times_of_checkpoints_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = LogFolder(tmp_path / "log")
    for now in (2_000_000_000, 1_000_000_000):
        monkeypatch.setattr(time, "time_ns", lambda now=now: now * 1_000_000_000)
        log = TransparencyLog({"path": str(folder.path)})
        log.append(sample_record())
        log.close()
    times = [stamp for _, stamp, _ in folder.open().checkpoints()]
    assert times == sorted(times)
    assert len(times) == 2


def test_a_record_says_that_the_clock_was_set_back_before_it(
    folder: LogFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time_ns
    log = log_of(folder)
    for back in (0, 0, 90, 90, 0, 0.5):  # seconds
        monkeypatch.setattr(time, "time_ns", lambda back=back: now() - int(back * 1e9))
        log.append(sample_record())
    log.close()
    flags = [leaf.get("clock", 0) for leaf in leaves(folder)]
    assert [round(flag, -2) for flag in flags] == [0, 0, -90_000, 0, 0, 0]
    assert faults_of(folder) == ()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"paht": "x"}, "paht"),
        ({"path": 3}, "path"),
        ({"durability": "mem"}, "durability.*'mem'.*/dev/shm"),
        ({"profile": "strict"}, "profile"),
        ({"profile": "regulated", "durability": "os"}, 'durability.*write "disk"'),
        ({"origin": 3}, "origin"),
        ({"integrate": "no"}, "integrate"),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, object], told: str) -> None:
    with pytest.raises(PolicyError, match=told):
        TransparencyLog(options)


def test_the_regulated_profile_waits_for_the_disk_and_takes_no_policy_that_goes_on_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"log": {"path": str(tmp_path / "log"), "profile": "regulated"}}
    synced: list[int] = []
    real = os.fdatasync
    log = make_log(Policy(name="p", plugins=("log",), settings=options))
    log.append(sample_record())

    def sync(file: int) -> None:
        synced.append(file)
        real(file)

    monkeypatch.setattr(os, "fdatasync", sync)
    for _ in range(3):
        before = len(synced)
        log.append(sample_record())
        assert len(synced) > before
    log.close()
    careless = Policy(name="p", plugins=("log",), settings=options, on_error=OnError(log="allow"))
    with pytest.raises(PolicyError, match=r"'profile' = 'regulated': on_error.log is 'allow'"):
        Chopmark(careless)
    del options["log"]["profile"]
    Chopmark(careless).close()


def test_a_folder_that_is_no_log_is_named(tmp_path: Path) -> None:
    (tmp_path / "log.db").write_bytes(b"SQLite format 3\x00 and then nothing")
    with pytest.raises(LogError, match="is no log of chopmark"):
        LogFolder(tmp_path).open()
    with pytest.raises(LogError, match="log init"):
        LogFolder(tmp_path / "none").open()


def test_paths_of_a_policy_start_at_its_file(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(
        'name = "p"\nplugins = ["log"]\n[settings.log]\npath = "records"\n'
    )
    policy: Policy = load_policy(str(tmp_path / "p.toml"))
    assert make_log(policy).folder.path == tmp_path / "records"
