"""The budget of a call: all its messages and its whole answer are judged within one time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from chopmark import Chopmark, Context, Policy, PolicyBlocked, Request
from chopmark.testing import MemoryLog, plugin
from chopmark_onnx._calls import KEPT, Calls

SLOW = 600  # a window takes 3 ms, and more on any machine of these years
NO_TIME, ENOUGH = 1, 600_000
LATE = "unjudged.budget"
MESSAGES = [{"role": "user", "content": f"{n} 天气很好"} for n in range(40)]


@pytest.fixture(scope="module")
def slow(toy: Any) -> Path:
    path: Path = toy(slow=SLOW, guard={"thresholds": {"strict": {"toxic": 0.9}}})
    return path


@pytest.fixture(scope="module")
def names(toy: Any) -> Path:
    path: Path = toy(
        slow=SLOW,
        problem=None,
        every_token=True,
        config={"architectures": ["BertForTokenClassification"]},
    )
    return path


class Judging:
    """A guarded function of many messages and many clauses, and what was found in its calls."""

    def __init__(self, folder: Path, **options: Any) -> None:
        policy = Policy(name="test", plugins=("onnx",)).with_options(
            "onnx", model=str(folder), cache=0, **options
        )
        self.log = MemoryLog()
        self.chop = Chopmark(policy, plugins=[plugin(log=self.log)])
        self.runs = 0
        detector: Any = self.chop.detectors[0]
        network = detector.shared if hasattr(detector, "shared") else detector.stages[0].shared
        self._count(network.load().network)

        @self.chop.guard
        def answer(prompt: list[dict[str, str]]) -> Iterator[str]:
            yield from (f"我{n}。" for n in range(40))

        self.ask = answer

    def _count(self, network: Any) -> None:
        for name in ("run", "run_tokens"):
            setattr(network, name, self._counted(getattr(network, name)))

    def _counted(self, run: Any) -> Any:
        def counted(ids: list[int]) -> Any:
            self.runs += 1
            return run(ids)

        return counted


@pytest.mark.parametrize("folder", ["slow", "names"])
def test_all_messages_and_the_answer_share_the_time_of_their_call(
    folder: str, request: pytest.FixtureRequest
) -> None:
    judging = Judging(request.getfixturevalue(folder), budget_ms=NO_TIME, on_budget="warn")
    for calls in (1, 2):  # and the next call has time of its own
        assert len([*judging.ask(MESSAGES)]) == 40
        assert judging.runs == calls
        late = [v.direction for v in judging.log.records[-1].verdicts if v.category == LATE]
        assert late == ["input"] * 39 + ["output"] * 40


def test_with_time_enough_every_text_of_a_call_is_judged(plain: Path) -> None:
    limited, free = Judging(plain, budget_ms=ENOUGH), Judging(plain)
    assert list(limited.ask(MESSAGES[:9])) == list(free.ask(MESSAGES[:9]))
    assert limited.runs == free.runs >= 9 + 40


def test_a_request_that_cannot_be_judged_in_time_is_refused(slow: Path) -> None:
    judging = Judging(slow, budget_ms=NO_TIME)
    with pytest.raises(PolicyBlocked, match="过长"):
        list(judging.ask(MESSAGES))
    assert judging.runs == 1


def test_calls_at_the_same_time_have_each_their_own(slow: Path) -> None:
    judging = Judging(slow, budget_ms=NO_TIME, on_budget="warn")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: list(judging.ask(MESSAGES[:5])), range(12)))
    assert judging.runs == 12


def test_an_async_call_has_one_budget_too(slow: Path) -> None:
    judging = Judging(slow, budget_ms=NO_TIME, on_budget="warn")

    @judging.chop.guard
    async def answer(prompt: list[dict[str, str]]) -> AsyncIterator[str]:
        for n in range(10):
            yield f"我{n}。"

    async def ask() -> list[str]:
        return [piece async for piece in answer(MESSAGES[:5])]

    async def both() -> None:
        await asyncio.gather(ask(), ask())

    asyncio.run(both())
    assert judging.runs == 2


def test_texts_outside_a_call_have_each_their_own(slow: Path) -> None:
    judging = Judging(slow, budget_ms=NO_TIME, on_budget="warn")
    for text in ("我", "你", "好"):
        assert judging.chop.screen(text).verdicts == ()
    assert judging.runs == 3


def test_of_old_calls_nothing_is_kept() -> None:
    calls = Calls(5)

    def begin(call: str) -> Any:
        return calls.begin(Context(direction="input", request=Request(id=call))).budget

    first = begin("first")
    for n in range(KEPT - 1):
        begin(f"{n}")
        assert begin("first") is first
    begin("one more")
    assert len(calls) == KEPT
    assert begin("first") is first
    for n in range(KEPT):
        begin(f"later {n}")
    assert begin("first") is not first
    assert begin("") is not begin("")
