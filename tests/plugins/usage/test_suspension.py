"""Who asks for what is stopped three times in a row, or five times a day, is suspended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chopmark import Chopmark, Policy, PolicyBlocked, RequestError, Rules, calling
from chopmark.policy import OnError
from chopmark.stores import SQLiteStore, StoreError
from chopmark.testing import MemoryLog, WordDetector, plugin
from chopmark_usage import UsageLimits

Make = Callable[..., Any]
HOUR = 3600.0


def test_three_in_a_row_suspend(make: Make, log: MemoryLog) -> None:
    service = make()
    service.say("bad", "bad")
    assert service.last.metadata["usage"]["in_a_row"] == 2
    service.say("bad")
    told = service.say("hello")
    assert service.last.action == "block"
    assert "suspended for you until 2024-11-25 12:00" in told
    assert [v.category for v in log.records[-1].verdicts] == ["usage.suspended"]


def test_a_good_question_in_between_begins_a_new_row(make: Make) -> None:
    service = make(a_day=0)
    service.say(*["bad", "bad", "hello"] * 5)
    assert service.last.action == "allow"


def test_five_in_a_day_suspend(make: Make) -> None:
    service = make()
    service.say(*["bad", "hello"] * 4)
    assert service.last.action == "allow"
    service.say("bad")
    assert service.say("hello", locale="zh-CN").endswith("至 2024-11-25 12:00 恢复。")


def test_a_day_begins_at_midnight_where_the_service_is(make: Make, clock: Any) -> None:
    service = make()
    clock.now += 11.9 * HOUR
    service.say(*["bad", "hello"] * 4)
    clock.now += 0.2 * HOUR
    service.say("bad", "hello")
    assert service.last.metadata["usage"]["today"] == 1
    assert service.last.action == "allow"


def test_a_suspension_ends_and_what_was_counted_begins_anew(make: Make, clock: Any) -> None:
    service = make(suspend_hours=2)
    service.say("bad", "bad", "bad")
    clock.now += 2 * HOUR - 1
    service.say("hello")
    assert service.last.action == "block"
    clock.now += 1
    service.say("bad", "hello")
    assert service.last.action == "allow"
    assert service.last.metadata["usage"]["today"] == 1


def test_a_suspension_may_have_no_end(make: Make, clock: Any) -> None:
    service = make(suspend_hours=0)
    service.say("bad", "bad", "bad")
    clock.now += 9 * 366 * 24 * HOUR
    assert service.say("hello").endswith("It is suspended for you.")


def test_users_are_apart_and_who_is_not_named_is_not_counted(make: Make) -> None:
    service = make()
    service.say("bad", "bad", "bad", user="a")
    service.say("hello", user="b")
    assert service.last.action == "allow"
    service.say("bad", "bad", "bad", "hello", user="")
    assert service.last.action == "allow"
    assert "usage" not in service.last.metadata


def test_a_call_without_a_user_is_an_error_where_one_is_required(make: Make) -> None:
    with pytest.raises(RequestError, match=r'calling\(user="..."\)'):
        make(required=True).say("hello", user="")


def test_personal_data_is_no_strike_and_neither_is_what_the_policy_lets_go(make: Make) -> None:
    service = make(policy=Policy(name="p", rules=Rules(both={"word": "warn"})))
    service.say("mail", "mail", "mail", "bad", "bad", "bad", "hello")
    assert service.last.action == "allow"
    service = make(ignore=["word"])
    service.say("bad", "bad", "bad", "hello")
    assert service.last.action == "allow"


def test_what_a_tool_says_is_nothing_that_the_user_did(make: Make) -> None:
    service = make()
    call = {"role": "assistant", "content": "", "tool_calls": []}
    tool = {"role": "tool", "content": "bad", "tool_call_id": "1"}
    asked = [{"role": "user", "content": "look it up"}, call, tool]
    service.say(asked, asked, asked)
    assert service.last.action == "block"
    service.say("hello")
    assert service.last.action == "allow"


def test_what_was_said_before_the_last_answer_was_counted_already(make: Make) -> None:
    service = make()
    old = [{"role": "user", "content": "bad"}, {"role": "assistant", "content": "no"}]
    for _ in range(4):
        service.say([*old, {"role": "user", "content": "hello"}])
    assert service.last.metadata["usage"]["in_a_row"] == 0


class Broken:
    """A store that fails to read, or to write."""

    blocking = False

    def __init__(self, broken: str) -> None:
        self.broken = broken

    def load(self, key: str) -> bytes | None:
        if self.broken == "load":
            raise OSError("the disk is gone")
        return None

    def update(self, key: str, change: Any) -> bytes:
        if self.broken == "update":
            raise OSError("the disk is gone")
        kept: bytes = change(None)
        return kept

    def close(self) -> None:
        """Nothing is held."""


def test_a_store_that_cannot_be_read_fails_closed(make: Make, log: MemoryLog) -> None:
    make(store=Broken("load")).say("hello")
    assert log.records[-1].action == "block"
    assert not log.records[-1].judged


def test_a_store_that_cannot_be_written_fails_the_call(make: Make) -> None:
    with pytest.raises(StoreError, match="'usage' could not write what it keeps: Broken: OSError"):
        make(store=Broken("update")).say("hello")


@pytest.mark.parametrize("broken", ["load", "update"])
def test_the_policy_may_let_calls_go_on_without_a_store(make: Make, broken: str) -> None:
    policy = Policy(name="p", on_error=OnError(detector="allow"))
    service = make(store=Broken(broken), policy=policy)
    assert service.say("hello") == "fine"
    assert ("usage" in service.last.metadata) is (broken == "load")  # nothing is made up


def test_no_content_and_no_id_is_in_the_file(make: Make, tmp_path: Any) -> None:
    store = SQLiteStore(tmp_path / "usage.db")
    make(store=store).say("QUESTIONCANARY bad", user="USERCANARY")
    store.close()
    assert b"CANARY" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


async def test_streams_and_async_calls_count(make: Make, clock: Any, log: MemoryLog) -> None:
    words = plugin(detectors=[WordDetector({"bad": "deny"})], log=log)
    chop = Chopmark(Policy(name="p"), plugins=[UsageLimits(clock=clock), words])

    @chop.guard
    async def ask(prompt: str) -> str:
        return "fine"

    @chop.guard
    async def stream(prompt: str) -> Any:
        yield "fine"

    with calling(user="u"):
        for prompt in ("bad", "bad"):
            with pytest.raises(PolicyBlocked):
                await ask(prompt)
        with pytest.raises(PolicyBlocked):
            [piece async for piece in stream("bad")]
        with pytest.raises(PolicyBlocked, match="suspended for you"):
            await ask("hello")
