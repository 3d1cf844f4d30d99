"""Has one process at a time write a folder beside the log: an archive, or what is served."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chopmark import LogError


@contextmanager
def alone(path: Path, flags: int, busy: str) -> Iterator[None]:
    """Hold the lock of `path`, opened with `flags`, while the block runs.

    Raises:
        LogError: another process holds it; `busy` is what is said then.
    """
    lock = os.open(path, flags | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LogError(busy) from None
        yield
    finally:
        os.close(lock)
