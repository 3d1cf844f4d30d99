"""Processes that write a log, take records in, and are killed, round after round."""

from __future__ import annotations

import contextlib
import os
import random
import select
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.plugins.log.logs import PATIENCE, faults_of, settled_ids

from chopmark import Content
from chopmark.testing import sample_record
from chopmark_log._folder import LogFolder
from chopmark_log._log import TransparencyLog

FAST = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""Where files may be that need not survive the machine."""

KINDS = ("os", "disk", "threads", "fork")
LONGEST = 0.3
"""Seconds after the first record of a round within which its processes are killed."""
LOOK = 25
"""Rounds after which a log is looked through, and another one begins."""


class Killed(NamedTuple):
    """What was found over `rounds`: `lost`, `doubled` and `damaged` must be 0."""

    rounds: int = 0
    kills: int = 0
    taken: int = 0
    lost: int = 0
    doubled: int = 0
    damaged: int = 0

    def plus(self, other: Killed) -> Killed:
        """Return the sum of both."""
        return Killed(*(one + two for one, two in zip(self, other, strict=True)))

    @property
    def faults(self) -> int:
        return self.lost + self.doubled + self.damaged


def storm(rounds: int, seed: int, progress: Callable[[int], object] = lambda n: None) -> Killed:
    """Kill three to six processes in each round, at any moment; return what was lost by it."""
    chance = random.Random(seed)
    whole = Killed()
    while whole.rounds < rounds:
        with tempfile.TemporaryDirectory(dir=FAST) as there:
            folder = LogFolder(Path(there) / "log")
            folder.create("example.com/log")
            taken: list[str] = []
            kills = count = 0
            for _ in range(min(LOOK, rounds - whole.rounds)):
                kills += _round(folder, chance, taken)
                count += 1
                progress(whole.rounds + count)
            whole = whole.plus(_look(folder, taken)._replace(rounds=count, kills=kills))
    return whole


def _round(folder: LogFolder, chance: random.Random, taken: list[str]) -> int:
    writers = [_start(folder, chance.choice(KINDS)) for _ in range(chance.randint(3, 6))]
    # A machine may be busy; and whichever is first, the others are at any place by then.
    select.select([out for _, out in writers], [], [], PATIENCE)
    time.sleep(chance.random() * LONGEST)
    chance.shuffle(writers)
    for child, _ in writers:
        os.killpg(child, signal.SIGKILL)
        time.sleep(chance.random() * 0.02)
    for child, out in writers:
        os.waitpid(child, 0)
        data = b""
        while piece := os.read(out, 1 << 20):
            data += piece
        os.close(out)
        taken.extend(data.decode().split("\n")[:-1])  # a torn last line was told to nobody
    return len(writers)


def _start(folder: LogFolder, kind: str) -> tuple[int, int]:
    """Start a process in a group of its own; return it, and where it says what was taken."""
    out, told = os.pipe()
    child = os.fork()
    if child:
        os.close(told)
        with contextlib.suppress(OSError):  # it may have done so itself
            os.setpgid(child, child)
        return child, out
    try:
        os.close(out)
        os.setpgid(0, 0)
        log = TransparencyLog(
            {"path": str(folder.path), "durability": "disk" if kind == "disk" else "os"}
        )

        def append() -> None:
            while True:
                said = Content(answer="x" * 200, user=f"u{random.randint(0, 9)}")
                receipt = log.append_with(sample_record(), said)
                os.write(told, f"{receipt.record}\n".encode())
                time.sleep(0.0005)

        if kind == "threads":
            for _ in range(3):
                threading.Thread(target=append).start()
        elif kind == "fork":
            os.write(told, f"{log.append(sample_record()).record}\n".encode())
            os.fork()
        append()
    finally:
        os._exit(98)


def _look(folder: LogFolder, taken: list[str]) -> Killed:
    found = Counter(settled_ids(folder))  # a process that was killed holds no lock
    return Killed(
        taken=len(taken),
        lost=sum(not found[name] for name in taken),
        doubled=sum(count > 1 for count in found.values()),
        damaged=len(faults_of(folder)),
    )
