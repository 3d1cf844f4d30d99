"""One append and one taking in, in which one system call fails or the process is killed at it."""

from __future__ import annotations

import os
import random
import re
import select
import shutil
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.plugins.log.logs import faults_of, ids_of, leaves, settle, signed
from tests.plugins.log.renewals import renew

from chopmark import LogError
from chopmark.testing import sample_record
from chopmark_log._folder import LogFolder
from chopmark_log._log import TransparencyLog

FAST = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""Where files may be that need not survive the machine."""

CALLS = (
    "openat", "write", "pwrite64", "fdatasync", "fsync", "rename", "renameat", "unlink", "unlinkat",
    "ftruncate", "flock",
)  # fmt: skip
ERRORS = ("error=EIO", "error=ENOSPC", "error=EINTR", "signal=SIGKILL")


class Case(NamedTuple):
    """The `number`-th `call` of the cycle ends with `error`, an option of strace's `inject`."""

    call: str
    number: int
    error: str


class Found(NamedTuple):
    """What was found over `cases`: all but `cases` and `refused` must be 0."""

    cases: int = 0
    lost: int = 0
    doubled: int = 0
    unknown: int = 0
    damaged: int = 0
    broken: int = 0
    refused: int = 0

    def plus(self, other: Found) -> Found:
        """Return the sum of both."""
        return Found(*(one + two for one, two in zip(self, other, strict=True)))

    @property
    def faults(self) -> int:
        return self.lost + self.doubled + self.unknown + self.damaged + self.broken


def can_inject() -> bool:
    """Return whether there is a strace that may look into a child."""
    if shutil.which("strace") is None:
        return False
    child = os.fork()
    if child == 0:
        signal.pause()
    try:
        with _attached(child, []) as attached:
            return attached is not None
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def cases() -> list[Case]:
    """Return a case for each call of a cycle in which nothing fails, and each way to fail."""
    with tempfile.TemporaryDirectory(dir=FAST) as there:
        folder = _fresh(Path(there))
        trace = Path(there) / "trace"
        _cycle(folder, ["-o", str(trace), "-e", f"trace={','.join(_known())}"])
        called = Counter(re.findall(r"^(\w+)\(", trace.read_text(), re.M))
    return [
        Case(call, number, error)
        for call in CALLS
        for number in range(1, called[call] + 1)
        for error in ERRORS
    ]


def inject(
    chosen: Sequence[Case],
    progress: Callable[[int], object] = lambda n: None,
    tell: Callable[[Case, Found], object] = lambda case, found: None,
) -> Found:
    """Return what is found over `chosen`; `tell` hears of each case that has a fault."""
    whole = Found()
    with tempfile.TemporaryDirectory(dir=FAST) as there:
        fresh = _fresh(Path(there))
        for case in chosen:
            found = _injected(case, fresh)
            if found.faults:
                tell(case, found)
            whole = whole.plus(found)
            progress(whole.cases)
    return whole


def _injected(case: Case, fresh: LogFolder) -> Found:
    with tempfile.TemporaryDirectory(dir=FAST) as there:
        folder = LogFolder(Path(there) / "log")
        shutil.copytree(fresh.path, folder.path)
        option = f"inject={case.call}:{case.error}:when={case.number}"
        taken, made, refused, code = _cycle(
            folder, ["-o", os.devnull, "-e", f"trace={case.call}", "-e", option]
        )
        broken = int(code not in (0, -signal.SIGKILL))
        return _look(folder, taken, made)._replace(refused=refused, broken=broken)


def sampled(count: int, seed: int) -> list[Case]:
    """Return some of the cases, of each call and each way to fail where `count` allows."""
    everything = cases()
    random.Random(seed).shuffle(everything)
    seen: Counter[tuple[str, str | int]] = Counter()
    ranked = []
    for case in everything:
        seen[case.call, case.error] += 1
        again = seen[case.call, case.error]
        seen[case.call, again] += 1  # how many ways to fail are there as often
        ranked.append(((again, seen[case.call, again]), case))
    return [case for _, case in sorted(ranked, key=lambda pair: pair[0])[:count]]


def _fresh(there: Path) -> LogFolder:
    """Return a log that holds some, whose files wait for a process that left them."""
    folder = LogFolder(there / "log")
    folder.create("example.com/log")
    for integrates in (True, False):
        log = TransparencyLog({"path": str(folder.path), "integrate": integrates})
        for _ in range(3):
            log.append(sample_record("before"))
        log.close()
    return folder


def _cycle(folder: LogFolder, options: list[str]) -> tuple[list[str], list[str], int, int]:
    """Return what a child was told to be taken, what it tried, how often it was refused, its code.

    All modules are loaded and strace has the child before the first call counts.
    """
    start_out, start_in = os.pipe()
    told_out, told_in = os.pipe()
    child = os.fork()
    if child == 0:
        code = 98
        try:
            os.close(told_out)
            os.read(start_out, 1)
            _work(folder, told_in)
            code = 0
        finally:
            os._exit(code)
    os.close(start_out)
    os.close(told_in)
    with _attached(child, options) as attached:
        assert attached is not None, "strace cannot attach"
        os.write(start_in, b"x")
        data = b""
        while piece := os.read(told_out, 65536):
            data += piece
        _, status = os.waitpid(child, 0)
    os.close(start_in)
    os.close(told_out)
    lines = [line.split(" ") for line in data.decode().split("\n")[:-1]]
    by = {what: [line[1] for line in lines if line[0] == what] for what in ("made", "taken", "no")}
    return by["taken"], by["made"], len(by["no"]), os.waitstatus_to_exitcode(status)


def _work(folder: LogFolder, out: int) -> None:
    def tell(what: str, name: str) -> None:
        try:
            os.write(out, f"{what} {name}\n".encode())
        except OSError:
            os.write(out, f"{what} {name}\n".encode())  # this call was the one that fails

    log = TransparencyLog({"path": str(folder.path), "durability": "disk", "integrate": False})
    for number in range(3):
        if number == 2 and os.getpid() in log._owns:  # else the spool is given up already
            try:
                renew(log)
            except (LogError, OSError) as error:
                tell("no", str(error).replace(" ", "_"))
        record = sample_record()
        tell("made", record.id)
        try:
            log.append(record)
            tell("taken", record.id)
        except LogError as error:
            tell("no", str(error).replace(" ", "_"))
    for act in (log.close, lambda: settle(folder)):
        try:
            act()
        except (LogError, OSError) as error:
            tell("no", str(error).replace(" ", "_"))


def _look(folder: LogFolder, taken: Sequence[str], made: Sequence[str]) -> Found:
    try:
        settle(folder)
    except (LogError, OSError):
        return Found(cases=1, broken=1)
    names = ids_of(folder)
    found = Counter(names)
    before = len([name for name in names if name not in made])
    return Found(
        cases=1,
        lost=sum(not found[name] for name in taken) + max(0, 6 - before),
        doubled=sum(count > 1 for count in found.values()),
        unknown=max(0, before - 6),
        damaged=len(faults_of(folder)) + (signed(folder) != len(leaves(folder))),
    )


class _attached:  # reads as what it is
    """Strace on a child, from the moment on at which it has it."""

    def __init__(self, child: int, options: Sequence[str]) -> None:
        self._tracer = subprocess.Popen(
            ["strace", *options, "-p", str(child)], stderr=subprocess.PIPE, text=False
        )

    def __enter__(self) -> subprocess.Popen[bytes] | None:
        assert self._tracer.stderr is not None
        said = b""
        while b"attached" not in said:
            ready, _, _ = select.select([self._tracer.stderr], [], [], 10)
            piece = os.read(self._tracer.stderr.fileno(), 4096) if ready else b""
            if not piece or b"Operation not permitted" in piece:
                return None
            said += piece
        return self._tracer

    def __exit__(self, *_: object) -> None:
        if self._tracer.poll() is None:
            self._tracer.terminate()
        self._tracer.communicate()


def _known() -> list[str]:
    """Return those calls that this machine's strace knows; not each architecture has all."""
    return [f"?{call}" for call in CALLS]
