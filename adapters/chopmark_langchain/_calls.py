"""Stands between core and a provider's methods, for one call at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from functools import wraps
from typing import Any

from chopmark import Chopmark, Request
from chopmark.adapting import parameters

from ._guarding import Guarding
from ._request import asks_json, model_name
from ._runs import atold, muted, told

STRUCTURED = "chopmark_structured"
"""The keyword by which the public methods tell the inner ones that JSON was asked for."""
_GUARDS = "_chopmark_guards"


class Call:
    """The arguments of a provider's method: what is asked first, then `stop`, `run_manager`.

    Subclasses say how a request is made of what is asked, and back.
    """

    name = "messages"

    def __init__(
        self,
        model: Any,
        chop: Chopmark,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        stream: bool,
    ) -> None:
        self._args, self._kwargs = args, kwargs
        self.asked: Any = self.bare(chop, args[0] if args else kwargs[self.name])
        self.manager: Any = kwargs.get("run_manager") or (args[2] if len(args) > 2 else None)
        self.quiet: Any = muted(self.manager)
        self.structured: bool = kwargs.pop(STRUCTURED, False) or asks_json(model, kwargs)
        self.model = model_name(model, kwargs)
        self.parameters = parameters(model.__dict__, kwargs)
        self.request = self.make(stream)

    def bare(self, chop: Chopmark, asked: Any) -> Any:
        """Return what is asked without our marks, where no text of the request holds them."""
        return asked

    def make(self, stream: bool) -> Request:
        """Return the request for what is asked."""
        raise NotImplementedError

    def first(self, screened: Request) -> Any:
        """Return what is asked, with the texts of `screened`."""
        raise NotImplementedError

    def sent(self, base: Any, screened: Request) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments for `base`: what may be asked, and a muted run manager."""
        return self.arguments(base, self.first(screened))

    def arguments(self, base: Any, first: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments for `base` with `first` asked, and a muted run manager."""
        args, kwargs = list(self._args), dict(self._kwargs)
        if self.structured and hasattr(base, _GUARDS):
            kwargs[STRUCTURED] = True  # another policy's guard: it takes the keyword out again
        if args:
            args[0] = first
        else:
            kwargs[self.name] = first
        if self.quiet is not None:
            if "run_manager" in kwargs:
                kwargs["run_manager"] = self.quiet
            else:
                args[2] = self.quiet
        return tuple(args), kwargs

    def tell(self, chunks: Callable[[], Iterator[Any]]) -> None:
        """Report a whole answer, if the model reported tokens on the way to it."""
        if self.quiet is not None and self.quiet.heard.tokens:
            for chunk in chunks():
                self.manager.on_llm_new_token(chunk.text, chunk=chunk)

    async def atell(self, chunks: Callable[[], Iterator[Any]]) -> None:
        """Report a whole answer, if the model reported tokens on the way to it."""
        if self.quiet is not None and self.quiet.heard.tokens:
            for chunk in chunks():
                await self.manager.on_llm_new_token(chunk.text, chunk=chunk)


def guards(method: Any) -> Any:
    """Mark a method as one that guards, so that another policy's guard knows it."""
    setattr(method, _GUARDS, True)
    return method


def stream_method(
    base: Callable[..., Iterator[Any]],
    guarding: Guarding,
    call_class: type[Call],
    shape: Callable[..., Any],
    before: Callable[[Any], Iterator[Any]] = iter,
    after: Callable[[Any], Iterator[Any]] | None = None,
) -> Callable[..., Iterator[Any]]:
    """Return `base`, a method that streams, guarded.

    `before` has the first word on what the model gives, `after` the last on what goes out.
    """

    @wraps(base)
    def stream(self: Any, *args: Any, **kwargs: Any) -> Iterator[Any]:
        if guarding.idle:
            kwargs.pop(STRUCTURED, None)
            return base(self, *args, **kwargs)
        call = call_class(self, guarding.chop, args, kwargs, stream=True)

        def ask(screened: Request) -> Iterator[Any]:
            args, kwargs = call.sent(base, screened)
            return before(base(self, *args, **kwargs))

        pieces = guarding.chop.stream(
            call.request,
            shape(structured=call.structured),
            ask,
            on_block=guarding.on_block,
            done=guarding.on_response,
        )
        if after is not None:
            return after(pieces)
        return pieces if call.quiet is None else told(pieces, call.manager, call.quiet)

    return guards(stream)  # type: ignore[no-any-return]


def astream_method(
    base: Callable[..., AsyncIterator[Any]],
    guarding: Guarding,
    call_class: type[Call],
    shape: Callable[..., Any],
    before: Callable[[Any], AsyncIterator[Any]] = aiter,
    after: Callable[[Any], AsyncIterator[Any]] | None = None,
) -> Callable[..., AsyncIterator[Any]]:
    """Return `base`, an async method that streams, guarded."""

    @wraps(base)
    def astream(self: Any, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        if guarding.idle:
            kwargs.pop(STRUCTURED, None)
            return base(self, *args, **kwargs)
        call = call_class(self, guarding.chop, args, kwargs, stream=True)

        async def ask(screened: Request) -> AsyncIterator[Any]:
            args, kwargs = call.sent(base, screened)
            return before(base(self, *args, **kwargs))

        pieces = guarding.chop.astream(
            call.request,
            shape(structured=call.structured),
            ask,
            on_block=guarding.on_block,
            done=guarding.on_response,
        )
        if after is not None:
            return after(pieces)
        return pieces if call.quiet is None else atold(pieces, call.manager, call.quiet)

    return guards(astream)  # type: ignore[no-any-return]
