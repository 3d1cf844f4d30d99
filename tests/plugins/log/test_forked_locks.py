"""A lock of the log that a process had when it forked is not the child's, who may want it, too."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

if sys.platform == "win32":
    pytest.skip("no fork", allow_module_level=True)

from tests.sdk.forks import PATIENCE, ended, held

from chopmark_log._alone import alone
from chopmark_log._flock import held as locked
from chopmark_log._flock import opened
from chopmark_log._folder import LogFolder
from chopmark_log._integrate import integrating
from chopmark_log._keyring import ensure
from chopmark_log._master import make_master
from chopmark_log._segments import Segments

Lock = Callable[[LogFolder], AbstractContextManager[object]]
LOCKS: dict[str, Lock] = {
    "integrating": integrating,
    "alone": lambda folder: alone(folder.path / "a.lock", os.O_RDWR | os.O_CREAT, "busy"),
    "writing": lambda folder: Segments(folder.path / "find").writing(),
    "locked": lambda folder: locked(opened(folder.path / "b.lock")),
}


def forked_amid(at: AbstractContextManager[object], task: Callable[[], object]) -> None:
    """Have a child, forked while another thread is `at` something, do `task` when that left."""
    ready, go = os.pipe()
    with held(at):
        child = os.fork()
        if not child:
            status = 1
            try:
                os.read(ready, 1)
                task()
                status = 0
            finally:
                os._exit(status)
    os.write(go, b"!")
    os.close(ready)
    os.close(go)
    assert ended(child) == 0


@pytest.mark.parametrize("name", LOCKS)
def test_a_child_takes_the_lock_that_was_held_at_the_fork(folder: LogFolder, name: str) -> None:
    def take() -> None:
        with LOCKS[name](folder) as mine:
            assert mine in {None, True}

    forked_amid(LOCKS[name](folder), take)


def test_a_child_makes_what_its_parent_was_making_for_contents(
    folder: LogFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    making = threading.Event()

    def slowly(where: LogFolder) -> None:
        making.set()
        time.sleep(0.1)
        make_master(where)

    monkeypatch.setattr("chopmark_log._keyring.make_master", slowly)
    thread = threading.Thread(target=ensure, args=(folder,))
    thread.start()
    assert making.wait(PATIENCE)
    child = os.fork()
    if not child:
        status = 1
        try:
            ensure(folder)
            status = 0
        finally:
            os._exit(status)
    thread.join()
    assert ended(child) == 0
