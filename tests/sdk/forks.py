"""Runs something in the child of a fork, and kills a child that does not end."""

from __future__ import annotations

import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from chopmark.forking import WHOLE

PATIENCE = 120.0


def in_child(task: Callable[[], object]) -> int | None:
    """Return the exit status of a child that does `task`, None for one that had to be killed."""
    child = os.fork()
    if not child:
        status = 1
        try:
            task()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    return ended(child)


def ended(child: int) -> int | None:
    """Return the exit status of a child, None for one that had to be killed."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return status
        time.sleep(0.001)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


@contextmanager
def held(lock: AbstractContextManager[object], seconds: float = 0.1) -> Iterator[None]:
    """Have another thread hold `lock` from when the block begins, for so long."""
    inside = threading.Event()

    def hold() -> None:
        with WHOLE.lock, lock:
            inside.set()
            time.sleep(seconds)

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait(PATIENCE)
    try:
        yield
    finally:
        thread.join()
