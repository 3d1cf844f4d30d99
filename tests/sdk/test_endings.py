"""However a call ends, exactly one record says so."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import anyio
import pytest
import trio

from chopmark import (
    Chopmark,
    LogError,
    MarkError,
    Needs,
    OnError,
    Policy,
    PolicyBlocked,
    Receipt,
    Record,
)
from chopmark.testing import BrokenDetector, BrokenLog, MemoryLog, SuffixMarker, plugin


def make(log: MemoryLog, **parts: Any) -> Chopmark:
    on_error = parts.pop("on_error", OnError())
    policy = Policy(name="endings", on_error=on_error)
    return Chopmark(policy, plugins=[plugin(log=log, **parts)])


def endings(log: MemoryLog) -> list[tuple[str, int]]:
    return [(record.ending, record.answer.characters) for record in log.records]


class SlowLog(MemoryLog):
    """A log that takes a moment, so that a cancellation can arrive while it works."""

    def __init__(self) -> None:
        super().__init__(blocking=True)

    def append(self, record: Record) -> Receipt:
        threading.Event().wait(0.05)
        return super().append(record)


def endless(chop: Chopmark) -> Callable[[str], AsyncIterator[str]]:
    @chop.guard
    async def answer(prompt: str) -> AsyncIterator[str]:
        yield "12345"
        while True:
            await anyio.sleep(3600)
            yield "never"

    return answer


async def test_a_cancelled_task_is_recorded_on_asyncio() -> None:
    log = SlowLog()
    answer = endless(make(log))
    started = asyncio.Event()

    async def read() -> None:
        async for _ in answer("q"):
            started.set()

    task = asyncio.create_task(read())
    await started.wait()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert endings(log) == [("cancelled", 5)]


def test_a_cancelled_scope_is_recorded_on_trio() -> None:
    log = SlowLog()
    answer = endless(make(log))

    async def main() -> None:
        with trio.move_on_after(0.05) as scope:
            async for _ in answer("q"):
                pass
        assert scope.cancelled_caught

    trio.run(main)
    assert endings(log) == [("cancelled", 5)]


def test_a_time_out_of_a_plain_answer_is_recorded_on_trio() -> None:
    log = SlowLog()

    @make(log).guard
    async def answer(prompt: str) -> str:
        await trio.sleep(3600)
        return "never"

    async def main() -> None:
        with trio.move_on_after(0.05):
            await answer("q")

    trio.run(main)
    assert endings(log) == [("cancelled", 0)]


async def test_a_second_cancellation_does_not_lose_the_record() -> None:
    log = SlowLog()
    answer = endless(make(log))
    started = asyncio.Event()

    async def read() -> None:
        async for _ in answer("q"):
            started.set()

    task = asyncio.create_task(read())
    await started.wait()
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0.1)
    assert [ending for ending, _ in endings(log)] == ["cancelled"]


def test_a_keyboard_interrupt_is_recorded() -> None:
    log = MemoryLog()

    @make(log).guard
    def answer(prompt: str) -> Iterator[str]:
        yield "abc"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(answer("q"))
    assert endings(log) == [("model_error", 3)]


def test_a_detector_that_breaks_blocks_what_it_could_not_judge() -> None:
    log = MemoryLog()
    chop = make(log, detectors=[BrokenDetector("x")])

    @chop.guard
    def answer(prompt: str) -> Iterator[str]:
        yield "fine, "
        yield "x"
        yield "more"

    got = []
    with pytest.raises(PolicyBlocked) as blocked:
        got.extend(answer("q"))
    assert not blocked.value.judged
    (record,) = log.records
    assert (record.action, record.ending, record.judged) == ("block", "blocked", False)
    assert [(f.role, f.name, f.error, f.handled) for f in record.failures] == [
        ("detector", "broken", "RuntimeError", "block")
    ]


@pytest.mark.parametrize("needs", [Needs.window(3), Needs.clause(), Needs.whole()])
def test_what_a_detector_broke_on_stays_inside(needs: Needs) -> None:
    log = MemoryLog()
    chop = make(log, detectors=[BrokenDetector("x", needs=needs)])

    @chop.guard
    def answer(prompt: str) -> Iterator[str]:
        yield from ("secre", "t x", " more")

    got: list[str] = []
    with pytest.raises(PolicyBlocked):
        got.extend(answer("q"))
    assert "t x" not in "".join(got)
    assert [f.error for f in log.records[0].failures] == ["RuntimeError"]


def test_a_detector_that_breaks_may_be_allowed_to_and_the_record_says_so() -> None:
    log = MemoryLog()
    chop = make(log, detectors=[BrokenDetector("x")], on_error=OnError(detector="allow"))

    @chop.guard
    def answer(prompt: str) -> str:
        return "fine, x, more"

    assert answer("q") == "fine, x, more"
    (record,) = log.records
    assert [f.handled for f in record.failures] == ["allow"]
    assert record.judged


def test_a_marker_that_breaks_stops_the_answer() -> None:
    log = MemoryLog()

    @make(log, markers=[SuffixMarker("a", fail=True)]).guard
    def answer(prompt: str) -> str:
        return "unmarked"

    with pytest.raises(MarkError, match=r"on_error\.marker"):
        answer("q")
    (record,) = log.records
    assert (record.action, record.ending, record.answer.characters) == ("block", "mark_error", 0)
    assert [(m.placed, m.reason) for m in record.marks] == [
        (False, "the marker broke: RuntimeError")
    ]


def test_a_marker_that_breaks_may_be_allowed_to() -> None:
    log = MemoryLog()
    marker = SuffixMarker("a", fail=True)

    @make(log, markers=[marker], on_error=OnError(marker="allow")).guard
    def answer(prompt: str) -> str:
        return "unmarked"

    assert answer("q") == "unmarked"
    assert [m.placed for m in log.records[0].marks] == [False]


def test_a_log_that_fails_may_be_allowed_to_and_its_record_comes_with_the_next_call() -> None:
    log = BrokenLog()

    @make(log, on_error=OnError(log="allow")).guard
    def answer(prompt: str) -> str:
        return prompt

    assert answer("one") == "one"
    assert log.records == []
    log.mended = True
    assert answer("two") == "two"
    assert [[(f.role, f.handled) for f in r.failures] for r in log.records] == [
        [("log", "allow")],
        [],
    ]


class LateLog(BrokenLog):
    """One that takes its time, once it is mended."""

    def append(self, record: Record) -> Receipt:
        receipt = super().append(record)
        time.sleep(0.05)
        return receipt


async def test_a_log_that_fails_fails_the_async_call_too() -> None:
    log = BrokenLog()

    @make(log).guard
    async def answer(prompt: str) -> str:
        return prompt

    with pytest.raises(LogError, match="kept in memory"):
        await answer("one")
    log.mended = True
    await answer("two")
    assert len(log.records) == 2


def test_what_waited_for_the_log_is_there_once_also_where_several_calls_come_next() -> None:
    log, both = LateLog(), threading.Barrier(2)

    @make(log).guard
    def answer(prompt: str) -> str:
        if prompt != "lost":
            both.wait(20)
        return prompt

    with pytest.raises(LogError):
        answer("lost")
    log.mended = True
    threads = [threading.Thread(target=answer, args=(f"{n}",)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    ids = [record.id for record in log.records]
    assert len(ids) == len(set(ids)) == 3


def test_whoever_wants_to_know_is_told_after_the_fact() -> None:
    log = MemoryLog()
    told: list[tuple[Record, Receipt]] = []

    @make(log, recorded=lambda record, receipt: told.append((record, receipt))).guard
    def answer(prompt: str) -> str:
        return "x"

    answer("q")
    assert [record.id for record, _ in told] == [log.records[0].id]
    assert told[0][1].position == 0


def test_the_salt_opens_the_commitment_and_is_not_in_the_record() -> None:
    import hashlib

    log = MemoryLog()
    seen: list[Any] = []
    chop = make(log)

    @chop.guard(on_response=seen.append)
    def answer(prompt: str) -> str:
        return "the answer"

    answer("q")
    salt = seen[0].receipt.salt
    digest = hashlib.sha256(bytes.fromhex(salt) + b"the answer").hexdigest()
    assert log.records[0].answer.digest == digest
    assert salt not in repr(log.records[0])


def test_a_record_holds_no_replacement_for_it_may_hold_content() -> None:
    from chopmark.testing import WordDetector

    log = MemoryLog()
    detectors = [WordDetector({"4111222233334444": "modify"}, replacement="****4444")]

    @make(log, detectors=detectors).guard
    def answer(prompt: str) -> str:
        return prompt

    assert answer("card 4111222233334444") == "card ****4444"
    assert "****4444" not in repr(log.records[0])  # four digits alone may be in a digest


async def test_a_cancellation_before_the_append_has_a_thread_does_not_lose_the_record() -> None:
    from anyio import to_thread

    log = SlowLog()
    answer = endless(make(log))
    started = asyncio.Event()

    async def read() -> None:
        async for _ in answer("q"):
            started.set()

    limiter = to_thread.current_default_thread_limiter()
    for n in range(int(limiter.available_tokens)):  # no thread is to be had
        limiter.acquire_on_behalf_of_nowait(n)
    try:
        task = asyncio.create_task(read())
        await started.wait()
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    finally:
        for n in range(int(limiter.borrowed_tokens)):
            limiter.release_on_behalf_of(n)
    assert [ending for ending, _ in endings(log)] == ["cancelled"]


async def test_a_record_waits_for_no_thread_of_others() -> None:
    from anyio import to_thread

    class Where(MemoryLog):
        def append(self, record: Record) -> Receipt:
            where.append(threading.current_thread() is threading.main_thread())
            return super().append(record)

    where: list[bool] = []

    @make(Where(blocking=True)).guard
    async def answer(prompt: str) -> str:
        return "fine"

    limiter = to_thread.current_default_thread_limiter()
    for n in range(int(limiter.available_tokens)):  # detectors hold them all
        limiter.acquire_on_behalf_of_nowait(n)
    try:
        assert await answer("q") == "fine"
    finally:
        for n in range(int(limiter.borrowed_tokens)):
            limiter.release_on_behalf_of(n)
    assert where == [False]


def test_whoever_is_told_and_breaks_does_not_break_the_call(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = MemoryLog()

    def broken(record: Record, receipt: Receipt) -> None:
        raise RuntimeError("broken on purpose")

    @make(log, recorded=broken).guard
    def answer(prompt: str) -> str:
        return "x"

    assert answer("q") == "x"
    assert len(log.records) == 1
    assert "a chopmark_recorded hook failed" in caplog.text
