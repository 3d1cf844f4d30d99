"""What cannot be used is refused where it is given, with the cure, not when a call has ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from chopmark import Chopmark, Policy, RequestError, Response, calling


@pytest.fixture
def chop() -> Iterator[Chopmark]:
    made = Chopmark(Policy(name="t", plugins=("keyword",)))
    yield made
    made.close()


async def awaited(response: Response) -> None: ...


class Awaited:
    async def __call__(self, response: Response) -> None: ...


def answer(prompt: str) -> str:
    return "Fine."


@pytest.mark.parametrize(
    ("told", "match"),
    [
        ("f", "on_response is 'f'; give a plain function"),
        (lambda: None, "with the response alone"),
        (lambda response, more: None, "with the response alone"),
        (awaited, "nobody would await it"),
        (Awaited(), "nobody would await it"),
    ],
)
def test_a_function_that_cannot_be_told_is_refused(chop: Chopmark, told: Any, match: str) -> None:
    with pytest.raises(RequestError, match=match):
        chop.guard(on_response=told)


@pytest.mark.parametrize(
    "make",
    [
        lambda: [].append,
        lambda: print,
        lambda: partial(lambda kept, response: None, []),
        lambda: lambda response, *, more=None: None,
        lambda: type("Told", (), {"__call__": lambda self, response: None})(),
        lambda: None,
    ],
)
def test_whatever_takes_a_response_may_be_told(
    chop: Chopmark, make: Callable[[], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert chop.guard(on_response=make())(answer)("How are you?") == "Fine."


def test_a_misspelt_word_does_not_decide_what_a_block_is(chop: Chopmark) -> None:
    with pytest.raises(RequestError, match='on_block is \'rase\'; give "raise" or "refuse"'):
        chop.guard(on_block="rase")  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("function", "match"),
    [
        ("gpt-4", "chop.guard is for functions, and 'gpt-4' is none"),
        (lambda: "x", "takes no prompt"),
        (int, "does not say which parameters it has"),
    ],
)
def test_what_has_no_prompt_is_not_guarded(chop: Chopmark, function: Any, match: str) -> None:
    with pytest.raises(RequestError, match=match):
        chop.guard(function)


@pytest.mark.parametrize(
    ("message", "match"),
    [
        ("hi", "is str; give"),
        ({"role": "user"}, "has NoneType for content"),
        ({"role": "user", "content": [{"type": "text", "text": "hi"}]}, "has list for content"),
    ],
)
def test_a_message_that_is_none_is_told(chop: Chopmark, message: object, match: str) -> None:
    guarded: Any = chop.guard(answer)
    with pytest.raises(RequestError, match=match):
        guarded([message])


@pytest.mark.parametrize(
    "given", [{"audience": ["minor"]}, {"user": 17}, {"locale": b"zh"}, {"metadata": "x"}]
)
def test_what_calling_says_is_text(given: dict[str, Any]) -> None:
    (name,) = given
    with pytest.raises(RequestError, match=f"{name} is .* in calling"), calling(**given):
        pass
