"""A process that runs for months lets go of its spool: what is erased goes out of it in seconds."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import Result
from tests.plugins.log.logs import (
    content_of,
    faults_of,
    holds,
    ids_of,
    invoke,
    leaves,
    log_of,
    settle,
)
from tests.plugins.log.renewals import forced, renew, storm

from chopmark import LogError
from chopmark.testing import sample_record
from chopmark_log import _forget, _renew, _work
from chopmark_log._content import read_payload
from chopmark_log._folder import LogFolder
from chopmark_log._forget import Left, erase
from chopmark_log._log import TransparencyLog
from chopmark_log._master import Subject
from chopmark_log._spool import Spool, is_alive, read_frames
from chopmark_log._store import Store

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks, kills and locks")
ANNA = Subject.of("anna", "")
LAW = "erasure as the law wants it"


def spool_of(log: TransparencyLog) -> Spool:
    found = log._owns[os.getpid()].spool
    assert isinstance(found, Spool)
    return found


def sealed(folder: LogFolder) -> list[bytes]:
    """Return the ciphertexts in all spools, which are in no file of plain text anywhere."""
    frames = [
        frame.leaf for path in folder.spools.glob("*.spool") for frame in read_frames(path, 0)
    ]
    return [read_payload(frame).data[12:] for frame in frames if frame[:1] == b"\x01"]


def traces(folder: LogFolder, ciphers: list[bytes]) -> set[str]:
    """Return the files in which any of `ciphers` stands."""
    found = set()
    for path in [path for path in folder.path.rglob("*") if path.is_file()]:
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            continue
        if any(cipher in data for cipher in ciphers):
            found.add(path.name)
    return found


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait longer than a person would: a machine may be busy."""
    monkeypatch.setattr(_forget, "PATIENCE", 240.0)


# --- what is erased beside processes that live


class Living(NamedTuple):
    """Another process that said something of anna, and waits until it may say more."""

    number: int
    told: int
    go: int

    def says(self) -> str:
        return os.read(self.told, 100).decode()

    def goes_on(self) -> str:
        """Let it say one thing more, and end; return the position of that."""
        os.write(self.go, b"x")
        return self.says()


@contextlib.contextmanager
def living(folder: LogFolder, integrate: bool = False) -> Iterator[Living]:
    told, tell = os.pipe()
    wait, go = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            log = log_of(folder, integrate=integrate)
            for user in ("anna", "bert", "anna"):
                log.append_with(sample_record(), content_of(user))
            os.write(tell, b"said")
            os.read(wait, 1)
            last = log.append_with(sample_record(), content_of("bert"))
            os.write(tell, f"{last.position}".encode())
        finally:
            os._exit(0)
    found = Living(child, told, go)
    try:
        assert found.says() == "said"
        yield found
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        for file in (told, tell, wait, go):
            os.close(file)


def prune(folder: LogFolder, **options: int) -> dict[str, Any]:
    policy = folder.path.with_name("policy.toml")
    given = "\n".join(f"{name} = {value}" for name, value in options.items())
    policy.write_text(
        f'name = "p"\nplugins = ["log"]\n[settings.log]\npath = "{folder.path}"\n{given}\n'
    )
    found: dict[str, Any] = json.loads(
        invoke("log", "prune", "--policy", str(policy), "--json").output
    )
    return found


@pytest.mark.parametrize("integrate", [True, False])
def test_beside_a_process_that_lives_nothing_of_who_is_erased_stays_in_any_file(
    folder: LogFolder, integrate: bool
) -> None:
    with living(folder, integrate) as other:
        ciphers = sealed(folder)
        assert len(ciphers) == 3
        done = run("erase", "--subject", "anna", "--basis", LAW, "--json", folder=folder)
        assert json.loads(done.output) == {"erased": 2, "restricted": 0, "until": 0, "left": []}
        assert traces(folder, [ciphers[0], ciphers[2]]) == set()
        assert any(name.startswith("side.db") for name in traces(folder, [ciphers[1]]))
        assert list(folder.spools.glob("*.spool")) != []  # that of the process, which lives
        assert other.goes_on() == "3"  # it counts the records of the process
    settle(folder)
    assert len(ids_of(folder)) == 4
    assert faults_of(folder) == ()


def test_beside_a_log_that_is_open_here_nothing_of_who_is_erased_stays(folder: LogFolder) -> None:
    log = log_of(folder)
    log.append_with(sample_record(), content_of("anna"))
    ciphers = sealed(folder)
    found = erase(folder, ANNA, LAW)
    assert (found.done.erased, found.left) == (1, ())
    assert traces(folder, ciphers) == set()
    log.append_with(sample_record(), content_of("anna"))
    log.close()
    assert len(ids_of(folder)) == 2


def test_what_a_policy_ends_is_gone_from_spools_of_processes_that_live(folder: LogFolder) -> None:
    log = log_of(folder, integrate=False)
    record = sample_record()
    log.append_with(replace(record, id="0189" + record.id[4:]), content_of("carl"))  # of long ago
    old = sealed(folder)
    with living(folder):
        new = [one for one in sealed(folder) if one not in old]
        found = prune(folder, texts_days=30)
        assert (found["erased"], found["left"]) == (1, [])
        assert traces(folder, old) == set()
        assert all(traces(folder, [one]) for one in new)
        sizes = [path.stat().st_size for path in folder.spools.glob("*.spool")]
        assert sizes == [0, 0]  # the one here, and that of the process
    log.close()


def test_a_process_that_does_not_let_go_is_named(
    folder: LogFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_forget, "PATIENCE", 0.3)
    with living(folder) as other:
        os.kill(other.number, signal.SIGSTOP)
        done = run("erase", "--subject", "anna", "--basis", LAW, folder=folder)
        assert done.exit_code == 0, done.output
        assert f"process {other.number} may still have sealed texts in " in done.output
        assert "unreadable there: the key is gone" in done.output


def run(*words: str, folder: LogFolder) -> Result:
    return invoke("log", *words, "--path", str(folder.path))


def test_who_cannot_ask_says_so_and_erases_all_the_same(
    folder: LogFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = log_of(folder, integrate=False)
    log.append_with(sample_record(), content_of("anna"))
    monkeypatch.setattr(_forget, "ask", refusing([]))
    found = erase(folder, ANNA, LAW)
    assert found.done.erased == 1
    (left,) = found.left
    assert (left.process, "could not be asked" in str(left)) == (os.getpid(), True)
    log.close()


def test_an_asking_that_fails_leaves_no_file(folder: LogFolder) -> None:
    folder.renewal.mkdir()
    with pytest.raises(OSError, match="renew"):
        _renew.ask(folder)
    assert [path.name for path in folder.path.glob(".renew*")] == []


def test_what_no_process_takes_in_is_named(
    folder: LogFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_forget, "PATIENCE", 0.3)
    log = log_of(folder, integrate=False)
    log.append_with(sample_record(), content_of("anna"))

    def refuse(folder: LogFolder) -> None:
        raise LogError("a witness refused it")

    monkeypatch.setattr(_forget, "settle", refuse)
    monkeypatch.setattr(_work, "INTERVAL", 0.01)
    (left,) = erase(folder, ANNA, LAW).left
    assert (left.process, left.why) == (0, "a witness refused it")
    assert "waits to be taken into the log" in str(left)
    log.close()


# --- when another spool is begun


def test_what_makes_a_spool_be_another_one(
    folder: LogFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = log_of(folder, integrate=False)
    log.append(sample_record())
    own = log._owns[os.getpid()]
    renewal = _renew.Renewal(own, folder)
    own.stop.set()  # its worker does nothing from now on
    assert own.worker is not None
    own.worker.join()
    own.stop.clear()

    def renews() -> bool:
        before = own.spool
        renewal.look()
        return own.spool is not before

    assert not renews()
    _renew.ask(folder)
    assert renews()
    _renew.ask(folder)
    assert not renews()  # nothing is in it
    log.append(sample_record())
    assert renews()
    log.append(sample_record())
    assert not renews()
    with monkeypatch.context() as patched:
        patched.setattr(_renew, "OLDEST", 0.0)
        assert not renews()  # it has no texts
        log.append_with(sample_record(), content_of())
        assert renews()
    log.append_with(sample_record(), content_of())
    assert not renews()
    monkeypatch.setattr(_renew, "MOST", spool_of(log).written)
    assert renews()
    assert len(list(folder.spools.glob("*.spool"))) == 5
    assert sum(is_alive(path) for path in folder.spools.glob("*.spool")) == 1
    log.close()
    settle(folder)
    assert len(ids_of(folder)) == 5
    assert [leaf["w"]["n"] for leaf in leaves(folder)] == [0, 0, 0, 1, 0]
    assert faults_of(folder) == ()


def test_one_that_lets_go_loses_nothing_where_clocks_go_back(
    folder: LogFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = log_of(folder, integrate=False)
    taken = []
    for clock in (2_000_000_000, 1_900_000_000, 1_900_000_000, 1_800_000_000):
        monkeypatch.setattr(time, "time_ns", lambda clock=clock: clock * 10**9)
        taken.append(log.append(sample_record()).record)
        renew(log)
    monkeypatch.undo()
    log.close()
    settle(folder)
    assert ids_of(folder) == taken
    assert [leaf.get("clock", 0) < 0 for leaf in leaves(folder)] == [False, True, False, True]


def test_records_stay_in_order_while_another_process_takes_them_in(folder: LogFolder) -> None:
    log = log_of(folder, integrate=False)
    done = threading.Event()

    def take() -> None:
        while not done.is_set():
            settle(folder)

    taker = threading.Thread(target=take)
    taker.start()
    taken, positions = [], []
    try:
        with forced():
            for _ in range(400):
                receipt = log.append_with(sample_record(), content_of())
                taken.append(receipt.record)
                positions.append(receipt.position)
    finally:
        done.set()
        taker.join()
    log.close()
    settle(folder)
    assert ids_of(folder) == taken
    assert positions == list(range(400))
    assert len({leaf["w"]["h"] for leaf in leaves(folder)}) > 5
    assert faults_of(folder) == ()


@pytest.mark.parametrize("durability", ["os", "disk"])
def test_threads_that_write_while_spools_change_lose_and_double_nothing(
    folder: LogFolder, durability: str
) -> None:
    log = log_of(folder, durability=durability, integrate=False)
    taken: list[tuple[int, str]] = []
    spools: set[Path] = set()

    def append() -> None:
        for number in range(2000):
            if number >= 60 and len(spools) > 10:
                break
            if number % 2:
                receipt = log.append(sample_record())
            else:
                receipt = log.append_with(sample_record(), content_of())
            taken.append((receipt.position, receipt.record))
            spools.add(spool_of(log).path)

    threads = [threading.Thread(target=append) for _ in range(6)]
    with forced():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        log.close()
    holds(folder, [record for _, record in taken])
    assert sorted(position for position, _ in taken) == list(range(len(taken)))
    assert len({leaf["w"]["h"] for leaf in leaves(folder)}) > 5
    verified = invoke("log", "verify", "--deep", "--path", str(folder.path))
    assert (verified.exit_code, "holds: " in verified.output) == (0, True), verified.output


# --- syncs, forks, kills, failures


def test_a_sync_of_what_the_disk_has_returns_also_where_the_spool_is_closed(
    tmp_path: Path,
) -> None:
    spool = Spool(tmp_path, "a-1-b")
    end = spool.append(b"leaf")
    spool.sync(end)
    more = spool.append(b"leaf")
    spool.close()
    spool.sync(end)
    with pytest.raises(OSError, match="is closed"):
        spool.sync(more)


def test_to_close_a_spool_waits_for_a_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path, "a-1-b")
    end = spool.append(b"leaf")
    begun, go = threading.Event(), threading.Event()
    sync = os.fdatasync

    def slow(file: int) -> None:
        begun.set()
        go.wait()
        sync(file)

    monkeypatch.setattr(os, "fdatasync", slow)
    syncing = threading.Thread(target=spool.sync, args=(end,))
    closing = threading.Thread(target=spool.close)
    syncing.start()
    begun.wait()
    closing.start()
    closing.join(0.1)
    assert closing.is_alive()
    assert is_alive(spool.path)
    go.set()
    syncing.join()
    closing.join()
    assert not spool.dirty
    assert not is_alive(spool.path)


def test_a_sync_that_is_broken_off_leaves_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path, "a-1-b")
    end = spool.append(b"leaf")

    def stop(file: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", stop)
        with pytest.raises(KeyboardInterrupt):
            spool.sync(end)
    assert not spool.usable
    with pytest.raises(OSError, match="broken off"):
        spool.sync(end)
    spool.close()


def test_a_child_keeps_no_spool_of_its_parent_that_was_closed_and_begins_its_own(
    folder: LogFolder, tmp_path: Path
) -> None:
    log = log_of(folder, integrate=False)
    taken = [log.append_with(sample_record(), content_of()).record]
    renew(log)
    taken.append(log.append(sample_record()).record)
    mine = spool_of(log).path
    told = tmp_path / "told"
    out, go = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            names = []
            for _ in range(3):
                names.append(log.append_with(sample_record(), content_of()).record)
                renew(log)
            told.write_text(" ".join(names))
            os.read(out, 1)
            log.close()
            os._exit(0)
        finally:
            os._exit(98)
    os.close(out)
    while not told.exists() or not told.read_text():
        time.sleep(0.01)
    assert is_alive(mine)  # it is the parent's, whatever the child closes
    renew(log)
    assert not is_alive(mine)
    taken.append(log.append(sample_record()).record)
    os.write(go, b"x")
    assert os.waitpid(child, 0)[1] == 0
    os.close(go)
    log.close()
    holds(folder, [*taken, *told.read_text().split()])
    assert [leaf["w"]["n"] for leaf in leaves(folder)] == [0] * 6


def test_forks_while_spools_change_leave_none_that_looks_alive(folder: LogFolder) -> None:
    log = log_of(folder, integrate=False)
    done = threading.Event()
    taken: list[str] = []

    def append() -> None:
        while not done.is_set():
            taken.append(log.append(sample_record()).record)

    thread = threading.Thread(target=append)
    children = []
    with forced():
        thread.start()
        for _ in range(12):
            child = os.fork()
            if child == 0:
                time.sleep(30)
                os._exit(0)
            children.append(child)
            time.sleep(0.005)
        done.set()
        thread.join()
        log.close()
    try:
        holds(folder, taken)
        assert list(folder.spools.glob("*.spool")) == []
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def test_kill_9_while_spools_change_loses_and_doubles_nothing() -> None:
    found = storm(2, 1)
    assert found.taken >= 2
    assert found.faults == 0, found


@pytest.mark.parametrize("failing", ["open", "rename", "moved"])
def test_where_no_other_spool_can_be_begun_the_process_goes_on_and_says_so_once(
    folder: LogFolder,
    failing: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(_renew, "PAUSE", 0.02)
    monkeypatch.setattr(_work, "INTERVAL", 0.01)
    log = log_of(folder)
    taken = [log.append(sample_record()).record]
    before = spool_of(log)
    tried: list[object] = []
    broken = pytest.MonkeyPatch()
    if failing == "moved":
        folder.moved.write_text('{"to": "postgresql://there", "done": false}')
        broken.setattr(folder.__class__, "check_stays", refusing(tried))
    elif failing == "rename":
        broken.setattr(Spool, "show", refusing(tried))
    else:
        broken.setattr(Spool, "__init__", refusing(tried))
    try:
        _renew.ask(folder)
        deadline = time.monotonic() + 240
        while len(tried) < 5 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(tried) >= 5
        taken.append(log.append(sample_record()).record)
        assert spool_of(log) is before
    finally:
        broken.undo()
        folder.moved.unlink(missing_ok=True)
    told = [one for one in caplog.records if "no other spool can be begun" in one.getMessage()]
    assert len(told) == 1
    while spool_of(log) is before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert spool_of(log) is not before
    taken.append(log.append(sample_record()).record)
    log.close()
    holds(folder, taken)
    assert list(folder.spools.iterdir()) == []


def refusing(tried: list[object]) -> object:
    def refuse(*given: object, **named: object) -> None:
        tried.append(given)
        raise OSError(28, "No space left on device")

    return refuse


def test_a_log_that_is_being_moved_sees_the_process_that_writes_it(folder: LogFolder) -> None:
    from chopmark_log._migrate import _check_ended

    log = log_of(folder, integrate=False)
    log.append(sample_record())
    folder.moved.write_text('{"to": "postgresql://there", "done": false}')
    with pytest.raises(LogError, match="is being moved"):
        renew(log)
    with pytest.raises(LogError, match=f"processes write the log \\({os.getpid()}\\)"):
        _check_ended(folder)
    folder.moved.unlink()
    assert len(list(folder.spools.iterdir())) == 1
    log.close()


def test_a_disk_that_does_not_hold_the_former_spool_is_told(
    folder: LogFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = log_of(folder, durability="disk", integrate=False)
    first = log.append(sample_record()).record
    own = log._owns[os.getpid()]
    spool = spool_of(log)
    spool.append(b"{}")  # by a call that waits for the disk
    spool.written -= 10  # and which is taken back again

    def fail(file: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fdatasync", fail)
        old = _renew.begin(own, folder)
        assert old is spool
        spool.written += 10
        with pytest.raises(OSError, match="Input/output"):
            _renew.end(own, old)
    assert not is_alive(spool.path)
    assert log.append(sample_record()).record != first
    log.close()


def test_a_spool_whose_name_the_disk_lost_is_recovered(folder: LogFolder) -> None:
    log = log_of(folder, integrate=False)
    taken = [log.append(sample_record()).record]
    renew(log)
    taken.append(log.append_with(sample_record(), content_of()).record)
    path = spool_of(log).path
    log.close()
    path.rename(path.with_suffix(".new"))
    done = invoke("log", "recover", "--path", str(folder.path))
    assert "before the disk had its name; 1 records of it were taken" in done.output, done.output
    holds(folder, taken)


def test_what_is_left_is_told_as_a_sentence() -> None:
    assert str(Left("a-7-b.spool", 7)).startswith("process 7 may still have sealed texts in a-7-b")
    assert "(it could not)" in str(Left("a-7-b.spool", 7, "it could not"))


def test_the_store_forgets_spools_that_are_gone(folder: LogFolder) -> None:
    log = log_of(folder)
    for _ in range(3):
        log.append(sample_record())
        renew(log)
    log.close()
    settle(folder)
    store: Store = folder.open()
    assert store.read() == {}
    store.close()
