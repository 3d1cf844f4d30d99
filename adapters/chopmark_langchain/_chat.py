"""Guards chat models on the methods that a provider's package defines.

Only methods that the user's class has are overridden: core asks `type(model)._stream` whether a
model streams, and `type(model).bind_tools` whether it knows tools.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial, wraps
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.outputs import ChatResult

from chopmark import Chopmark, Request

from ._calls import STRUCTURED, Call, astream_method, guards, stream_method
from ._chunks import ChunkShape
from ._events import EventShape, acomplete, arebuilt, complete, rebuilt
from ._guarding import Guarding, class_of, subclass, swapped
from ._holding import GuardedModel, guardings, hold
from ._request import request, sent
from ._results import ResultShape
from ._runs import whole
from ._tool_calls import without_marks


class GuardedChat(GuardedModel):
    """What a guarded chat model can do beside what its own class can."""

    @staticmethod
    def _chopmark_again(bare: Any, guarding: Guarding) -> Any:
        return guard_chat(bare, guarding)

    # Core takes out the keyword that says that JSON was asked for, so it is noted before.

    def generate(self, *args: Any, **kwargs: Any) -> Any:
        """Ask for whole answers."""
        return super().generate(*args, **_noted(self, kwargs))  # type: ignore[misc]

    async def agenerate(self, *args: Any, **kwargs: Any) -> Any:
        """Ask for whole answers."""
        return await super().agenerate(*args, **_noted(self, kwargs))  # type: ignore[misc]

    def stream(self, *args: Any, **kwargs: Any) -> Any:
        """Ask for an answer in pieces."""
        return super().stream(*args, **_noted(self, kwargs))  # type: ignore[misc]

    def astream(self, *args: Any, **kwargs: Any) -> Any:
        """Ask for an answer in pieces."""
        return super().astream(*args, **_noted(self, kwargs))  # type: ignore[misc]

    def stream_events(self, *args: Any, **kwargs: Any) -> Any:
        """Ask for an answer as events."""
        return super().stream_events(*args, **_noted(self, kwargs))  # type: ignore[misc]

    def astream_events(self, *args: Any, **kwargs: Any) -> Any:
        """Ask for an answer as events."""
        return super().astream_events(*args, **_noted(self, kwargs))  # type: ignore[misc]


def _noted(model: GuardedChat, kwargs: dict[str, Any]) -> dict[str, Any]:
    asked = kwargs.get("ls_structured_output_format") or kwargs.get("structured_output_format")
    if not asked or all(guarding.chop.inert for guarding in guardings(class_of(model))):
        return kwargs
    # A tool call that carries a structured answer shows in the answer itself.
    method = (asked.get("kwargs") or {}).get("method", "json_schema")
    return kwargs if method == "function_calling" else {**kwargs, STRUCTURED: True}


def guard_chat(model: Any, guarding: Guarding) -> Any:
    """Return a guarded copy of a chat model, of a subclass of its own class."""
    guarded = swapped(model, guarded_chat(class_of(model), guarding))
    if guarding.on_block == "refuse" and not guarding.chop.inert:
        # A refusal is an answer then, and may come of a detector that broke: it must not be
        # served again tomorrow.
        guarded.cache = False
    return guarded


@lru_cache(maxsize=256)
def guarded_chat(cls: Any, guarding: Guarding) -> type:
    """Return the guarded subclass of a class of chat models."""
    methods: dict[str, Any] = {
        "_generate": _generate(cls._generate, guarding),
        "_agenerate": _agenerate(cls._agenerate, guarding),
    }
    plain = BaseChatModel
    if cls._stream is not plain._stream:
        methods["_stream"] = stream_method(cls._stream, guarding, _ChatCall, ChunkShape)
    if cls._stream is not plain._stream or cls._astream is not plain._astream:
        methods["_astream"] = astream_method(cls._astream, guarding, _ChatCall, ChunkShape)
    name = "_stream_chat_model_events"
    if (native := getattr(cls, name, None)) is not None:
        around = (complete, rebuilt)
        methods[name] = stream_method(native, guarding, _ChatCall, EventShape, *around)
    name = "_astream_chat_model_events"
    if (native := getattr(cls, name, None)) is not None:
        aaround = (acomplete, arebuilt)
        methods[name] = astream_method(native, guarding, _ChatCall, EventShape, *aaround)
    methods["bind"] = _held(cls.bind, guarding)
    knows_tools = cls.bind_tools is not plain.bind_tools
    if knows_tools:
        methods["bind_tools"] = _held(cls.bind_tools, guarding)
    if knows_tools or cls.with_structured_output is not plain.with_structured_output:
        methods["with_structured_output"] = _held(cls.with_structured_output, guarding)
    return subclass(cls, GuardedChat, guarding, methods)


class _ChatCall(Call):
    def bare(self, chop: Chopmark, asked: Any) -> Any:
        return without_marks(chop, asked)

    def make(self, stream: bool) -> Request:
        return request(
            self.asked,
            model=self.model,
            stream=stream,
            structured=self.structured,
            parameters=self.parameters,
        )

    def first(self, screened: Request) -> Any:
        return sent(self.asked, self.request, screened)


def _generate(base: Callable[..., ChatResult], guarding: Guarding) -> Callable[..., ChatResult]:
    @wraps(base)
    def generate(self: Any, *args: Any, **kwargs: Any) -> ChatResult:
        if guarding.idle:
            kwargs.pop(STRUCTURED, None)
            return base(self, *args, **kwargs)
        call = _ChatCall(self, guarding.chop, args, kwargs, stream=False)

        def ask(screened: Request) -> ChatResult:
            args, kwargs = call.sent(base, screened)
            return base(self, *args, **kwargs)

        shape = ResultShape(structured=call.structured)
        result = guarding.chop.run(
            call.request, shape, ask, on_block=guarding.on_block, done=guarding.on_response
        )
        call.tell(partial(whole, result, call.manager))
        return result

    return guards(generate)  # type: ignore[no-any-return]


def _agenerate(base: Callable[..., Any], guarding: Guarding) -> Callable[..., Any]:
    @wraps(base)
    async def agenerate(self: Any, *args: Any, **kwargs: Any) -> ChatResult:
        if guarding.idle:
            kwargs.pop(STRUCTURED, None)
            return await base(self, *args, **kwargs)  # type: ignore[no-any-return]
        call = _ChatCall(self, guarding.chop, args, kwargs, stream=False)

        async def ask(screened: Request) -> ChatResult:
            args, kwargs = call.sent(base, screened)
            return await base(self, *args, **kwargs)  # type: ignore[no-any-return]

        shape = ResultShape(structured=call.structured)
        result = await guarding.chop.arun(
            call.request, shape, ask, on_block=guarding.on_block, done=guarding.on_response
        )
        await call.atell(partial(whole, result, call.manager))
        return result

    return guards(agenerate)  # type: ignore[no-any-return]


def _held(base: Callable[..., Any], guarding: Guarding) -> Callable[..., Any]:
    @wraps(base)
    def held(self: Any, *args: Any, **kwargs: Any) -> Any:
        return hold(base(self, *args, **kwargs), guarding)

    return held
