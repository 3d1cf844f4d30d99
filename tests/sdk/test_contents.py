"""A log that asks for the content of a call gets it with the record, and no other log does."""

from __future__ import annotations

from typing import Any

import pytest

from chopmark import (
    Chopmark,
    Content,
    LogError,
    Message,
    PluginError,
    Policy,
    Receipt,
    Record,
    calling,
)
from chopmark.policy import OnError
from chopmark.testing import MemoryLog, WordDetector, plugin


class KeepingLog(MemoryLog):
    """Keeps contents, unless `broken`."""

    takes_content = True

    def __init__(self) -> None:
        super().__init__()
        self.contents: list[Content] = []
        self.broken = False

    def append(self, record: Record) -> Receipt:
        raise AssertionError("it asked for the content")

    def append_with(self, record: Record, content: Content) -> Receipt:
        if self.broken:
            raise OSError("no space left on device")
        self.contents.append(content)
        return super().append(record)


def make(log: Any, **brought: Any) -> Chopmark:
    policy = Policy(name="p", on_error=OnError(log="allow"))
    return Chopmark(policy, plugins=[plugin(log=log, **brought)])


def test_it_gets_what_was_asked_and_what_was_answered() -> None:
    log, seen = KeepingLog(), list[Any]()
    chop = make(log, detectors=[WordDetector({"secret": "modify"}, replacement="***")])

    @chop.guard(on_response=seen.append)
    def answer(prompt: str) -> str:
        return f"a secret for {prompt}"

    with calling(user="anna"):
        answer("me")
    asked = (Message(role="user", text="me"),)
    assert log.contents == [Content(messages=asked, answer="a *** for me", user="anna")]
    assert seen[0].receipt.salt == ""
    assert "anna" not in repr(log.contents[0])


async def test_it_gets_the_same_where_the_call_is_awaited() -> None:
    log = KeepingLog()
    log.blocking = True

    @make(log).guard
    async def answer(prompt: str) -> str:
        return "yes"

    await answer("well?")
    assert [(one.messages[0].text, one.answer) for one in log.contents] == [("well?", "yes")]


def test_what_it_could_not_take_is_given_again_with_its_content() -> None:
    log = KeepingLog()

    @make(log).guard
    def answer(prompt: str) -> str:
        return prompt

    log.broken = True
    answer("one")
    log.broken = False
    answer("two")
    assert [one.answer for one in log.contents] == ["one", "two"]
    assert [record.failures != () for record in log.records] == [True, False]


def test_a_log_that_asks_for_what_it_cannot_take_is_named() -> None:
    log = MemoryLog()
    log.takes_content = True  # type: ignore[attr-defined]
    with pytest.raises(PluginError, match="append_with"):
        make(log)


def test_a_failure_of_it_fails_the_call_where_the_policy_says_so() -> None:
    log = KeepingLog()
    log.broken = True
    chop = Chopmark(Policy(name="p"), plugins=[plugin(log=log)])

    @chop.guard
    def answer(prompt: str) -> str:
        return prompt

    with pytest.raises(LogError, match="no space"):
        answer("one")
