"""A lock of a file between processes, of which a child of a fork has nothing.

A fork copies an open file, and the lock belongs to all copies: one that a child kept would hold it
for as long as the child lives, and the child itself would wait for it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from chopmark.forking import WHOLE

_HELD: set[int] = set()


def opened(path: Path, flags: int = os.O_RDWR | os.O_CREAT) -> int:
    """Open the file whose lock `held` is to hold.

    Raises:
        OSError: it cannot be opened.
    """
    with WHOLE.lock:
        file = os.open(path, flags | os.O_CLOEXEC, 0o600)
        _HELD.add(file)
    return file


@contextlib.contextmanager
def held(file: int, *, wait: bool = True) -> Iterator[bool]:
    """Hold the lock while the block runs, then close `file`; yield whether it could be had.

    Args:
        file: what `opened` returned.
        wait: whether to wait for another process that has it.
    """
    pid = os.getpid()
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        try:
            yield True
        finally:
            if os.getpid() == pid:  # a child that was forked in between has a copy of it
                fcntl.flock(file, fcntl.LOCK_UN)
    finally:
        if file in _HELD:
            _HELD.discard(file)
            os.close(file)


def _let_go() -> None:
    while _HELD:
        os.close(_HELD.pop())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)
