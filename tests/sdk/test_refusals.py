"""A wrapper may say another refusal: what it says is what the user is told, on every path."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Iterator
from dataclasses import replace

import pytest

from chopmark import Chopmark, Policy, PolicyBlocked, Request, Response
from chopmark.testing import WordDetector, plugin


def kinder(request: Request) -> Generator[Request, Response, Response]:
    response = yield request
    if any(v.category == "word.deny" for v in response.verdicts):
        return replace(response, refusal="Let us talk of something else.")
    return response


@pytest.fixture
def chop() -> Chopmark:
    words = WordDetector({"bad": "deny", "odd": "escalate"})
    return Chopmark(Policy(name="kind"), plugins=[plugin(detectors=[words], wrappers=[kinder])])


def test_the_error_says_the_refusal_of_the_wrapper(chop: Chopmark) -> None:
    @chop.guard
    def answer(prompt: str) -> str:
        return "fine" if prompt == "hi" else "bad"

    assert answer("hi") == "fine"
    for prompt in ("bad", "answer badly"):
        with pytest.raises(PolicyBlocked, match=r"^Let us talk of something else\.$"):
            answer(prompt)
    with pytest.raises(PolicyBlocked) as blocked:
        answer("odd")
    assert str(blocked.value) == chop.policy.refusal("en")


async def test_an_answer_that_is_a_refusal_says_it_too(chop: Chopmark) -> None:
    refusing = chop.guard(on_block="refuse")

    @refusing
    def stream(prompt: str) -> Iterator[str]:
        yield "never"

    @refusing
    async def astream(prompt: str) -> AsyncIterator[str]:
        yield "never"

    assert "".join(stream("bad")) == "Let us talk of something else."
    pieces = [piece async for piece in astream("bad")]
    assert "".join(pieces) == "Let us talk of something else."
