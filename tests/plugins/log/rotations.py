"""Processes that change the keys of a log, and are killed at any moment, round after round."""

from __future__ import annotations

import os
import random
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.plugins.log.kills import FAST
from tests.plugins.log.logs import faults_of, leaves, log_of

from chopmark import Content, LogError
from chopmark.testing import sample_record
from chopmark_log._changing import holding
from chopmark_log._doctor import examine
from chopmark_log._erase import registrar
from chopmark_log._folder import LogFolder
from chopmark_log._opened import Opener
from chopmark_log._rotate import Rotated, rotate_master
from chopmark_log._rotate_signing import rotate_signing
from chopmark_log.verify import VerifierKey, open_disclosure

USERS = tuple(f"u{number}" for number in range(40))
LONGEST = 0.2


class Changed(NamedTuple):
    """What was found over `rounds`: `unread`, `contradicting` and `left` must be 0.

    `changes` is how often a key was changed, `unread` how many texts could not be read after a
    kill, and `left` what `doctor` had to say of keys in the end.
    """

    rounds: int = 0
    changes: int = 0
    unread: int = 0
    contradicting: int = 0
    left: int = 0

    @property
    def faults(self) -> int:
        return self.unread + self.contradicting + self.left


def storm(rounds: int, seed: int, progress: Callable[[int], object] = lambda n: None) -> Changed:
    """Kill a process that changes keys, in each round at another moment; return what came of it."""
    chance = random.Random(seed)
    unread = contradicting = 0
    with tempfile.TemporaryDirectory(dir=FAST) as there:
        folder = LogFolder(Path(there) / "log")
        folder.create("example.com/log")
        ids = say(folder, *USERS)
        for done in range(1, rounds + 1):
            change = chance.choice((rotated, signs_anew))
            killed(lambda change=change: _again(folder, change), after=chance.random() * LONGEST)
            unread += _unread(folder, ids)
            contradicting += len(faults_of(folder))
            progress(done)
        rotated(folder)
        signs_anew(folder)
        unread += _unread(folder, ids)
        changes = len(leaves(folder, "key"))
        return Changed(
            rounds, changes, unread, contradicting + len(faults_of(folder)), int(look(folder) != "")
        )


def say(folder: LogFolder, *users: str) -> list[str]:
    """Append a call of each user; return the ids."""
    log = log_of(folder)
    ids = [
        log.append_with(sample_record(), Content(answer=f"told <{one}>", user=one)).record
        for one in users
    ]
    log.close()
    return ids


def answers(folder: LogFolder, ids: list[str]) -> list[str]:
    """Return the answers of records, opened."""
    known = {leaf["id"]: leaf for leaf in leaves(folder, "call")}
    opener = Opener(folder)
    try:
        return [open_disclosure(opener.open(known[id])["answer"], known[id])[1] for id in ids]
    finally:
        opener.close()


def rotated(folder: LogFolder) -> Rotated:
    """Change the master key."""
    with registrar(folder) as by:
        return rotate_master(by)


def signs_anew(folder: LogFolder) -> VerifierKey:
    """Change the signing key."""
    with holding(folder) as store:
        return rotate_signing(folder, store).public


def look(folder: LogFolder) -> str:
    """Return what `doctor` says of keys; nothing where all is well."""
    (found,) = [one for one in examine(folder) if one.name == "keys"]
    return "" if found.well else found.told


def killed(work: Callable[[], object], after: float | None = None) -> None:
    """Do `work` in a process that is killed: by itself, or `after` some seconds."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(1)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def _again(folder: LogFolder, change: Callable[[LogFolder], object]) -> None:
    while True:
        change(folder)


def _unread(folder: LogFolder, ids: list[str]) -> int:
    try:
        return sum(
            one != f"told <{user}>" for one, user in zip(answers(folder, ids), USERS, strict=True)
        )
    except LogError:
        return len(ids)
