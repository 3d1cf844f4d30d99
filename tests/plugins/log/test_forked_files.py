"""A fork while other threads are at files of SQLite leaves a child that can open them, too."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from chopmark.stores import SQLiteStore
from chopmark_log._sqlite import SqliteFile

if sys.platform == "win32":
    pytest.skip("no fork", allow_module_level=True)

from tests.sdk.forks import in_child

TABLE = "CREATE TABLE meta (key, value)"


def opened(path: Path) -> None:
    """Open the file as the log does."""
    file = SqliteFile(path, writing=True)
    with file.transaction():
        file.rows("INSERT INTO meta VALUES (1, 2)")
    file.close()


def made(path: Path) -> None:
    """Make another one."""
    other = path.with_name(f"{threading.get_ident()}-{os.getpid()}")
    SqliteFile.create(other, TABLE)
    other.unlink()


def dropped(path: Path) -> None:
    """Open it, and leave it to the collector."""
    SqliteFile(path).rows("SELECT * FROM meta LIMIT 1")


def kept(path: Path) -> None:
    """Keep something as a plugin does."""
    store = SQLiteStore(path.with_name("kept.db"), timeout=10)
    store.update("key", lambda _: b"value")
    store.close()


@contextlib.contextmanager
def at_work(task: Callable[[Path], None], path: Path, threads: int) -> Iterator[None]:
    done = threading.Event()

    def again() -> None:
        while not done.is_set():
            task(path)

    workers = [threading.Thread(target=again) for _ in range(threads)]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        done.set()
        for worker in workers:
            worker.join()


@pytest.mark.parametrize("task", [opened, made, dropped, kept])
def test_a_child_is_never_left_with_what_a_thread_of_its_parent_holds(
    tmp_path: Path, task: Callable[[Path], None]
) -> None:
    path = tmp_path / "file"
    SqliteFile.create(path, TABLE)
    with at_work(task, path, 2):
        for _ in range(8):
            assert in_child(partial(task, path)) == 0
