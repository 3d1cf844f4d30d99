"""Guards what is no model object: a step in a chain, or a whole chain."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, Literal

from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.utils import Input, Output

from chopmark import Chopmark, OnBlock, Request

from ._bypass import Batching
from ._guarding import Done, Guarding
from ._outside import aoutside, outside
from ._prompts import prompt_request, prompt_sent
from ._texts import PassedShape, TextOrMessageShape
from ._tool_calls import without_marks

Direction = Literal["input", "output"]


def chop_step(
    chop: Chopmark,
    direction: Direction = "output",
    *,
    on_block: OnBlock = "raise",
    on_response: Done | None = None,
) -> Runnable[Any, Any]:
    """Return a step that guards the text that passes it.

    chain = chop_step(chop, "input") | prompt | model | StrOutputParser() | chop_step(chop)

    `output` judges, marks and records what comes from before it, and keeps it streaming: text,
    or messages and their chunks. `input` judges and records what goes on behind it: text, a
    prompt, messages, or the texts in a mapping; a prompt cannot stream. Each step is a call of
    its own, with its own record; to guard both ends as one call use `guard_chain`.

    With `on_block="refuse"` an `output` step gives the refusal text; an `input` step has no
    answer to give, and always raises.

    Raises:
        ValueError: `direction` or `on_block` is none of the words it can be.
        TypeError: `chop` is no `Chopmark`.
    """
    guarding = Guarding(chop, on_block, on_response)
    if direction == "output":
        return OutputStep(guarding)
    if direction == "input":
        return InputStep(guarding)
    raise ValueError(f'direction is {direction!r}; give "input" or "output"')


def guard_chain(
    chain: Runnable[Input, Output],
    chop: Chopmark,
    *,
    on_block: OnBlock = "raise",
    on_response: Done | None = None,
) -> Runnable[Input, Output]:
    """Return `chain`, whatever Runnable it is, with its input and its output guarded as one call.

    The screen so stands outside of fallbacks and retries in it: a blocked prompt reaches none
    of its models. Models in it that the same `chop` guards are not screened again. The chain
    must take text, a prompt, messages or a mapping, and give text or messages.

    Raises:
        TypeError: `chain` is no Runnable, or `chop` no `Chopmark`.
        ValueError: `on_block` is neither `raise` nor `refuse`.
    """
    if not isinstance(chain, Runnable):
        raise TypeError(
            f"guard_chain() takes a Runnable, not {type(chain).__name__}; make one of a function: "
            "RunnableLambda(function)"
        )
    return GuardedChain(chain, Guarding(chop, on_block, on_response))


class OutputStep(Runnable[Any, Any]):
    """Guards the text that comes to it, piece by piece."""

    def __init__(self, guarding: Guarding) -> None:
        self._guarding = guarding

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """Return the input as it may be delivered."""
        return self._call_with_config(self._whole, input, config)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """Return the input as it may be delivered."""
        return await self._acall_with_config(self._awhole, input, config)

    def transform(
        self, input: Iterator[Any], config: RunnableConfig | None = None, **kwargs: Any
    ) -> Iterator[Any]:
        """Yield the pieces as they may be delivered."""
        yield from self._transform_stream_with_config(input, self._pieces, config)

    async def atransform(
        self, input: AsyncIterator[Any], config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncIterator[Any]:
        """Yield the pieces as they may be delivered."""
        async for piece in self._atransform_stream_with_config(input, self._apieces, config):
            yield piece

    def stream(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Iterator[Any]:
        """Yield the input as it may be delivered."""
        return self.transform(iter([input]), config)

    async def astream(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncIterator[Any]:
        """Yield the input as it may be delivered."""

        async def once() -> AsyncIterator[Any]:
            yield input

        async for piece in self.atransform(once(), config):
            yield piece

    def _whole(self, value: Any) -> Any:
        guarding = self._guarding
        if guarding.idle:
            return value
        request, shape = Request(adapter=_STEP), TextOrMessageShape(whole=True)
        return guarding.chop.run(request, shape, lambda sent: value, **_options(guarding))

    async def _awhole(self, value: Any) -> Any:
        guarding = self._guarding
        if guarding.idle:
            return value

        async def ask(sent: Request) -> Any:
            return value

        request, shape = Request(adapter=_STEP), TextOrMessageShape(whole=True)
        return await guarding.chop.arun(request, shape, ask, **_options(guarding))

    def _pieces(self, pieces: Iterator[Any]) -> Iterator[Any]:
        guarding = self._guarding
        if guarding.idle:
            yield from pieces
            return
        request, shape = Request(adapter=_STEP, stream=True), TextOrMessageShape(whole=False)
        source = outside(pieces)
        yield from guarding.chop.stream(request, shape, lambda sent: source, **_options(guarding))

    async def _apieces(self, pieces: AsyncIterator[Any]) -> AsyncIterator[Any]:
        guarding = self._guarding
        if guarding.idle:
            async for piece in pieces:
                yield piece
            return

        source = aoutside(pieces)

        async def ask(sent: Request) -> AsyncIterator[Any]:
            return source

        request, shape = Request(adapter=_STEP, stream=True), TextOrMessageShape(whole=False)
        guarded = guarding.chop.astream(request, shape, ask, **_options(guarding))
        try:
            async for piece in guarded:
                yield piece
        finally:
            await guarded.aclose()


class InputStep(Runnable[Any, Any]):
    """Guards the prompt that comes to it."""

    def __init__(self, guarding: Guarding) -> None:
        self._guarding = guarding

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """Return the input as it may be sent."""
        return self._call_with_config(self._whole, input, config)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """Return the input as it may be sent."""
        return await self._acall_with_config(self._awhole, input, config)

    def _whole(self, value: Any) -> Any:
        guarding = self._guarding
        if guarding.idle:
            return value
        value = without_marks(guarding.chop, value)
        request = prompt_request(value, adapter=_STEP)
        options = {**_options(guarding), "on_block": "raise"}
        return guarding.chop.run(
            request, PassedShape(), lambda sent: prompt_sent(value, request, sent), **options
        )

    async def _awhole(self, value: Any) -> Any:
        guarding = self._guarding
        if guarding.idle:
            return value
        value = without_marks(guarding.chop, value)
        request = prompt_request(value, adapter=_STEP)
        options = {**_options(guarding), "on_block": "raise"}

        async def ask(sent: Request) -> Any:
            return prompt_sent(value, request, sent)

        return await guarding.chop.arun(request, PassedShape(), ask, **options)


class GuardedChain(Batching, Runnable[Any, Any]):
    """Guards what goes into a runnable and what comes out of it, as one call."""

    def __init__(self, chain: Runnable[Any, Any], guarding: Guarding) -> None:
        self._chain = chain
        self._guarding = guarding

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """Ask for a whole answer."""
        guarding = self._guarding
        if guarding.idle:
            return self._chain.invoke(input, config, **kwargs)
        input = without_marks(guarding.chop, input)
        request = self._request(input, stream=False)

        def ask(sent: Request) -> Any:
            return self._chain.invoke(prompt_sent(input, request, sent), config, **kwargs)

        shape = self._shape(whole=True)
        return guarding.chop.run(request, shape, ask, **_options(guarding))

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """Ask for a whole answer."""
        guarding = self._guarding
        if guarding.idle:
            return await self._chain.ainvoke(input, config, **kwargs)
        input = without_marks(guarding.chop, input)
        request = self._request(input, stream=False)

        async def ask(sent: Request) -> Any:
            return await self._chain.ainvoke(prompt_sent(input, request, sent), config, **kwargs)

        shape = self._shape(whole=True)
        return await guarding.chop.arun(request, shape, ask, **_options(guarding))

    def stream(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Iterator[Any]:
        """Ask for an answer in pieces."""
        guarding = self._guarding
        if guarding.idle:
            yield from self._chain.stream(input, config, **kwargs)
            return
        input = without_marks(guarding.chop, input)
        request = self._request(input, stream=True)

        def ask(sent: Request) -> Iterator[Any]:
            return self._chain.stream(prompt_sent(input, request, sent), config, **kwargs)

        shape = self._shape(whole=False)
        yield from guarding.chop.stream(request, shape, ask, **_options(guarding))

    async def astream(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncIterator[Any]:
        """Ask for an answer in pieces."""
        guarding = self._guarding
        if guarding.idle:
            async for piece in self._chain.astream(input, config, **kwargs):
                yield piece
            return
        input = without_marks(guarding.chop, input)
        request = self._request(input, stream=True)

        async def ask(sent: Request) -> AsyncIterator[Any]:
            return self._chain.astream(prompt_sent(input, request, sent), config, **kwargs)

        shape = self._shape(whole=False)
        guarded = guarding.chop.astream(request, shape, ask, **_options(guarding))
        try:
            async for piece in guarded:
                yield piece
        finally:
            await guarded.aclose()

    def _shape(self, *, whole: bool) -> TextOrMessageShape:
        return TextOrMessageShape(whole=whole, message=self._chain.OutputType is not str)

    def _request(self, value: Any, *, stream: bool) -> Request:
        return prompt_request(value, adapter=_STEP, model=self._chain.get_name(), stream=stream)


_STEP = "langchain.step"


def _options(guarding: Guarding) -> dict[str, Any]:
    return {"on_block": guarding.on_block, "done": guarding.on_response}
