"""What breaks beside the log loses nothing of it, doubles nothing, and is named."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.plugins.log.kills import FAST
from tests.plugins.log.logs import content_of, faults_of, holds, ids_of, log_of, settle

from chopmark import LogError, Record
from chopmark.testing import sample_record
from chopmark_log._folder import LogFolder
from chopmark_log._integrate import integrating
from chopmark_log._leaf import decode
from chopmark_log._log import TransparencyLog
from chopmark_log._spool import Spool, is_alive, read_frames

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks, kills and locks")

PATIENCE = 120.0


def in_child(run: Callable[[], object], limit: float = PATIENCE) -> int:
    """Return the exit code of a forked child that does `run`; one that hangs is killed."""
    child = os.fork()
    if child == 0:
        try:
            run()
            os._exit(0)
        except BaseException as error:
            os.write(2, f"{error!r}\n".encode())
            os._exit(98)
    return wait(child, limit)


def wait(child: int, limit: float = PATIENCE) -> int:
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    raise AssertionError("a child hangs")


# --- spools


def test_a_spool_is_seen_by_nobody_before_it_has_its_lock(tmp_path: Path) -> None:
    done = threading.Event()
    dead: list[Path] = []

    def watch() -> None:
        while not done.is_set():
            dead.extend(path for path in tmp_path.glob("*.spool") if not is_alive(path))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        spools = [Spool(tmp_path, f"{n}") for n in range(60)]
    finally:
        done.set()
        watcher.join()
    assert dead == []
    for spool in spools:
        spool.close()


@pytest.mark.parametrize("tail", [bytes(4096), b"\0\0\2\0", b"\0\0\0\x14\1\2\3\4" + bytes(20)])
def test_a_torn_end_is_kept_aside_and_told(
    folder: LogFolder, tail: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    log = log_of(folder, integrate=False)
    taken = [log.append(sample_record()).record for _ in range(3)]
    log.close()
    (spool,) = folder.spools.iterdir()
    spool.write_bytes(spool.read_bytes() + tail)
    holds(folder, taken)
    assert [path.suffix for path in folder.spools.iterdir()] == [".torn"]
    assert "torn" in caplog.text


def test_a_damaged_spool_stops_no_other(folder: LogFolder) -> None:
    logs = [log_of(folder, integrate=False) for _ in range(3)]
    taken = [log.append(sample_record(str(n))).record for n in range(4) for log in logs]
    for log in logs:
        log.close()
    spool = sorted(folder.spools.iterdir())[0]
    data = bytearray(spool.read_bytes())
    second = next(iter(read_frames(spool, 0))).end
    data[second + 20] ^= 1
    spool.write_bytes(data)
    with pytest.raises(LogError, match=f"damaged at byte {second}; run `log recover`"):
        settle(folder)
    assert len(ids_of(folder)) == len(taken) - 3
    assert spool.exists()


def test_a_length_that_is_wrong_hides_no_frame_behind_it(folder: LogFolder) -> None:
    log = log_of(folder, integrate=False)
    for _ in range(3):
        log.append(sample_record())
    log.close()
    (spool,) = folder.spools.iterdir()
    data = bytearray(spool.read_bytes())
    data[0] = 0x40  # a frame of a gigabyte, which looks like one that is not all there
    spool.write_bytes(data)
    with pytest.raises(LogError, match="damaged at byte 0"):
        settle(folder)


def test_a_spool_that_comes_back_is_not_taken_twice(folder: LogFolder, tmp_path: Path) -> None:
    log = log_of(folder, integrate=False)
    taken = [log.append(sample_record()).record for _ in range(3)]
    log.close()
    shutil.copytree(folder.spools, tmp_path / "backup")
    settle(folder)
    shutil.copytree(tmp_path / "backup", folder.spools, dirs_exist_ok=True)
    holds(folder, taken)
    assert [path.suffix for path in folder.spools.iterdir()] == [".twice"]


def test_after_a_sync_that_failed_the_next_record_goes_to_another_spool(folder: LogFolder) -> None:
    log = log_of(folder, durability="disk", integrate=False)
    taken = [log.append(sample_record()).record]
    own = log._owns[os.getpid()]
    behind, front = os.pipe()  # it takes what is written, and cannot be synced
    kept = os.dup(own.spool._file)
    os.dup2(front, own.spool._file)
    with pytest.raises(LogError, match="cannot take a record"):
        log.append(sample_record())
    os.dup2(kept, own.spool._file)
    taken += [log.append(sample_record()).record for _ in range(2)]
    for file in (behind, front, kept):
        os.close(file)
    assert len(list(folder.spools.iterdir())) == 2
    log.close()
    holds(folder, taken)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # see below
def test_a_signal_that_breaks_an_append_off_loses_and_doubles_nothing(folder: LogFolder) -> None:
    class Stop(BaseException):
        pass

    def stop(*_: object) -> None:
        raise Stop

    log = log_of(folder)
    taken: list[str] = []
    made: list[str] = []
    before = signal.signal(signal.SIGALRM, stop)
    try:
        for _ in range(80):
            record = sample_record()
            made.append(record.id)
            taken.append(log.append(record).record)  # begins a spool, which a disk may make slow
            try:
                # Again, for where one meets a finalizer, Python passes it over.
                signal.setitimer(signal.ITIMER_REAL, 0.0007, 1.0)
                while True:
                    record = sample_record()
                    made.append(record.id)
                    taken.append(log.append(record).record)
            except Stop:
                signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    log.close()
    assert len(taken) >= 80
    holds(folder, taken, made)


def test_an_append_beside_a_close_is_taken(folder: LogFolder) -> None:
    log = log_of(folder)
    taken: list[str] = []
    errors: list[Exception] = []

    def append() -> None:
        try:
            taken.extend(log.append(sample_record()).record for _ in range(100))
        except LogError as error:
            errors.append(error)

    threads = [threading.Thread(target=append) for _ in range(3)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        log.close()
    log.close()
    assert errors == []
    holds(folder, taken)


# --- forks, other starts of processes, ends


def test_a_child_does_not_keep_the_lock_of_its_parent(folder: LogFolder) -> None:
    with integrating(folder) as mine:
        assert mine
        child = os.fork()
        if child == 0:
            time.sleep(30)
            os._exit(0)
    try:
        with integrating(folder) as again:
            assert again
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_a_child_carries_no_connection_to_the_log_of_its_parent(folder: LogFolder) -> None:
    log = log_of(folder)
    taken = [log.append_with(sample_record(), content_of()).record]
    deadline = time.monotonic() + PATIENCE
    while not ids_of(folder) and time.monotonic() < deadline:
        time.sleep(0.02)  # until the parent's worker has the log open
    with integrating(folder):

        def look() -> None:
            links = [f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd")]
            carried = {os.readlink(link) for link in links if os.path.islink(link)}
            assert not [name for name in carried if name.startswith(str(folder.path))], carried

        if os.path.isdir("/proc/self/fd"):
            assert in_child(look) == 0
    taken.append(log.append(sample_record()).record)
    log.close()
    holds(folder, taken)


def test_forks_at_any_moment_end_and_lose_nothing(folder: LogFolder, tmp_path: Path) -> None:
    log = log_of(folder)
    told = tmp_path / "told"
    going = threading.Event()
    taken: list[str] = []

    def append() -> None:
        while not going.is_set():
            taken.append(log.append(sample_record()).record)
            time.sleep(0.001)

    def child() -> None:
        names = [log.append(sample_record()).record for _ in range(3)]
        with told.open("a") as file:
            file.write("".join(f"{name}\n" for name in names))

    thread = threading.Thread(target=append)
    thread.start()
    try:
        for _ in range(4):
            assert in_child(child) == 0
            assert in_child(lambda: (child(), log.close())) == 0
    finally:
        going.set()
        thread.join()
    log.close()
    holds(folder, [*taken, *told.read_text().split()])


FORKED = """
import multiprocessing, sys
from chopmark.testing import sample_record
from chopmark_log._log import TransparencyLog
log = TransparencyLog({"path": sys.argv[1]})
def work(count):
    return [log.append(sample_record()).record for _ in range(count)]
print(*work(2))  # as with gunicorn --preload
with multiprocessing.get_context("fork").Pool(2, maxtasksperchild=1) as pool:
    for names in pool.map(work, [4] * 6, 1):
        print(*names)
log.close()
"""


def test_workers_that_were_forked_after_a_first_call_lose_nothing(
    tmp_path: Path, folder: LogFolder
) -> None:
    taken, code = run_script(tmp_path, FORKED, folder)
    assert code == 0
    assert len(taken) == 26
    holds(folder, taken)


SPAWNED = """
import multiprocessing, sys
from chopmark.testing import sample_record
from chopmark_log._log import TransparencyLog
def work(path):
    log = TransparencyLog({"path": path})
    return [log.append(sample_record()).record for _ in range(4)]
if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        for names in pool.map(work, [sys.argv[1]] * 3, 1):
            print(*names)
"""
ENDED = """
import sys, threading
from chopmark.testing import sample_record
from chopmark_log._log import TransparencyLog
log = TransparencyLog({"path": sys.argv[1]})
print(*[log.append(sample_record()).record for _ in range(5)], flush=True)
END
"""


def run_script(tmp_path: Path, text: str, folder: LogFolder) -> tuple[list[str], int]:
    script = tmp_path / "script.py"
    script.write_text(text)
    done = subprocess.run(
        [sys.executable, script, folder.path], stdout=subprocess.PIPE, text=True, timeout=600,
        check=False,
    )  # fmt: skip
    return done.stdout.split(), done.returncode


def test_workers_that_were_spawned_lose_nothing(folder: LogFolder, tmp_path: Path) -> None:
    taken, code = run_script(tmp_path, SPAWNED, folder)
    assert (len(taken), code) == (12, 0)
    holds(folder, taken)


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("", 0),
        ("sys.exit(3)", 3),
        ("threading.Thread(target=lambda: log.append(sample_record())).start()", 0),
    ],
)
def test_a_process_that_ends_without_closing_loses_nothing(
    folder: LogFolder, tmp_path: Path, end: str, code: int
) -> None:
    taken, found = run_script(tmp_path, ENDED.replace("END", end), folder)
    assert (len(taken), found) == (5, code)
    settle(folder)
    assert set(taken) <= set(ids_of(folder))
    assert faults_of(folder) == ()


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (lambda: os._exit(5), 5),
        (lambda: os.kill(os.getpid(), signal.SIGTERM), -signal.SIGTERM),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), -signal.SIGKILL),
    ],
)
def test_a_process_that_ends_at_once_loses_nothing(
    folder: LogFolder, tmp_path: Path, end: Callable[[], object], code: int
) -> None:
    told = tmp_path / "told"

    def work() -> None:
        log = log_of(folder)
        told.write_text(" ".join(log.append(sample_record()).record for _ in range(5)))
        end()

    assert in_child(work) == code
    holds(folder, told.read_text().split())


async def test_a_task_that_is_cancelled_keeps_its_record(folder: LogFolder) -> None:
    log = log_of(folder, durability="disk")
    records = [sample_record() for _ in range(20)]
    taken: list[str] = []

    def append(record: Record) -> None:
        taken.append(log.append(record).record)

    tasks = [asyncio.create_task(asyncio.to_thread(append, record)) for record in records]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.to_thread(log.close)  # its threads may still append: that begins a new spool
    await asyncio.sleep(0.1)
    await asyncio.to_thread(log.close)
    holds(folder, taken)


# --- the log itself


def test_an_older_copy_is_named_and_takes_nothing(folder: LogFolder, tmp_path: Path) -> None:
    log = log_of(folder)
    log.append(sample_record())
    log.close()
    shutil.copy(folder.base, tmp_path / "yesterday")
    log.append(sample_record())
    log.close()
    newer = tmp_path / "newer"
    shutil.copy(folder.base, newer)
    shutil.copy(tmp_path / "yesterday", folder.base)
    third = log.append(sample_record()).record
    with pytest.raises(LogError, match="an older copy was put in its place"):
        log.close()
    assert len(ids_of(folder)) == 1  # and what was taken since waits
    shutil.copy(newer, folder.base)
    settle(folder)
    assert third in ids_of(folder)
    assert faults_of(folder) == ()


def test_a_log_that_is_replaced_while_it_is_written_is_left_alone(
    folder: LogFolder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = log_of(folder)
    log.append(sample_record())
    log.close()
    copy = tmp_path / "copy"
    shutil.copy(folder.base, copy)
    log.append(sample_record())
    deadline = time.monotonic() + PATIENCE
    while len(ids_of(folder)) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    copy.replace(folder.base)
    while "was replaced while" not in caplog.text and time.monotonic() < deadline:
        time.sleep(0.02)
    before = folder.base.read_bytes()
    third = log.append(sample_record()).record
    with pytest.raises(LogError, match="stop them, take away"):
        log.close()
    assert folder.base.read_bytes() == before
    (spool,) = folder.spools.glob("*.spool")
    assert third in [decode(frame.leaf)["id"] for frame in read_frames(spool, 0)]


def test_two_who_take_in_at_once_take_everything_once(folder: LogFolder) -> None:
    logs = [log_of(folder) for _ in range(4)]  # four threads that integrate
    taken = [log.append(sample_record(str(n))).record for n in range(50) for log in logs]
    for log in logs:
        log.close()
    holds(folder, taken)


def test_a_disk_that_is_full_stops_the_log_and_not_the_records(
    folder: LogFolder, caplog: pytest.LogCaptureFixture
) -> None:
    """The log cannot grow, the spool can; with room again nothing is missing."""
    import resource

    log = log_of(folder, integrate=False)
    taken = [log.append(sample_record()).record for _ in range(200)]
    log.close()

    def full() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, resource.RLIM_INFINITY))
        with pytest.raises(LogError):
            settle(folder)

    assert in_child(full) == 0
    assert faults_of(folder) == ()
    holds(folder, taken)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounts a file system")
def test_a_small_disk_that_fills_up_loses_nothing_that_was_taken(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "none", disk], check=False,
        capture_output=True,
    )  # fmt: skip
    if mounted.returncode:
        pytest.skip("may not mount a file system")
    try:
        folder = LogFolder(disk / "log")
        logging.disable(logging.ERROR)
        log = TransparencyLog({"path": str(folder.path)})
        taken, refused, made = [], 0, []
        for _ in range(600):
            record = sample_record()
            made.append(record.id)
            try:
                taken.append(log.append(record).record)
            except LogError:
                refused += 1
        assert refused
        with pytest.raises(LogError):
            log.close()
        subprocess.run(["mount", "-o", "remount,size=8m", disk], check=True)
        holds(folder, taken, made)
    finally:
        logging.disable(logging.NOTSET)
        subprocess.run(["umount", "-l", disk], check=True)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="becomes nobody")
def test_in_a_folder_that_may_not_be_written_nothing_is_taken_and_all_is_read() -> None:
    with tempfile.TemporaryDirectory(dir=FAST) as there:  # where anybody may look
        folder = LogFolder(Path(there) / "log")
        log = TransparencyLog({"path": str(folder.path)})
        log.append(sample_record())
        log.close()
        for path in (Path(there), *Path(there).rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)

        def nobody() -> None:
            os.setuid(65534)
            with pytest.raises(LogError, match="let this process write there"):
                log.append(sample_record())
            assert faults_of(folder) == ()

        assert in_child(nobody) == 0
