"""The eight methods through which LlamaIndex asks an LLM for text; everything else calls these."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Mapping
from typing import TYPE_CHECKING, Any

from chopmark import Request, RequestError

from ._binding import Binding, binding_of
from ._pieces import ChatForm, CompletionForm
from ._request import Prompt
from ._shape import PieceShape

if TYPE_CHECKING:

    class _Own:  # the user's own class, whatever it is
        chat: Any
        complete: Any
        stream_chat: Any
        stream_complete: Any
        achat: Any
        acomplete: Any
        astream_chat: Any
        astream_complete: Any
else:
    _Own = object

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]
_CHAT, _COMPLETION = ChatForm(), CompletionForm()


class Calls(_Own):
    """The eight methods, guarded. Their parameters have no names: see `_request`."""

    def chat(self, /, *args: Any, **kwargs: Any) -> Any:
        """Answer chat messages."""
        return _Call(self, super().chat, args, kwargs, "messages").answer()

    def complete(self, /, *args: Any, **kwargs: Any) -> Any:
        """Complete a text."""
        return _Call(self, super().complete, args, kwargs, "prompt").answer()

    def stream_chat(self, /, *args: Any, **kwargs: Any) -> Any:
        """Answer chat messages in pieces."""
        return _Call(self, super().stream_chat, args, kwargs, "messages").pieces()

    def stream_complete(self, /, *args: Any, **kwargs: Any) -> Any:
        """Complete a text in pieces."""
        return _Call(self, super().stream_complete, args, kwargs, "prompt").pieces()

    async def achat(self, /, *args: Any, **kwargs: Any) -> Any:
        """Answer chat messages."""
        return await _Call(self, super().achat, args, kwargs, "messages").answer_async()

    async def acomplete(self, /, *args: Any, **kwargs: Any) -> Any:
        """Complete a text."""
        return await _Call(self, super().acomplete, args, kwargs, "prompt").answer_async()

    async def astream_chat(self, /, *args: Any, **kwargs: Any) -> Any:
        """Answer chat messages in pieces."""
        return await _Call(self, super().astream_chat, args, kwargs, "messages").pieces_async()

    async def astream_complete(self, /, *args: Any, **kwargs: Any) -> Any:
        """Complete a text in pieces."""
        return await _Call(self, super().astream_complete, args, kwargs, "prompt").pieces_async()


class _Call:
    """One call of one of the methods: `own` is the method of the user's class."""

    __slots__ = ("_args", "_binding", "_kwargs", "_llm", "_name", "_own")

    def __init__(
        self, llm: Any, own: Callable[..., Any], args: Args, kwargs: Kwargs, name: str
    ) -> None:
        self._llm, self._own, self._args, self._kwargs, self._name = llm, own, args, kwargs, name
        self._binding: Binding = binding_of(llm)

    def answer(self) -> Any:
        chop = self._binding.chop
        if chop.inert or chop.inside():
            return self._own(*self._args, **self._kwargs)
        prompt = self._prompt()
        if prompt is None:
            raise self._unseen(self._own(*self._args, **self._kwargs))

        def ask(sent: Request) -> Any:
            args, kwargs = prompt.put(sent)
            return self._own(*args, **kwargs)

        request = prompt.request(self._llm, stream=False)
        return chop.run(request, self._shape(request), ask, **self._binding.options)

    async def answer_async(self) -> Any:
        chop = self._binding.chop
        if chop.inert or chop.inside():
            return await self._own(*self._args, **self._kwargs)
        prompt = self._prompt()
        if prompt is None:
            raise self._unseen(await self._own(*self._args, **self._kwargs))

        async def ask(sent: Request) -> Any:
            args, kwargs = prompt.put(sent)
            return await self._own(*args, **kwargs)

        request = prompt.request(self._llm, stream=False)
        return await chop.arun(request, self._shape(request), ask, **self._binding.options)

    def pieces(self) -> Any:
        chop = self._binding.chop
        if chop.inert or chop.inside():
            return self._own(*self._args, **self._kwargs)
        prompt = self._prompt()
        if prompt is None:
            raise self._unseen(self._own(*self._args, **self._kwargs))

        def ask(sent: Request) -> Any:
            args, kwargs = prompt.put(sent)
            return self._own(*args, **kwargs)

        request = prompt.request(self._llm, stream=True)
        shape = self._shape(request)
        return _delivered(chop.stream(request, shape, ask, **self._binding.options), shape)

    async def pieces_async(self) -> Any:
        chop = self._binding.chop
        if chop.inert or chop.inside():
            return await self._own(*self._args, **self._kwargs)
        prompt = self._prompt()
        if prompt is None:
            raise self._unseen(await self._own(*self._args, **self._kwargs))

        async def ask(sent: Request) -> AsyncIterator[Any]:
            args, kwargs = prompt.put(sent)
            pieces: AsyncIterator[Any] = (await self._own(*args, **kwargs)).__aiter__()
            return pieces

        request = prompt.request(self._llm, stream=True)
        shape = self._shape(request)
        return _delivered_async(chop.astream(request, shape, ask, **self._binding.options), shape)

    def _prompt(self) -> Prompt | None:
        return Prompt.find(self._binding.chop, self._args, self._kwargs, self._name)

    def _shape(self, request: Request) -> PieceShape:
        form = _CHAT if self._name == "messages" else _COMPLETION
        return PieceShape(form, whole=not request.stream, structured=request.structured)

    def _unseen(self, answer: object) -> RequestError:
        """Return the error for a call that the framework took without a prompt to be seen."""
        return RequestError(
            f"{type(self._llm).__name__} was called without {self._name}, so there was nothing "
            f"that could be screened; give it first, or as {self._name}="
        )


def _delivered(pieces: Generator[Any, Any, Any], shape: PieceShape) -> Generator[Any, None, None]:
    try:
        for piece in pieces:
            yield shape.deliver(piece)
    finally:
        pieces.close()


async def _delivered_async(pieces: Any, shape: PieceShape) -> Any:
    try:
        async for piece in pieces:
            yield shape.deliver(piece)
    finally:
        await pieces.aclose()
