"""Guards plain Python: `@chop.guard` on a function that takes a prompt and answers with text."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, TypeVar, overload

from ._errors import PolicyBlocked, RequestError
from ._given import check_on_block, check_on_response
from ._quick import maker
from ._shape import OnBlock
from ._values import Chunk, Kind, Message, Request, Response, Usage

if TYPE_CHECKING:
    from ._chopmark import Chopmark, Done

F = TypeVar("F", bound=Callable[..., Any])
_make_request, _make_message = maker(Request), maker(Message)


class TextShape:
    """The shape of an answer whose pieces are plain strings.

    `whole` says that one piece is the whole answer, `structured` that the answer is JSON.
    """

    def __init__(self, *, whole: bool, structured: bool = False) -> None:
        self._whole = whole
        self._kind: Kind = "structured" if structured else "answer"
        self.strings = not whole and not structured

    def read(self, raw: str) -> Sequence[Chunk]:
        """Return the piece as a chunk."""
        if not isinstance(raw, str):
            raise RequestError(
                f"a guarded function answered with {type(raw).__name__}, not with text; return "
                "or yield strings, json.dumps(...) for a program, or guard the model object with "
                "an adapter"
            )
        return (Chunk(raw, self._kind, 0, self._whole),)

    def write(self, raw: str, texts: Sequence[str], tails: Sequence[Chunk]) -> Sequence[str]:
        """Return the text that goes out; nothing where all of it is held."""
        if tails:
            texts = ("".join([texts[0], *[tail.text for tail in tails]]),)
        return texts if texts[0] or self._whole else ()

    def tail(self, tails: Sequence[Chunk]) -> Sequence[str]:
        """Return the tails as pieces."""
        return [tail.text for tail in tails]

    def seal(self, held: Sequence[str], response: Response) -> Sequence[str]:
        """Return what was held: plain text carries no metadata."""
        return held

    def usage(self, raw: str) -> Usage | None:
        """Return None: plain text counts no tokens."""
        return None

    def refuse(self, response: Response) -> Sequence[str]:
        """Return the refusal text."""
        return (response.refusal,)

    def error(self, response: Response) -> PolicyBlocked:
        """Return the block as it is."""
        return PolicyBlocked(response)


class Decorator:
    """What `chop.guard` is: use it bare, or with options.

    @chop.guard
    def answer(prompt: str) -> str: ...

    @chop.guard(prompt="question", on_block="refuse")
    async def stream(question: str) -> AsyncIterator[str]: ...
    """

    def __init__(self, chop: Chopmark) -> None:
        self._chop = chop

    @overload
    def __call__(self, function: F, /) -> F: ...

    @overload
    def __call__(
        self,
        /,
        *,
        prompt: str = ...,
        on_block: OnBlock = ...,
        audience: str = ...,
        structured: bool = ...,
        on_response: Done | None = ...,
    ) -> Callable[[F], F]: ...

    def __call__(
        self,
        function: F | None = None,
        /,
        *,
        prompt: str = "",
        on_block: OnBlock = "raise",
        audience: str = "",
        structured: bool = False,
        on_response: Done | None = None,
    ) -> F | Callable[[F], F]:
        """Guard `function`.

        Args:
            function: takes a prompt and returns text, or yields pieces of it; may be async.
            prompt: the name of the parameter that holds the prompt, by default the first one.
                It is a string, or a list of `{"role": ..., "content": ...}` messages.
            on_block: `raise` raises `PolicyBlocked`, `refuse` answers with the refusal text.
            audience: the audience of every call, as the policy names it.
            structured: whether the answer is JSON for a program: no mark is written into it.
            on_response: told how each call ended.

        Raises:
            RequestError: the function has no such parameter, or an option cannot be used.
        """
        check_on_block(on_block)
        check_on_response(on_response)

        def decorate(function: F) -> F:
            options: dict[str, Any] = {"on_block": on_block, "done": on_response}
            guarded = _Guarded(self._chop, function, prompt, audience, structured, options)
            return guarded.wrapper()  # type: ignore[no-any-return]

        return decorate if function is None else decorate(function)


class _Guarded:
    def __init__(
        self,
        chop: Chopmark,
        function: Callable[..., Any],
        prompt: str,
        audience: str,
        structured: bool,
        options: dict[str, Any],
    ) -> None:
        self.chop, self.function, self.options = chop, function, options
        self.audience, self.structured = audience, structured
        self.name = getattr(function, "__qualname__", repr(function))
        if not callable(function):
            raise RequestError(
                f"chop.guard is for functions, and {function!r} is none; guard a model object with "
                "the adapter of its framework"
            )
        try:
            self.signature = inspect.signature(function)
        except ValueError as error:
            raise RequestError(
                f"{self.name}() does not say which parameters it has; guard a function of yours "
                "that calls it"
            ) from error
        parameters = self.signature.parameters
        # So many arguments need no binding by the rules, which takes a while.
        ordinary = all(p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters.values())
        self.plain = len(parameters) if ordinary else -1
        names = [n for n in parameters if n not in ("self", "cls")]
        self.prompt = prompt or (names[0] if names else "")
        if not names:
            raise RequestError(f"{self.name}() takes no prompt; guard a function that does")
        if self.prompt not in names:
            raise RequestError(
                f"{self.name}() has no parameter {self.prompt!r} to screen; name the one that "
                'holds the prompt: @chop.guard(prompt="...")'
            )
        self.at = list(parameters).index(self.prompt)

    def wrapper(self) -> Any:
        function, chop = self.function, self.chop
        if inspect.isasyncgenfunction(function):

            @wraps(function)
            async def pieces_async(*args: Any, **kwargs: Any) -> AsyncIterator[str]:
                if chop.inert or chop.inside():
                    async for piece in function(*args, **kwargs):
                        yield piece
                    return
                request, call = self.request(args, kwargs, stream=True)

                async def ask(sent: Request) -> AsyncIterator[str]:
                    return call(sent)  # type: ignore[no-any-return]

                shape = self.shape(whole=False)
                guarded = chop.astream(request, shape, ask, **self.options)
                try:
                    async for piece in guarded:
                        yield piece
                finally:
                    await guarded.aclose()

            return pieces_async
        if inspect.iscoroutinefunction(function):

            @wraps(function)
            async def answer_async(*args: Any, **kwargs: Any) -> str:
                if chop.inert or chop.inside():
                    return await function(*args, **kwargs)  # type: ignore[no-any-return]
                request, call = self.request(args, kwargs, stream=False)

                async def ask(sent: Request) -> str:
                    return await call(sent)  # type: ignore[no-any-return]

                return await chop.arun(request, self.shape(whole=True), ask, **self.options)

            return answer_async
        if inspect.isgeneratorfunction(function):

            @wraps(function)
            def pieces(*args: Any, **kwargs: Any) -> Iterator[str]:
                if chop.inert or chop.inside():
                    yield from function(*args, **kwargs)
                    return
                request, call = self.request(args, kwargs, stream=True)
                yield from chop.stream(request, self.shape(whole=False), call, **self.options)

            return pieces

        @wraps(function)
        def answer(*args: Any, **kwargs: Any) -> str:
            if chop.inert or chop.inside():
                return function(*args, **kwargs)  # type: ignore[no-any-return]
            request, call = self.request(args, kwargs, stream=False)
            return chop.run(request, self.shape(whole=True), call, **self.options)

        return answer

    def shape(self, *, whole: bool) -> TextShape:
        return TextShape(whole=whole, structured=self.structured)

    def request(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], *, stream: bool
    ) -> tuple[Request, Callable[[Request], Any]]:
        """Return the request, and what calls the function with it as it may be sent."""
        if not kwargs and len(args) == self.plain:
            value = args[self.at]
            call = partial(self.call, args, value)
        else:
            bound = self.signature.bind(*args, **kwargs)
            bound.apply_defaults()
            value = bound.arguments[self.prompt]
            call = partial(self.call_bound, bound, value)
        request = _make_request(
            messages=_messages(value, self.name),
            adapter="python",
            model=self.name,
            audience=self.audience,
            stream=stream,
            structured=self.structured,
        )
        return request, call

    def call(self, args: tuple[Any, ...], value: object, sent: Request) -> Any:
        prompt = _sent(value, sent)
        if prompt is not value:
            args = (*args[: self.at], prompt, *args[self.at + 1 :])
        return self.function(*args)

    def call_bound(self, bound: inspect.BoundArguments, value: object, sent: Request) -> Any:
        bound.arguments[self.prompt] = _sent(value, sent)
        return self.function(*bound.args, **bound.kwargs)


def _sent(value: Any, sent: Request) -> object:
    """Return the prompt `value` with the texts of the screened messages."""
    if isinstance(value, str):
        return sent.messages[0].text
    return [
        {**message, "content": screened.text}
        for message, screened in zip(value, sent.messages, strict=True)
    ]


def _messages(value: object, name: str) -> tuple[Message, ...]:
    if isinstance(value, str):
        return (_make_message(role="user", text=value),)
    if not isinstance(value, list | tuple):
        raise RequestError(
            f"the prompt of {name}() is {type(value).__name__}; give a string or a list of "
            '{"role": ..., "content": ...} messages'
        )
    messages = []
    for message in value:
        content = message.get("content") if isinstance(message, dict) else None
        if not isinstance(content, str):
            what = f"is {type(message).__name__}"
            if isinstance(message, dict):
                what = f"has {type(content).__name__} for content"
            raise RequestError(
                f"a message of the prompt of {name}() {what}; "
                'give {"role": "user", "content": "..."}, the content being a string'
            )
        messages.append(Message(role=str(message.get("role", "user")), text=content))
    return tuple(messages)
