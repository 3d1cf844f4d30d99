"""What blocks runs in a thread where a call is awaited, goes through, and holds up nobody else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Sequence
from contextvars import ContextVar
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from chopmark import (
    Chopmark,
    Context,
    Needs,
    Policy,
    PolicyBlocked,
    Refused,
    Request,
    Response,
    Verdict,
)
from chopmark.detecting import RequestDetector
from chopmark.testing import MemoryLog, WordDetector, plugin

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])
NAMED: ContextVar[str] = ContextVar("named", default="")


class Noting:
    """A wrapper that notes its steps and whether they are on the thread that awaits the call."""

    def __init__(self, name: str, steps: list[str], *, blocking: bool, screened: bool = False):
        self.name, self.steps = name, steps
        self.blocking, self.screened = blocking, screened
        self.hold: dict[str, threading.Event] = {}  # a step waits for it
        self.entered = threading.Event()

    def __call__(self, request: Request) -> Generator[Request, Response, Response]:
        self.entered.set()
        self.note("in")
        try:
            response = yield request
        except BaseException as error:
            self.note(type(error).__name__)
            raise
        self.note(response.ending)
        return response

    def note(self, step: str) -> None:
        if step in self.hold:
            assert self.hold[step].wait(120)
        here = threading.current_thread() is threading.main_thread()
        self.steps.append(f"{self.name} {step}{'' if here else ' in a thread'}{NAMED.get()}")


def make(*wrappers: Any) -> tuple[Chopmark, MemoryLog]:
    log = MemoryLog()
    words = WordDetector({"bad": "deny"})
    return Chopmark(
        Policy(name="p"), plugins=[plugin(detectors=[words], wrappers=wrappers, log=log)]
    ), log


def asked(chop: Chopmark, steps: list[str]) -> Callable[[str], Awaitable[str]]:
    @chop.guard
    async def answer(prompt: str) -> str:
        await anyio.lowlevel.checkpoint()  # as every client of a model does before it sends
        steps.append("model")
        return "fine"

    return answer


@BACKENDS
def test_wrappers_that_block_run_in_threads_each_in_its_turn(backend: str) -> None:
    steps: list[str] = []
    chop, _ = make(
        Noting("a", steps, blocking=False),
        Noting("b", steps, blocking=True),
        Noting("d", steps, blocking=True, screened=True),
        Noting("c", steps, blocking=False),
    )

    async def main() -> None:
        NAMED.set("!")
        await asked(chop, steps)("q")

    anyio.run(main, backend=backend)
    assert steps == [
        "a in!", "b in in a thread!", "c in!", "d in in a thread!", "model",
        "d completed in a thread!", "c completed!", "b completed in a thread!", "a completed!",
    ]  # fmt: skip


def test_a_call_that_is_not_awaited_runs_all_where_it_was_made() -> None:
    steps: list[str] = []
    chop, _ = make(Noting("a", steps, blocking=True))
    chop.guard(lambda prompt: "fine")("q")
    assert steps == ["a in", "a completed"]


@BACKENDS
def test_who_blocks_may_refuse_or_break_in_the_thread(backend: str) -> None:
    def raising(error: Exception) -> Any:
        class Raising:
            blocking = True

            def __call__(self, request: Request) -> Generator[Request, Response, Response]:
                raise error
                yield request

        return Raising()

    steps: list[str] = []
    refusing, log = make(raising(Refused("no more today")))
    breaking, _ = make(Noting("a", steps, blocking=True), raising(KeyError("gone")))

    async def main() -> None:
        with pytest.raises(PolicyBlocked, match="no more today"):
            await asked(refusing, steps)("q")
        with pytest.raises(KeyError, match="gone"):
            await asked(breaking, steps)("q")

    anyio.run(main, backend=backend)
    assert steps == ["a in in a thread", "a KeyError in a thread"]
    assert [record.ending for record in log.records] == ["blocked"]


class Where(WordDetector):
    """Notes of each text whether it was judged on the thread that awaits the call."""

    def __init__(self, steps: list[str]) -> None:
        super().__init__({"bad": "deny"}, name="where", needs=Needs.whole())
        self.steps = steps

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        here = threading.current_thread() is threading.main_thread()
        self.steps.append(f"{context.direction}{'' if here else ' in a thread'}")
        return super().judge(text, context)


async def test_who_blocks_for_requests_alone_sends_no_answer_into_a_thread() -> None:
    class Asks(RequestDetector):
        name, version, blocking = "asks", "1", True

        def judge_request(self, request: Request) -> Sequence[Verdict]:
            return ()

    steps: list[str] = []
    policy = Policy(name="p")
    brought = plugin(detectors=[Asks(policy.roles), Where(steps)])
    chop = Chopmark(policy, plugins=[brought])

    @chop.guard
    async def stream(prompt: str) -> AsyncIterator[str]:
        yield "fi"
        yield "ne"

    assert await asked(chop, [])("q") == "fine"
    assert "".join([piece async for piece in stream("q")]) == "fine"
    assert steps == ["input in a thread", "output"] * 2


async def ticking(ticks: list[int], until: Callable[[], bool]) -> None:
    while not until():
        ticks.append(1)
        await anyio.sleep(0.001)


@BACKENDS
def test_while_one_call_waits_others_go_on(backend: str) -> None:
    steps: list[str] = []
    slow = Noting("slow", steps, blocking=True)
    slow.hold = {"completed": threading.Event()}
    waiting, _ = make(slow)
    free, _ = make(Noting("free", [], blocking=True))

    async def main() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(asked(waiting, steps), "q")
            for _ in range(20):
                assert await asked(free, [])("q") == "fine"
            assert "slow completed in a thread" not in steps
            slow.hold["completed"].set()

    anyio.run(main, backend=backend)
    assert steps[-1] == "slow completed in a thread"


def is_at(step: str, steps: list[str]) -> bool:
    return step == "in" or "model" in steps


@BACKENDS
@pytest.mark.parametrize("step", ["in", "completed"])
def test_a_cancelled_scope_waits_for_the_step_that_runs(backend: str, step: str) -> None:
    steps: list[str] = []
    wrapper = Noting("a", steps, blocking=True)
    wrapper.hold = {step: threading.Event()}
    chop, log = make(wrapper)

    async def main() -> None:
        ticks: list[int] = []
        async with anyio.create_task_group() as group:
            with anyio.CancelScope() as scope:

                async def cancel() -> None:
                    await ticking([], lambda: wrapper.entered.is_set() and is_at(step, steps))
                    await anyio.sleep(0.01)
                    scope.cancel()
                    await ticking(ticks, lambda: len(ticks) > 9)
                    wrapper.hold[step].set()

                group.start_soon(cancel)
                await asked(chop, steps)("q")
                await anyio.sleep(20)
        assert len(ticks) > 9

    anyio.run(main, backend=backend)
    before = ["a in in a thread"] + ["model"] * (step == "completed")
    ending = "completed" if step == "completed" else "cancelled"
    assert steps == [*before, f"a {ending} in a thread"]
    assert [record.ending for record in log.records] == [ending]


async def test_a_cancelled_task_waits_for_the_step_that_runs_and_asks_no_model() -> None:
    steps: list[str] = []
    wrapper = Noting("a", steps, blocking=True)
    wrapper.hold = {"in": threading.Event()}
    chop, log = make(wrapper)
    ticks: list[int] = []
    task = asyncio.ensure_future(asked(chop, steps)("q"))
    await ticking([], wrapper.entered.is_set)
    task.cancel()
    await ticking(ticks, lambda: len(ticks) > 4)
    task.cancel()
    await ticking(ticks, lambda: len(ticks) > 9)
    assert not task.done()
    wrapper.hold["in"].set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert steps == ["a in in a thread", "a cancelled in a thread"]
    assert [record.ending for record in log.records] == ["cancelled"]


async def test_a_task_that_is_cancelled_at_the_end_has_its_end_noted_once() -> None:
    steps: list[str] = []
    wrapper = Noting("a", steps, blocking=True)
    wrapper.hold = {"completed": threading.Event()}
    chop, log = make(wrapper)
    ticks: list[int] = []
    task = asyncio.ensure_future(asked(chop, steps)("q"))
    await ticking([], lambda: "model" in steps)
    await asyncio.sleep(0.01)
    task.cancel()
    await ticking(ticks, lambda: len(ticks) > 9)
    wrapper.hold["completed"].set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert steps == ["a in in a thread", "model", "a completed in a thread"]
    assert [record.ending for record in log.records] == ["completed"]


@BACKENDS
def test_a_wrapper_that_hangs_fails_the_call(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chopmark._drive_async.EFFECT_SECONDS", 0.05)
    steps: list[str] = []
    wrapper = Noting("a", steps, blocking=True)
    wrapper.hold = {"completed": threading.Event()}
    chop, log = make(wrapper)

    async def main() -> None:
        with pytest.raises(TimeoutError, match=r"a wrapper took more than 0\.05 seconds"):
            await asked(chop, steps)("q")

    anyio.run(main, backend=backend)
    assert len(log.records) == 1
    wrapper.hold["completed"].set()
