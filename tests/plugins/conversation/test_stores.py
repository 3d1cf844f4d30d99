"""The stores keep two numbers for a conversation, no content, and lose no update."""

from __future__ import annotations

import multiprocessing
import pickle
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from chopmark import calling
from chopmark_conversation import MemoryStore, SQLiteStore, State, Store
from chopmark_conversation.testing import StoreContract

KEY = "a" * 32


class TestMemoryStore(StoreContract):
    lasting = False

    def make(self, folder: Path) -> Store:
        return MemoryStore()


class TestSQLiteStore(StoreContract):
    def make(self, folder: Path) -> Store:
        return SQLiteStore(folder / "risk.db")


def more(state: State | None) -> State:
    return State(0.5, 1.0 if state is None else state.at + 1.0)


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
    path = tmp_path / "risk.db"
    spawn = multiprocessing.get_context("spawn")
    children = [spawn.Process(target=count, args=(path, 200)) for _ in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert SQLiteStore(path).load(KEY) == State(0.5, 600.0)


def read_in_child(store: SQLiteStore, queue: Any) -> None:
    store.update(KEY, more)
    queue.put(store.load(KEY))
    store.close()


def test_a_forked_process_opens_the_file_for_itself(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "risk.db")
    store.update(KEY, more)
    fork = multiprocessing.get_context("fork")
    queue = fork.Queue()
    child = fork.Process(target=read_in_child, args=(store, queue))
    child.start()
    assert queue.get(timeout=20) == State(0.5, 2.0)
    child.join(20)
    assert store.load(KEY) == State(0.5, 2.0)
    assert store.update(KEY, more) == State(0.5, 3.0)


def test_a_pickled_store_goes_on_with_the_same_file(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "risk.db")
    store.update(KEY, more)
    again = pickle.loads(pickle.dumps(store))
    assert again.load(KEY) == State(0.5, 1.0)
    assert pickle.loads(pickle.dumps(MemoryStore(5)))._most == 5


def test_a_reader_never_waits_and_a_writer_not_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "risk.db"
    store = SQLiteStore(path, timeout=0.1)
    store.update(KEY, more)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    started = time.monotonic()
    assert store.load(KEY) == State(0.5, 1.0)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        store.update(KEY, more)
    assert time.monotonic() - started < 2
    other.execute("ROLLBACK")
    other.close()
    assert store.update(KEY, more) == State(0.5, 2.0)


def test_what_is_too_old_to_matter_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chopmark_conversation._sqlite.FORGET_EVERY", 2)
    store = SQLiteStore(tmp_path / "risk.db", keep_seconds=100)
    store.update("old", lambda state: State(0.5, 1000.0))
    for now in (1050.0, 1101.0):
        store.update("new", lambda state, now=now: State(0.5, now))
    assert store.load("old") is None
    assert store.load("new") == State(0.5, 1101.0)


def test_a_file_that_is_no_database_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "risk.db").write_bytes(b"this is not a database " * 100)
    store = SQLiteStore(tmp_path / "risk.db")
    with pytest.raises(sqlite3.DatabaseError):
        store.load(KEY)


def test_no_content_and_no_id_is_in_the_file(tmp_path: Path, make: Any, chat: Any) -> None:
    store = SQLiteStore(tmp_path / "risk.db")
    chat = type(chat)(make(store=store), user="USERCANARY", metadata={"conversation": "IDCANARY"})
    chat.reply = "ANSWERCANARY risk=0.6"
    chat.say("QUESTIONCANARY risk=0.6", "again")
    store.close()
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"CANARY" not in stored
    rows = sqlite3.connect(tmp_path / "risk.db")
    assert rows.execute("SELECT count(*), min(length(key)) FROM conversations").fetchone() == (
        1,
        32,
    )
    rows.close()


async def test_a_blocking_store_is_asked_in_a_thread(tmp_path: Path, make: Any) -> None:
    import threading

    asked: list[bool] = []

    class Watched(SQLiteStore):
        def load(self, key: str) -> State | None:
            asked.append(threading.current_thread() is threading.main_thread())
            return super().load(key)

    chop = make(store=Watched(tmp_path / "risk.db"))

    @chop.guard
    async def answer(prompt: str) -> str:
        return "fine"

    with calling(metadata={"conversation": "c"}):
        assert await answer("hello") == "fine"
    assert asked == [False]
