"""The smallest adapter, held to the contract of all adapters."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, ClassVar

import pytest

from chopmark import Chopmark, Policy, PolicyBlocked, RequestError, calling
from chopmark.testing import AdapterContract, MemoryLog, Path, Script, WordDetector, plugin
from chopmark.testing._paths import Form


class Functions:
    """A 'model' made of four plain functions, one for each kind of function."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.asked: list[str] = []

        def call(prompt: str) -> str:
            self.asked.append(prompt)
            if script.error:
                raise script.error
            return script.text

        def stream(prompt: str) -> Iterator[str]:
            self.asked.append(prompt)
            yield from script.pieces
            if script.error:
                raise script.error

        async def acall(prompt: str) -> str:
            self.asked.append(prompt)
            await script.rest()
            if script.error:
                raise script.error
            return script.text

        async def astream(prompt: str) -> AsyncIterator[str]:
            for piece in stream(prompt):
                yield piece
            await script.rest()

        self.call: Any = call
        self.stream: Any = stream
        self.acall: Any = acall
        self.astream: Any = astream


NAMES = ("call", "stream", "acall", "astream")


def paths(form: Form = "answer") -> dict[str, Path]:
    ways = {name: lambda model, prompt, name=name: getattr(model, name)(prompt) for name in NAMES}
    return {f"{name} {form}": Path(name, run, form) for name, run in ways.items()}  # type: ignore[arg-type]


class TestDecorator(AdapterContract):
    paths: ClassVar = paths() | paths("json")
    cannot: ClassVar = {
        "call": "a plain function answers with text, and calls no tools",
        "metadata": "plain text carries nothing: on_response is told of marks and receipt",
    }

    def bare(self, script: Script) -> Functions:
        return Functions(script)

    def guard(self, model: Functions, chop: Chopmark, **options: Any) -> Functions:
        guarded = Functions(model.script)
        guarded.asked = model.asked
        if model.script.form == "json":
            options["structured"] = True
        decorate = chop.guard(**options) if options else chop.guard
        for name in NAMES:
            setattr(guarded, name, decorate(getattr(model, name)))
        return guarded

    def seen(self, model: Functions) -> Sequence[str]:
        return model.asked


def strict() -> tuple[Chopmark, MemoryLog]:
    log = MemoryLog()
    words = WordDetector({"bad": "deny", "secret": "modify"})
    return Chopmark(Policy(name="d"), plugins=[plugin(detectors=[words], log=log)]), log


def test_a_list_of_messages_is_a_prompt_too() -> None:
    chop, _ = strict()

    @chop.guard
    def answer(messages: list[dict[str, str]]) -> str:
        return " ".join(m["content"] for m in messages)

    messages = [{"role": "system", "content": "be kind"}, {"role": "user", "content": "a secret"}]
    assert answer(messages) == "be kind a ***"
    assert messages[1]["content"] == "a secret", "the caller's own list was changed"


def test_a_method_is_screened_by_its_first_real_parameter() -> None:
    chop, _ = strict()

    class Bot:
        @chop.guard
        def answer(self, question: str, *, times: int = 1) -> str:
            return question * times

    assert Bot().answer("secret ", times=2) == "*** *** "
    with pytest.raises(PolicyBlocked):
        Bot().answer(question="bad")


def test_another_parameter_can_hold_the_prompt() -> None:
    chop, _ = strict()

    @chop.guard(prompt="question")
    def answer(user: str, question: str) -> str:
        return f"{user}: {question}"

    assert answer("anybody", "hello") == "anybody: hello"
    assert answer("anybody", "secret") == "anybody: ***"
    with pytest.raises(PolicyBlocked):
        answer("me", "bad")


def test_the_default_of_a_prompt_that_is_given_by_name_alone_is_screened() -> None:
    chop, _ = strict()

    @chop.guard
    def answer(*, prompt: str = "a secret") -> str:
        return prompt

    assert answer() == "a ***"


def test_a_wrong_parameter_name_is_told_at_once() -> None:
    chop, _ = strict()
    with pytest.raises(RequestError, match=r"no parameter 'nothere'.*@chop.guard\(prompt="):
        chop.guard(prompt="nothere")(lambda prompt: prompt)


def test_a_prompt_that_is_no_text_is_told() -> None:
    chop, _ = strict()

    @chop.guard
    def answer(prompt: object) -> str:
        return "x"

    with pytest.raises(RequestError, match="is int; give a string or a list"):
        answer(3)


def test_an_answer_that_is_no_text_is_told() -> None:
    chop, log = strict()

    @chop.guard
    def answer(prompt: str) -> str:
        return 3  # type: ignore[return-value]

    with pytest.raises(RequestError, match="answered with int, not with text"):
        answer("x")
    assert len(log.records) == 1


def test_calling_sets_the_audience_and_the_user_of_every_call() -> None:
    log = MemoryLog()
    from chopmark import Rules

    policy = Policy(name="a", audiences={"minor": Rules(both={"word.warn": "block"})})
    words = WordDetector({"beer": "warn"})
    chop = Chopmark(policy, plugins=[plugin(detectors=[words], log=log)])

    @chop.guard
    def answer(prompt: str) -> str:
        return prompt

    assert answer("a beer") == "a beer"
    with calling(audience="minor", user="u-1"), pytest.raises(PolicyBlocked):
        answer("a beer")
    assert [record.audience for record in log.records] == ["", "minor"]
    assert log.records[0].user.digest != log.records[1].user.digest
    with calling(audience="nobody"), pytest.raises(RequestError, match="'nobody' is not in policy"):
        answer("a beer")


def test_what_a_call_starts_and_leaves_behind_is_not_inside_it_any_more() -> None:
    import contextvars

    chop, log = strict()
    left: list[contextvars.Context] = []

    @chop.guard
    def inner(prompt: str) -> str:
        return "a secret"

    @chop.guard
    def outer(prompt: str) -> str:
        left.append(contextvars.copy_context())
        return inner(prompt)

    assert outer("q") == "a ***"
    assert len(log.records) == 1
    assert left[0].run(inner, "q") == "a ***", "a leftover context must not pass unscreened"
    assert len(log.records) == 2
