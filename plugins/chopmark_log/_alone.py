"""Has one process at a time write a folder beside the log: an archive, or what is served."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chopmark import LogError

from ._flock import held, opened


@contextmanager
def alone(path: Path, flags: int, busy: str) -> Iterator[None]:
    """Hold the lock of `path`, opened with `flags`, while the block runs.

    Raises:
        LogError: another process holds it; `busy` is what is said then.
    """
    with held(opened(path, flags), wait=False) as mine:
        if not mine:
            raise LogError(busy)
        yield
