"""What a store keeps of a conversation: two numbers, no content, asked for in a thread."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from chopmark import calling
from chopmark.stores import SQLiteStore


def test_no_content_and_no_id_is_in_the_file(tmp_path: Path, make: Any, chat: Any) -> None:
    store = SQLiteStore(tmp_path / "risk.db")
    chat = type(chat)(make(store=store), user="USERCANARY", metadata={"conversation": "IDCANARY"})
    chat.reply = "ANSWERCANARY risk=0.6"
    chat.say("QUESTIONCANARY risk=0.6", "again")
    store.close()
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"CANARY" not in stored
    rows = sqlite3.connect(tmp_path / "risk.db")
    assert rows.execute("SELECT count(*), min(length(key)) FROM kept").fetchone() == (
        1,
        32,
    )
    rows.close()


async def test_a_blocking_store_is_asked_in_a_thread(tmp_path: Path, make: Any) -> None:
    import threading

    asked: list[bool] = []

    class Watched(SQLiteStore):
        def load(self, key: str) -> bytes | None:
            asked.append(threading.current_thread() is threading.main_thread())
            return super().load(key)

    chop = make(store=Watched(tmp_path / "risk.db"))

    @chop.guard
    async def answer(prompt: str) -> str:
        return "fine"

    with calling(metadata={"conversation": "c"}):
        assert await answer("hello") == "fine"
    assert asked == [False]


def test_machines_that_share_a_server_follow_one_conversation(make: Any, chat: Any) -> None:
    from tests.sdk.redis_server import serving

    with serving() as server:
        first, second = (type(chat)(make(store=server.url)) for _ in range(2))
        first.say("risk=0.6")
        before = first.risk
        second.say("risk=0.6")
        assert second.risk > before
        assert first.say(*["risk=0.75"] * 4) == "block"
        assert second.say("hello") == "block"
