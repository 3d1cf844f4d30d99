"""Guards the calls that answer with an object, `structured_predict` and its three twins.

Some integrations make these calls past the eight methods, so the object itself is judged, as the
JSON that it stands for; the calls inside are not judged again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Iterator
from typing import TYPE_CHECKING, Any

from llama_index.core.prompts import BasePromptTemplate, ChatPromptTemplate

from chopmark import Request
from chopmark.adapting import parameters

from ._binding import Binding, binding_of
from ._object_shape import ObjectShape
from ._request import ADAPTER, messages_of, model_name, put_texts
from ._tool_calls import without_marks

if TYPE_CHECKING:

    class _Own:  # the user's own class, whatever it is
        structured_predict: Any
        astructured_predict: Any
        stream_structured_predict: Any
        astream_structured_predict: Any
else:
    _Own = object


class ObjectCalls(_Own):
    """The four methods, guarded. A block is always raised: an object cannot be a refusal."""

    def structured_predict(
        self, output_cls: Any, prompt: Any, llm_kwargs: Any = None, **prompt_args: Any
    ) -> Any:
        """Answer with an object of `output_cls`."""
        own = super().structured_predict
        call = _Call(self, prompt, llm_kwargs, prompt_args, stream=False)
        if call.passes:
            return own(output_cls, prompt, llm_kwargs, **prompt_args)

        def ask(sent: Request) -> Any:
            screened, args = call.put(sent)
            try:
                return own(output_cls, screened, llm_kwargs, **args)
            except (ValueError, TypeError) as raised:
                error = call.spoken(raised)
            raise error

        return call.chop.run(call.request, ObjectShape(whole=True), ask, **call.options)

    async def astructured_predict(
        self, output_cls: Any, prompt: Any, llm_kwargs: Any = None, **prompt_args: Any
    ) -> Any:
        """Answer with an object of `output_cls`."""
        own = super().astructured_predict
        call = _Call(self, prompt, llm_kwargs, prompt_args, stream=False)
        if call.passes:
            return await own(output_cls, prompt, llm_kwargs, **prompt_args)

        async def ask(sent: Request) -> Any:
            screened, args = call.put(sent)
            try:
                return await own(output_cls, screened, llm_kwargs, **args)
            except (ValueError, TypeError) as raised:
                error = call.spoken(raised)
            raise error

        return await call.chop.arun(call.request, ObjectShape(whole=True), ask, **call.options)

    def stream_structured_predict(
        self, output_cls: Any, prompt: Any, llm_kwargs: Any = None, **prompt_args: Any
    ) -> Generator[Any, None, None]:
        """Answer with an object of `output_cls` that grows."""
        own = super().stream_structured_predict
        call = _Call(self, prompt, llm_kwargs, prompt_args, stream=True)
        if call.passes:
            yield from own(output_cls, prompt, llm_kwargs, **prompt_args)
            return

        def ask(sent: Request) -> Iterator[Any]:
            screened, args = call.put(sent)
            return iter(own(output_cls, screened, llm_kwargs, **args))

        shape = ObjectShape(whole=False)
        objects = call.chop.stream(call.request, shape, ask, **call.options)
        try:
            for found in objects:
                yield from shape.deliver(found)
        finally:
            objects.close()

    async def astream_structured_predict(
        self, output_cls: Any, prompt: Any, llm_kwargs: Any = None, **prompt_args: Any
    ) -> Any:
        """Answer with an object of `output_cls` that grows."""
        own = super().astream_structured_predict
        call = _Call(self, prompt, llm_kwargs, prompt_args, stream=True)
        if call.passes:
            return await own(output_cls, prompt, llm_kwargs, **prompt_args)

        async def ask(sent: Request) -> AsyncIterator[Any]:
            screened, args = call.put(sent)
            found: Any = await own(output_cls, screened, llm_kwargs, **args)
            objects: AsyncIterator[Any] = found.__aiter__()
            return objects

        shape = ObjectShape(whole=False)
        objects = call.chop.astream(call.request, shape, ask, **call.options)
        return _delivered(objects, shape)


class _Call:
    """One call: the formatted prompt as a request, and back."""

    def __init__(
        self, llm: Any, prompt: Any, llm_kwargs: Any, prompt_args: dict[str, Any], *, stream: bool
    ) -> None:
        binding: Binding = binding_of(llm)
        self.chop = binding.chop
        self.options = {**binding.options, "on_block": "raise"}
        self.passes = self.chop.inert or self.chop.inside()
        self._prompt, self._args = prompt, prompt_args
        if self.passes:
            return
        self._given = _formatted(prompt, llm, prompt_args)
        self._messages = without_marks(self.chop, self._given)
        self._texts = tuple(messages_of(self._messages))
        self.request = Request(
            messages=self._texts,
            model=model_name(llm),
            adapter=ADAPTER,
            stream=stream,
            structured=True,
            parameters=parameters(llm.__dict__, llm_kwargs or {}),
        )

    def put(self, sent: Request) -> tuple[Any, dict[str, Any]]:
        """Return prompt and arguments; where texts changed, a prompt that is filled in already."""
        messages = put_texts(self._messages, self._texts, sent)
        if messages is self._given:
            return self._prompt, self._args
        return ChatPromptTemplate(message_templates=list(messages)), {}

    def spoken(self, error: Exception) -> Exception:
        """Return `error`, or one that says less.

        That an answer is no such object is an error that quotes the answer; where the policy
        does not let the quotation out, it must not come in the error either.
        """
        if self.chop.screen(str(error), direction="output", role="assistant").action == "allow":
            return error
        return ValueError(
            f"the model's answer could not be used ({type(error).__name__}); what the error says "
            "is withheld, since it quotes what the policy does not let out"
        )


async def _delivered(objects: Any, shape: ObjectShape) -> Any:
    try:
        async for found in objects:
            for due in shape.deliver(found):
                yield due
    finally:
        await objects.aclose()


def _formatted(prompt: Any, llm: Any, prompt_args: dict[str, Any]) -> list[Any]:
    """Format `prompt` as the framework will, without the schema that a parser adds to it."""
    if isinstance(prompt, BasePromptTemplate) and prompt.output_parser is not None:
        prompt = prompt.model_copy(update={"output_parser": None})
    return list(prompt.format_messages(llm=llm, **prompt_args))
