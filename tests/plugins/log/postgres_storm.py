"""Machines that write one log in Postgres, each in a folder of its own, and are killed."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.plugins.log.postgres import Server

from chopmark import Content, LogError
from chopmark.testing import sample_record
from chopmark_log._audit import audit
from chopmark_log._folder import LogFolder
from chopmark_log._integrate import integrate, integrating, publish
from chopmark_log._keyring import ensure
from chopmark_log._leaf import decode
from chopmark_log._postgres_log import SharedLog
from chopmark_log._signing import read_verifier_key
from chopmark_log._store import Store


def machine(where: Path, store: str, name: str = "a", like: LogFolder | None = None) -> LogFolder:
    """Return the folder of a machine; one `like` another has its keys, and signs as it does."""
    folder = LogFolder(where / name)
    if like is not None and not folder.is_log:
        if like.signs:
            ensure(like)
        folder.path.mkdir(mode=0o700, parents=True)
        for key in ("log.key", "master.key"):
            if (like.path / key).exists():
                shutil.copy(like.path / key, folder.path / key)
    log_of(folder, store)._make_folder()
    return folder


def log_of(folder: LogFolder, store: str, **options: object) -> SharedLog:
    return SharedLog({"path": str(folder.path), "store": store, **options})


def settle(folder: LogFolder) -> None:
    """Take in and sign what waits, whoever else does."""
    store = folder.open(writing=True)
    end = time.monotonic() + 120
    try:
        while not take_in(folder, store) or store.waiting:
            assert time.monotonic() < end, "it was never taken"
            time.sleep(0.01)
    finally:
        store.close()


def take_in(folder: LogFolder, store: Store) -> bool:
    """Take in and sign what waits, unless another process of this machine does."""
    with integrating(folder) as mine:
        if mine:
            integrate(folder, store)
            publish(folder, store)
        return mine


def ids_of(folder: LogFolder) -> list[str]:
    settle(folder)
    store = folder.open()
    try:
        return [decode(entry.leaf)["id"] for entry in store.entries(0, store.size)]
    finally:
        store.close()


def faults_of(folder: LogFolder) -> tuple[str, ...]:
    store = folder.open()
    try:
        return audit(store, [read_verifier_key(str(folder.public))]).faults
    finally:
        store.close()


class Storm(NamedTuple):
    """What was found: `lost`, `doubled` and `faults` must be 0."""

    kills: int
    crashes: int
    taken: int
    lost: int
    doubled: int
    faults: int


def storm(
    folders: list[LogFolder],
    store: str,
    rounds: int,
    seed: int,
    server: Server | None = None,
    progress: Callable[[int], object] = lambda n: None,
) -> Storm:
    """Kill two processes of each machine in each round, at any moment; say what was lost by it.

    A `server` crashes in every other round, and comes back, while they write. One of the two
    processes keeps records on its disk meanwhile, the other waits.
    """
    chance = random.Random(seed)
    crashes = 0
    taken: list[str] = []
    kills = 0
    for number in range(rounds):
        writers = [_start(folder, store, size) for folder in folders for size in (0, 8)]
        told = [os.read(out, 37) for _, out in writers]  # of each the first, so that it is at it
        time.sleep(chance.random() * 0.5)
        if server is not None and number % 2:
            server.stop(signal.SIGQUIT)
            server.start()
            crashes += 1
            time.sleep(chance.random() * 0.3)
        chance.shuffle(writers)
        for child, _ in writers:
            os.kill(child, signal.SIGKILL)
            time.sleep(chance.random() * 0.02)
        for (child, out), data in zip(writers, told, strict=True):
            os.waitpid(child, 0)
            while piece := os.read(out, 1 << 20):
                data += piece
            os.close(out)
            taken += data.decode().split("\n")[:-1]  # a torn last line was told to nobody
        kills += len(writers)
        progress(number + 1)
    for folder in folders:
        settle(folder)
    found = Counter(ids_of(folders[0]))
    return Storm(
        kills, crashes, len(taken), sum(not found[one] for one in taken), max(found.values()) - 1,
        len(faults_of(folders[0])),
    )  # fmt: skip


def _start(folder: LogFolder, store: str, buffer: int) -> tuple[int, int]:
    out, told = os.pipe()
    child = os.fork()
    if child:
        os.close(told)
        return child, out
    try:
        os.close(out)
        log = log_of(folder, store, buffer_mb=buffer)
        while True:
            said = Content(answer="x" * 200, user=f"u{random.randint(0, 9)}")
            with contextlib.suppress(LogError):
                receipt = log.append_with(sample_record(), said)
                os.write(told, f"{receipt.record}\n".encode())
    finally:
        os._exit(1)
