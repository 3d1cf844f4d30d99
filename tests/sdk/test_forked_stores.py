"""What is kept, and what waits for the log, over a fork: not lost, not doubled, not waited for."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from chopmark import ChopmarkError, LogError, Policy, forking
from chopmark._unrecorded import Unrecorded
from chopmark.private_base import Form, PrivateBase
from chopmark.stores import MemoryStore, PerPolicy, SQLiteStore
from chopmark.testing import sample_record

if sys.platform == "win32":
    pytest.skip("no fork", allow_module_level=True)

from tests.sdk.forks import ended, held, in_child

FORM = Form(
    what="the file", of="numbers", error=ChopmarkError, tables="CREATE TABLE kept (value)",
    number=1, pragmas=["journal_mode = WAL"], make="make its folder", other="name another one",
)  # fmt: skip


class Numbers:
    """A file that keeps numbers."""

    def __init__(self, path: Path, timeout: float = 10.0) -> None:
        self.base = PrivateBase(path, FORM, timeout=timeout)

    def put(self, number: int) -> None:
        self.base.rows("INSERT INTO kept VALUES (?)", number)

    def close(self) -> None:
        self.base.close()


class Keys:
    """The same in a store."""

    def __init__(self, path: Path) -> None:
        self.store = SQLiteStore(path)

    def put(self, number: int) -> None:
        self.store.update(f"{number}", lambda _: b"")

    def close(self) -> None:
        self.store.close()


@pytest.mark.parametrize("kind", [Numbers, Keys])
def test_what_a_child_writes_is_there_also_where_its_parent_closed_the_file_meanwhile(
    tmp_path: Path, kind: Callable[[Path], Numbers | Keys]
) -> None:
    path = tmp_path / "kept.db"
    file = kind(path)
    file.put(1)
    (open_there, opened), (closed, close_here) = os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        status = 1
        try:
            file.put(2)
            os.write(opened, b"!")
            os.read(closed, 1)
            file.put(3)
            status = 0
        finally:
            os._exit(status)
    assert os.read(open_there, 1) == b"!"
    file.close()
    os.write(close_here, b"!")
    assert ended(child) == 0
    for end in (open_there, opened, closed, close_here):
        os.close(end)
    base = sqlite3.connect(path)
    assert base.execute("SELECT count(*) FROM kept").fetchone() == (3,)
    base.close()


def test_a_child_uses_what_its_parent_was_in_the_midst_of_changing(tmp_path: Path) -> None:
    file = Numbers(tmp_path / "kept.db")
    with held(file.base.transaction()):
        assert in_child(lambda: file.put(2)) == 0
    assert file.base.rows("SELECT value FROM kept") == [(2,)]
    file.close()


def test_a_child_of_a_fork_that_waited_in_vain_is_told_and_does_not_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forking, "PATIENCE", 0.02)
    file = Numbers(tmp_path / "kept.db", timeout=0.02)

    def refused() -> None:
        assert file.base.rows("SELECT count(*) FROM kept") == [(0,)]
        with pytest.raises(ChopmarkError, match="locked"):
            file.put(2)

    with held(file.base.transaction(), 0.5):
        assert in_child(refused) == 0
    file.put(1)
    file.close()


def test_no_child_waits_for_a_thread_of_its_parent() -> None:
    store, policy, late = MemoryStore(), Policy(name="p"), Unrecorded()
    made = PerPolicy(lambda _: MemoryStore())
    with held(store._lock):
        assert in_child(lambda: store.update("key", lambda _: b"value")) == 0
    with held(made._lock):
        assert in_child(lambda: made.of(policy)) == 0
    with held(late._lock):
        assert in_child(late.take) == 0


def test_a_record_that_waits_for_the_log_is_its_parents_to_record() -> None:
    late, record = Unrecorded(), sample_record()
    late.keep(record, LogError("it is full"), "block")

    def forgot() -> None:
        assert late.take() is None

    assert in_child(forgot) == 0
    taken = late.take()
    assert taken is not None
    assert taken[0].id == record.id


@pytest.mark.parametrize("kind", [Numbers, Keys])
def test_who_is_dropped_closes_the_file_without_the_collector(
    tmp_path: Path, kind: Callable[[Path], Numbers | Keys]
) -> None:
    path = tmp_path / "kept.db"
    kept = kind(path)
    kept.put(1)
    assert path.with_name("kept.db-wal").exists()
    del kept
    assert not path.with_name("kept.db-wal").exists()
