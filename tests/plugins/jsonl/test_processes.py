"""Several processes append to one file: nothing is lost, mixed or left half-written."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from tests.plugins.jsonl.writer import main

from chopmark import LogError
from chopmark.testing import sample_record
from chopmark_jsonl import JsonlLog, read

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks and kills processes")


class Writer:
    """A fork of this process that appends, and says so to `out`."""

    def __init__(self, mode: str, path: Path, tag: str, count: int, padding: int = 0) -> None:
        out, told = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            code = 1
            try:
                os.close(out)
                os.dup2(told, 1)
                main(mode, str(path), tag, count, padding)
                code = 0
            finally:
                os._exit(code)
        os.close(told)
        self.out = os.fdopen(out, "rb")

    def end(self) -> tuple[int, str]:
        """Return how it ended, and what it said that was not read before."""
        with self.out:
            said = self.out.read().decode()
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1]), said


def finish(writer: Writer) -> list[str]:
    code, said = writer.end()
    assert code == 0
    return said.split()


def ids(path: Path) -> Counter[str]:
    lines = list(read(path))
    assert [line.problem for line in lines if line.problem] == []
    return Counter(str(line.record["id"]) for line in lines if line.record)


def test_processes_lose_and_mix_nothing(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    writers = [Writer("append", path, f"p{n}", 300) for n in range(3)]
    stored = [name for writer in writers for name in finish(writer)]
    assert len(stored) == 900
    assert ids(path) == Counter(stored)


def test_forks_of_a_log_in_use_lose_and_mix_nothing(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    stored = finish(Writer("fork", path, "f", 100))
    assert len(stored) == 1 + 5 * 100
    assert ids(path) == Counter(stored)


def test_fork_while_a_thread_appends_does_not_hang(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    children = finish(Writer("threads", path, "t", 10))
    assert len(children) == 10
    assert Counter(children) <= ids(path)


def test_rotation_by_several_processes_loses_nothing(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['writer', *sys.argv[1:]]; sys.path.insert(0, sys.argv.pop(1));"
        "import writer; from chopmark_jsonl import JsonlLog;"
        "log = JsonlLog({'path': sys.argv[1], 'rotate_bytes': 20000});"
        "writer.append(log, sys.argv[2], 120)"
    )
    path = tmp_path / "log.jsonl"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(Path(__file__).parent), str(path), f"p{n}"],
            stdout=subprocess.PIPE,
        )
        for n in range(2)
    ]
    stored = []
    for process in processes:
        out, _ = process.communicate()
        assert process.returncode == 0
        stored += out.decode().split()
    files = sorted(tmp_path.glob("log*.jsonl"))
    assert len(files) > 5
    assert all(file.stat().st_size <= 20000 for file in files)
    assert sum((ids(file) for file in files), Counter()) == Counter(stored)


def test_killed_writers_leave_every_stored_record_and_spoil_no_other(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    stored: list[str] = []
    for attempt, padding in enumerate((0, 3_000_000)):  # a long write is cut short more often
        writers = [Writer("append", path, f"{attempt}.{n}", 10**6, padding) for n in range(2)]
        for writer in writers:
            assert writer.out.read(1)  # it has stored its first record
        time.sleep(0.03)
        for writer in writers:
            os.kill(writer.pid, signal.SIGKILL)
        for writer in writers:
            names = str(attempt) + writer.end()[1]  # the first character was read above
            stored += names[: names.rfind("\n") + 1].split()
        after = sample_record()
        JsonlLog({"path": str(path)}).append(after)
        stored.append(after.id)
    lines = list(read(path))
    assert len([line for line in lines if line.problem]) <= 4
    found = Counter(str(line.record["id"]) for line in lines if line.record)
    assert Counter(stored) <= found
    assert set(found.values()) == {1}


def test_full_disk_leaves_no_half_line_and_raises(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    said = json.loads(" ".join(finish(Writer("full", path, "d", 5000))))
    assert len(said["errors"]) == 5
    assert all(str(path) in error and "ulimit -f" in error for error in said["errors"])
    assert ids(path) == Counter(f"d-{n}" for n in range(said["stored"]))
    assert path.read_bytes().endswith(b"\n")
    assert said["size"] == path.stat().st_size


def test_lock_of_a_stopped_process_is_not_waited_for_without_limit(tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    from chopmark_jsonl._file import AppendFile

    path = tmp_path / "log.jsonl"
    path.write_bytes(b"")
    holder = os.open(path, os.O_RDWR)
    fcntl.flock(holder, fcntl.LOCK_EX)
    file = AppendFile(str(path), patience=0.05, rotate_bytes=0, durable=False)
    with pytest.raises(TimeoutError, match="held the lock"):
        file.append(b"x\n")
    os.close(holder)
    assert file.append(b"x\n") == 0
    file.close()


def test_error_is_raised_where_the_folder_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "records"
    folder.mkdir()
    log = JsonlLog({"path": str(folder / "log.jsonl")})
    folder.rmdir()
    with pytest.raises(LogError, match="make its folder again"):
        log.append(sample_record())
    folder.mkdir()
    assert log.append(sample_record()).position == 0
    log.close()
