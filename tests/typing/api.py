"""What users and authors write, checked by mypy strict; and what must be an error for them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from chopmark import (
    Chopmark,
    Context,
    Needs,
    Policy,
    Response,
    Rules,
    Screening,
    Verdict,
    calling,
    hookimpl,
)
from chopmark.hookspecs import Detector

if TYPE_CHECKING:
    from typing_extensions import assert_type

chop = Chopmark(policy="cn")
Chopmark(Path("policy.toml"))
Chopmark(Policy(name="mine", rules=Rules(both={"toxic": {"block": 0.9}, "pii": "modify"})))


@chop.guard
def answer(prompt: str) -> str:
    return prompt


@chop.guard(on_block="refuse", prompt="question")
async def stream(question: str, top: int = 3) -> AsyncIterator[str]:
    yield question * top


@chop.guard
def pieces(prompt: str) -> Iterator[str]:
    yield prompt


def users() -> None:
    if TYPE_CHECKING:
        assert_type(answer("x"), str)
        assert_type(chop.screen("x", audience="minor"), Screening)
    with calling(audience="minor", user="u-1"):
        answer("x")
    answer(3)  # type: ignore[arg-type]
    chop.screen("x", direction="sideways")  # type: ignore[arg-type]
    chop.guard(on_block="explode")  # type: ignore[call-overload]
    Policy(name="x", on_error="block")  # type: ignore[arg-type]


class Good:
    name = "good"
    version = "1"
    needs = Needs.window(3)
    blocking = False

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        return [Verdict(category="x", start=0, end=1, outcome="deny")]


class Bytes:
    name = "bytes"
    version = "1"
    needs = Needs.clause()
    blocking = False

    def judge(self, text: bytes, context: Context) -> Sequence[Verdict]:
        return []


class Plugin:
    @hookimpl
    def chopmark_detectors(self, policy: Policy) -> Iterable[Detector]:
        good: Detector = Good()
        wrong: Detector = Bytes()  # type: ignore[assignment]
        return [good, wrong]


def authors(response: Response) -> None:
    Verdict(category="x", start=0, end=1, outcome="alow")  # type: ignore[arg-type]
    response.text = "changed"  # type: ignore[misc]
