"""What plugins keep between calls: no update is lost, in threads, processes and forks."""

from __future__ import annotations

import gc
import multiprocessing
import pickle
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from chopmark import Policy, PolicyError
from chopmark.options import Table
from chopmark.stores import MemoryStore, PerPolicy, SQLiteStore, Store, open_store
from chopmark.testing import StoreContract

KEY = "a" * 32


class TestMemoryStore(StoreContract):
    lasting = False

    def make(self, folder: Path) -> Store:
        return MemoryStore()


class TestSQLiteStore(StoreContract):
    def make(self, folder: Path) -> Store:
        return SQLiteStore(folder / "kept.db")


def more(kept: bytes | None) -> bytes:
    return b"%d" % (int(kept or b"0") + 1)


def test_memory_keeps_the_last_used_up_to_its_bound() -> None:
    store = MemoryStore(3)
    for key in "abc":
        store.update(key, more)
    assert store.load("a")
    store.update("d", more)
    assert [key for key in "abcd" if store.load(key)] == ["a", "c", "d"]


def count(path: Path, times: int) -> None:
    store = SQLiteStore(path, timeout=20)
    for _ in range(times):
        store.update(KEY, more)
    store.close()


def test_processes_lose_no_update(tmp_path: Path) -> None:
    path = tmp_path / "kept.db"
    spawn = multiprocessing.get_context("spawn")
    children = [spawn.Process(target=count, args=(path, 200)) for _ in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert SQLiteStore(path).load(KEY) == b"600"


def read_in_child(store: SQLiteStore, queue: Any) -> None:
    store.update(KEY, more)
    queue.put(store.load(KEY))
    store.close()


def test_a_forked_process_opens_the_file_for_itself(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "kept.db")
    store.update(KEY, more)
    fork = multiprocessing.get_context("fork")
    queue = fork.Queue()
    child = fork.Process(target=read_in_child, args=(store, queue))
    child.start()
    assert queue.get(timeout=120) == b"2"
    child.join(120)
    assert store.load(KEY) == b"2"
    assert store.update(KEY, more) == b"3"


def test_a_pickled_store_goes_on_with_the_same_file(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "kept.db")
    store.update(KEY, more)
    again = pickle.loads(pickle.dumps(store))
    assert again.load(KEY) == b"1"
    assert pickle.loads(pickle.dumps(MemoryStore(5)))._most == 5


def test_a_reader_never_waits_and_a_writer_not_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "kept.db"
    store = SQLiteStore(path, timeout=0.1)
    store.update(KEY, more)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    started = time.monotonic()
    assert store.load(KEY) == b"1"
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        store.update(KEY, more)
    assert time.monotonic() - started < 4  # and not the five seconds that SQLite waits by itself
    other.execute("ROLLBACK")
    other.close()
    assert store.update(KEY, more) == b"2"


def test_what_was_not_updated_for_too_long_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chopmark.stores._sqlite.FORGET_EVERY", 2)
    clock = iter((1000.0, 1050.0, 1101.0))
    monkeypatch.setattr("chopmark.stores._sqlite.time.time", lambda: next(clock))
    store = SQLiteStore(tmp_path / "kept.db", keep_seconds=100)
    store.update("old", more)
    store.update("new", more)
    store.update("new", more)
    assert store.load("old") is None
    assert store.load("new") == b"2"


def test_a_file_that_is_no_database_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "kept.db").write_bytes(b"this is not a database " * 100)
    store = SQLiteStore(tmp_path / "kept.db")
    with pytest.raises(sqlite3.DatabaseError):
        store.load(KEY)


WRONG = {
    "store": "redis2", "most": 0, "timeout": -1, "path": "here.db",
}  # fmt: skip


@pytest.mark.parametrize("key", WRONG)
def test_a_wrong_option_is_named_with_its_cure(key: str, tmp_path: Path) -> None:
    given = Table("usage", {key: WRONG[key]}, tmp_path)
    with pytest.raises(PolicyError, match=f"plugin 'usage', option '{key}'.*: (write|is for)"):
        open_store(given, keep_seconds=1)


def test_a_file_lies_in_the_folder_of_the_policy_which_must_be_there(tmp_path: Path) -> None:
    given = Table("usage", {"store": "sqlite", "path": "kept.db"}, tmp_path)
    store = open_store(given, keep_seconds=1)
    store.update(KEY, more)
    assert (tmp_path / "kept.db").exists()
    with pytest.raises(PolicyError, match=r"make it: .*nowhere"):
        open_store(Table("usage", given.data, tmp_path / "nowhere"), keep_seconds=1)


class Made:
    """Something that a plugin's hooks share."""

    def __init__(self, policy: Policy) -> None:
        self.name = policy.name


def test_the_hooks_of_a_plugin_share_one_thing_for_each_policy_object() -> None:
    shared = PerPolicy(Made)
    one, two = Policy(name="p"), Policy(name="p")
    kept = shared.of(one)
    assert shared.of(one) is kept
    assert shared.of(two) is not kept


def test_what_nobody_uses_any_more_goes_with_its_policy() -> None:
    shared = PerPolicy(Made)
    for n in range(100):
        assert shared.of(Policy(name=str(n))).name == str(n)
    gc.collect()
    assert len(shared._known) == 0


def test_a_policy_lives_as_long_as_what_belongs_to_it() -> None:
    shared = PerPolicy(Made)
    kept = [shared.of(Policy(name=str(n))) for n in range(100)]
    assert [made.name for made in kept] == [str(n) for n in range(100)]
    assert len(shared._known) == 100
