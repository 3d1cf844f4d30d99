"""A plugin may put a generator around the whole call; tried with a token budget per user."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Generator, Iterator
from dataclasses import replace
from typing import Any

import pytest

from chopmark import (
    Chopmark,
    PluginError,
    Policy,
    PolicyBlocked,
    Refused,
    Request,
    Response,
    calling,
)
from chopmark.testing import MemoryLog, WordDetector, plugin


class Budget:
    """Refuses a user who has spent a number of characters, a stand-in for tokens."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.spent: Counter[str] = Counter()
        self.errors: list[str] = []

    def __call__(self, request: Request) -> Generator[Request, Response, Response]:
        if self.spent[request.user] >= self.limit:
            raise Refused("your budget for today is spent")
        try:
            response = yield request
        except Exception as error:
            self.errors.append(type(error).__name__)
            raise
        self.spent[request.user] += len(response.text)
        left = self.limit - self.spent[request.user]
        return replace(response, metadata={**response.metadata, "budget_left": left})


def make(*wrappers: Any) -> tuple[Chopmark, MemoryLog, list[Response]]:
    log = MemoryLog()
    words = WordDetector({"bad": "deny"})
    brought = plugin(detectors=[words], wrappers=wrappers, log=log)
    return Chopmark(Policy(name="wrapped"), plugins=[brought]), log, []


def test_a_budget_holds_per_user() -> None:
    chop, log, seen = make(Budget(8))

    @chop.guard(on_response=seen.append)
    def answer(prompt: str) -> str:
        return "12345"

    with calling(user="a"):
        answer("q")
        answer("q")
        with pytest.raises(PolicyBlocked, match="budget for today"):
            answer("q")
    with calling(user="b"):
        answer("q")
    assert [r.metadata.get("budget_left") for r in seen] == [3, -2, None, 3]
    assert [(r.action, r.ending) for r in log.records] == [
        ("allow", "completed"),
        ("allow", "completed"),
        ("block", "blocked"),
        ("allow", "completed"),
    ]


def test_a_budget_holds_for_a_stream_that_is_left_early() -> None:
    budget = Budget(100)
    chop, _, _ = make(budget)

    @chop.guard
    def answer(prompt: str) -> Iterator[str]:
        for n in range(50):
            yield f"{n:02}"

    stream = answer("q")
    for _ in range(3):
        next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert 0 < budget.spent[""] < 10


async def test_a_budget_holds_for_async_calls_and_streams() -> None:
    budget = Budget(6)
    chop, _, _ = make(budget)

    @chop.guard
    async def answer(prompt: str) -> str:
        return "123"

    @chop.guard
    async def stream(prompt: str) -> AsyncIterator[str]:
        yield "45"
        yield "6"

    assert await answer("q") == "123"
    assert "".join([piece async for piece in stream("q")]) == "456"
    with pytest.raises(PolicyBlocked):
        await answer("q")
    with pytest.raises(PolicyBlocked):
        [piece async for piece in stream("q")]


def test_the_first_wrapper_is_the_outermost_and_may_change_the_request() -> None:
    order: list[str] = []

    def outer(request: Request) -> Generator[Request, Response, Response]:
        order.append("outer in")
        message = replace(request.messages[0], text="changed")
        response = yield replace(request, messages=(message,))
        order.append("outer out")
        return response

    def inner(request: Request) -> Generator[Request, Response, Response]:
        order.append(f"inner in {request.messages[0].text}")
        response = yield request
        order.append("inner out")
        return response

    chop, _, _ = make(outer, inner)

    @chop.guard
    def answer(prompt: str) -> str:
        return prompt

    assert answer("q") == "changed"
    assert order == ["outer in", "inner in changed", "inner out", "outer out"]


def test_a_model_error_is_thrown_into_the_wrappers() -> None:
    budget = Budget(5)
    chop, log, _ = make(budget)

    @chop.guard
    def answer(prompt: str) -> str:
        raise ValueError("the model broke")

    with pytest.raises(ValueError, match="the model broke"):
        answer("q")
    assert budget.errors == ["ValueError"]
    assert [r.ending for r in log.records] == ["model_error"]


def test_a_wrapper_that_breaks_stops_the_call_and_is_recorded() -> None:
    def broken(request: Request) -> Generator[Request, Response, Response]:
        raise KeyError("broken on purpose")
        yield request

    chop, log, _ = make(broken)

    @chop.guard
    def answer(prompt: str) -> str:
        return "never"

    with pytest.raises(KeyError):
        answer("q")
    (record,) = log.records
    assert (record.action, record.ending) == ("block", "wrapper_error")
    assert [(f.role, f.error) for f in record.failures] == [("wrapper", "KeyError")]


def test_a_wrapper_must_yield_once_and_return_the_response() -> None:
    def twice(request: Request) -> Generator[Request, Response, Response]:
        response = yield request
        yield request
        return response

    def forgetful(request: Request) -> Generator[Request, Response, Response]:
        yield request  # type: ignore[misc]

    for wrapper, message in ((twice, "yielded twice"), (forgetful, "must return the response")):
        chop, log, _ = make(wrapper)

        @chop.guard
        def answer(prompt: str) -> str:
            return "x"

        with pytest.raises(PluginError, match=message):
            answer("q")
        assert len(log.records) == 1


class Reversing:
    """Sends every text backwards, a form that no detector reads."""

    screened = True

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, request: Request) -> Generator[Request, Response, Response]:
        self.seen += [m.text for m in request.messages]
        messages = tuple(replace(m, text=m.text[::-1]) for m in request.messages)
        response = yield replace(request, messages=messages)
        return replace(response, metadata={**response.metadata, "reversed": True})


def test_a_wrapper_behind_the_screening_is_given_and_changes_what_the_policy_lets_go() -> None:
    wrapper, log, seen = Reversing(), MemoryLog(), []
    words = WordDetector({"bad": "modify"})
    brought = plugin(detectors=[words], wrappers=[wrapper], log=log)
    chop = Chopmark(Policy(name="wrapped"), plugins=[brought])

    @chop.guard(on_response=seen.append)
    def answer(prompt: str) -> str:
        return prompt

    assert answer("a bad q") == "q *** a"
    assert wrapper.seen == ["a *** q"]
    assert [r.metadata for r in seen] == [{"reversed": True}]
    assert [v.category for v in log.records[0].verdicts] == ["word.modify"]


def test_a_wrapper_behind_the_screening_is_not_entered_where_the_policy_blocks() -> None:
    wrapper = Reversing()
    chop, log, _ = make(wrapper)

    @chop.guard
    def answer(prompt: str) -> str:
        return prompt

    with pytest.raises(PolicyBlocked):
        answer("bad")
    assert wrapper.seen == []
    assert log.records[0].action == "block"


async def test_a_wrapper_behind_the_screening_is_the_innermost_in_async_streams_too() -> None:
    order: list[str] = []

    def noting(name: str, *, screened: bool) -> Any:
        def noted(request: Request) -> Generator[Request, Response, Response]:
            order.append(f"{name} in")
            response = yield request
            order.append(f"{name} out")
            return response

        noted.screened = screened  # type: ignore[attr-defined]
        return noted

    chop, _, _ = make(noting("inner", screened=True), noting("outer", screened=False))

    @chop.guard
    async def stream(prompt: str) -> AsyncIterator[str]:
        yield "12"

    assert [piece async for piece in stream("q")] == ["12"]
    assert order == ["outer in", "inner in", "inner out", "outer out"]


@pytest.mark.parametrize(("raised", "ending"), [(Refused, "blocked"), (KeyError, "wrapper_error")])
def test_a_wrapper_behind_the_screening_may_refuse_or_break(
    raised: type[Exception], ending: str
) -> None:
    ended: list[str] = []

    def outer(request: Request) -> Generator[Request, Response, Response]:
        try:
            response = yield request
        except KeyError:
            ended.append("error")
            raise
        ended.append(response.ending)
        return response

    def inner(request: Request) -> Generator[Request, Response, Response]:
        raise raised("no")
        yield request

    inner.screened = True  # type: ignore[attr-defined]
    chop, log, _ = make(outer, inner)

    @chop.guard
    def answer(prompt: str) -> str:
        raise AssertionError("the model was asked")

    with pytest.raises((PolicyBlocked, KeyError)):
        answer("q")
    assert [r.ending for r in log.records] == [ending]
    assert ended == ["blocked" if raised is Refused else "error"]


def test_where_one_wrapper_breaks_at_the_end_those_outside_are_told() -> None:
    told: list[str] = []

    def outside(request: Request) -> Generator[Request, Response, Response]:
        try:
            return (yield request)
        except Exception as error:
            told.append(repr(error))
            raise

    def breaks(request: Request) -> Generator[Request, Response, Response]:
        yield request
        raise ValueError("at the end")

    chop, log, _ = make(outside, breaks)

    @chop.guard
    def answer(prompt: str) -> str:
        return "fine"

    with pytest.raises(ValueError, match="at the end"):
        answer("q")
    assert told == ["ValueError('at the end')"]
    assert len(log.records) == 1


def test_the_models_part_runs_within_what_a_wrapper_puts_around_it() -> None:
    steps: list[str] = []

    class Around:
        def __enter__(self) -> None:
            steps.append("(")

        def __exit__(self, *broke: object) -> None:
            steps.append(")")

    class Outside:
        def __call__(self, request: Request) -> Generator[Request, Response, Response]:
            return (yield request)

        def within(self, request: Request) -> Around:
            assert request.messages[0].text == "q"
            return Around()

    chop, _, _ = make(Outside())

    @chop.guard
    def pieces(prompt: str) -> Iterator[str]:
        for piece in ("one", "two"):
            steps.append("model")
            yield f"{piece} is long enough"

    @chop.guard
    async def pieces_async(prompt: str) -> AsyncIterator[str]:
        for piece in pieces.__wrapped__(prompt):  # type: ignore[attr-defined]
            yield piece

    async def read() -> None:
        async for _ in pieces_async("q"):
            steps.append("caller")  # noqa: PERF401  between two pieces, not behind them

    for _ in pieces("q"):
        steps.append("caller")  # noqa: PERF401  between two pieces, not behind them
    told, steps[:] = list(steps), []
    asyncio.run(read())
    assert told == steps
    assert "".join(told) == "()(model)caller(model)caller()caller()"


def test_a_wrapper_knows_the_id_of_the_call() -> None:
    ids: list[str] = []

    def reads(request: Request) -> Generator[Request, Response, Response]:
        ids.append(request.id)
        return (yield request)

    chop, log, _ = make(reads)

    @chop.guard
    def answer(prompt: str) -> str:
        return "fine"

    answer("q")
    assert ids == [record.id for record in log.records]
