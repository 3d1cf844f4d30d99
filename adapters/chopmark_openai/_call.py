"""One guarded exchange with the server, sync and async."""

from __future__ import annotations

from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass, field
from typing import Any

from chopmark import Chopmark, Message, OnBlock, PolicyBlocked, Request, RequestError, Response
from chopmark.adapting import check_on_block, check_on_response, parameters

from ._blocked import openai_errors
from ._endpoint import Endpoint, find_endpoint
from ._http import streamed_response, whole_response
from ._passed import Passed
from ._piece import Answer, Piece, WireShape, render, render_cut
from ._prompt import arguments, embedded, structured, unreadable, user
from ._source import AsyncSource, ErrorEvent, ErrorStatus, Reader, Source
from ._tree import Path

Changes = list[tuple[Path, Any]]
"""What of the request's body the policy changed, and what is sent instead."""
HttpResponse = Any
"""A `Response` of httpx or httpx2."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How calls are guarded."""

    chop: Chopmark
    on_block: OnBlock
    on_response: Callable[[Response], None] | None
    passed: Passed = field(default_factory=Passed, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.chop, Chopmark):
            raise TypeError(
                f"a Chopmark is needed, not {type(self.chop).__name__}; make one: "
                'Chopmark(policy="cn")'
            )
        check_on_block(self.on_block)
        check_on_response(self.on_response)

    def endpoint(self, method: str, path: str) -> Endpoint | None:
        """Return the endpoint to guard; None where the request passes through."""
        if self.chop.inert or self.chop.inside():
            return None
        endpoint = find_endpoint(method, path)
        if endpoint is None:
            self.passed.note(method, path)
        return endpoint

    def note_socket(self, name: str) -> None:
        """Say that the WebSocket `name` passes through."""
        if not (self.chop.inert or self.chop.inside()):
            self.passed.note_endpoint(name)


def unmarked(chop: Chopmark, body: Any) -> Changes:
    """Return what is sent in the place of texts with our marks, which are to be embedded.

    Raises:
        OpenAIError: a marker broke while it looked for its marks.
    """
    with openai_errors():
        bare = ((path, text, chop.strip(text)) for path, text in embedded(body))
        return [(path, new) for path, text, new in bare if new is not text]


class Call:
    """One guarded exchange.

    Args:
        setting: how to guard it.
        endpoint: what is asked.
        body: the request's body as parsed JSON, None where it is none.
        stream: whether a stored answer is asked for as a stream; else the body says so.

    Raises:
        RequestError: there are detectors, and the prompt cannot be read.
    """

    def __init__(
        self,
        setting: Setting,
        endpoint: Endpoint,
        body: Any,
        *,
        stream: bool = False,
    ) -> None:
        self._setting = setting
        if not isinstance(body, Mapping):
            if not endpoint.stored:
                self._check(f"the body of a request to /{endpoint.name} is no JSON object")
            body = {}
        elif endpoint.name == "completions" and unreadable(body):
            self._check("a prompt of token ids is no text")
        self._slots = [] if endpoint.stored else list(endpoint.slots(body))
        with openai_errors():
            self._bare = [] if endpoint.stored else _without_marks(setting.chop, body)
        self.request = Request(
            messages=tuple(Message(role=role, text=text) for _, role, text in self._slots),
            model=str(body.get("model", "")),
            adapter="openai",
            user=user(body),
            stream=stream or bool(body.get("stream")),
            structured=structured(body),
            parameters=parameters(body),
        )
        self._answer = endpoint.answer(body)
        self._shape = WireShape(self._answer, whole=not self.request.stream)

    def _check(self, fault: str) -> None:
        if self._setting.chop.detectors:
            with openai_errors():
                raise RequestError(f"{fault}, so it cannot be screened; send text")

    def _changes(self, sent: Request) -> Changes:
        asked = self.request.messages
        if sent.messages is asked:
            return self._bare
        if len(sent.messages) != len(asked):
            raise RequestError(
                f"a wrapper made {len(sent.messages)} messages of {len(asked)}; it may change "
                "their texts, not their number"
            )
        texts = [
            (slot[0], message.text)
            for slot, message in zip(self._slots, sent.messages, strict=True)
            if message.text != slot[2]
        ]
        return [*self._bare, *texts]

    def _reader(self, response: HttpResponse) -> Reader:
        """Return what reads `response`.

        Raises:
            ErrorStatus: it is no answer.
        """
        if not 200 <= response.status_code < 300:
            raise ErrorStatus(response)
        kind = response.headers.get("content-type", "").lower()
        asked = self.request.stream and "json" not in kind
        self._shape.whole = not asked and "event-stream" not in kind
        return Reader(self._answer, whole=self._shape.whole)

    # Sync.

    def send(
        self,
        send: Callable[[Changes], HttpResponse],
        make: Callable[[], HttpResponse],
        *,
        lazy: bool,
    ) -> HttpResponse:
        """Send the request, and return the response as the caller may see it.

        Args:
            send: sends the request, with these texts changed.
            make: makes a response to fill, for a refusal that the server knows nothing of.
            lazy: whether the body is made while the caller reads it.
        """

        def ask(sent: Request) -> Iterable[Piece]:
            response = send(self._changes(sent))
            return Source(response, self._reader(response))

        setting = self._setting
        pieces = setting.chop.stream(
            self.request, self._shape, ask, on_block=setting.on_block, done=setting.on_response
        )
        try:
            with openai_errors():
                first = next(pieces)
        except ErrorStatus as failed:
            return failed.response
        parts = self._parts(first, pieces)
        inner = first.head or make()
        if lazy:
            return streamed_response(inner, parts, pieces, is_async=False)
        return whole_response(inner, b"".join(parts))

    def _parts(self, first: Piece, pieces: Iterable[Piece]) -> Iterator[bytes]:
        """Return the bytes of the body, piece by piece."""
        out = _Rendering(self._answer, first)
        with openai_errors():
            try:
                for piece in pieces:
                    yield from out.take(piece)
            except ErrorEvent as failed:
                yield from (*out.rest(), render(self._answer, failed.piece))
            except PolicyBlocked:
                yield from out.rest(cut=True)
                raise
            else:
                yield from out.rest()

    # Async: the same, awaited.

    async def asend(
        self,
        send: Callable[[Changes], Awaitable[HttpResponse]],
        make: Callable[[], HttpResponse],
        *,
        lazy: bool,
    ) -> HttpResponse:
        """Send the request, and return the response as the caller may see it, as `send` does."""

        async def ask(sent: Request) -> AsyncIterator[Piece]:
            response = await send(self._changes(sent))
            return AsyncSource(response, self._reader(response))

        setting = self._setting
        pieces = setting.chop.astream(
            self.request, self._shape, ask, on_block=setting.on_block, done=setting.on_response
        )
        try:
            with openai_errors():
                first = await anext(pieces)
        except ErrorStatus as failed:
            return failed.response
        parts = self._aparts(first, pieces)
        inner = first.head or make()
        if lazy:
            return streamed_response(inner, parts, pieces, is_async=True)
        return whole_response(inner, b"".join([part async for part in parts]))

    async def _aparts(self, first: Piece, pieces: AsyncIterator[Piece]) -> AsyncIterator[bytes]:
        out = _Rendering(self._answer, first)
        with openai_errors():
            try:
                async for piece in pieces:
                    for part in out.take(piece):
                        yield part
            except ErrorEvent as failed:
                for part in (*out.rest(), render(self._answer, failed.piece)):
                    yield part
            except PolicyBlocked:
                for part in out.rest(cut=True):
                    yield part
                raise
            else:
                for part in out.rest():
                    yield part


class _Rendering:
    """Makes pieces into bytes of the body.

    A piece that ends a text waits for what follows it: only that tells whether the policy ended
    the call there.
    """

    def __init__(self, answer: Answer, first: Piece) -> None:
        self._answer = answer
        self._waiting = None if first.head is not None else first

    def take(self, piece: Piece) -> Sequence[bytes]:
        """Return what goes out now that `piece` is there."""
        if self._waiting is None and not piece.ends:
            return (render(self._answer, piece),)
        rest = self.rest(cut=piece.refused is not None)
        if piece.ends:
            self._waiting = piece
            return rest
        return (*rest, render(self._answer, piece))

    def rest(self, *, cut: bool = False) -> Sequence[bytes]:
        """Return what waited; `cut` is whether the policy ended the call behind it."""
        waiting, self._waiting = self._waiting, None
        if waiting is None:
            return ()
        return (render_cut(self._answer, waiting) if cut else render(self._answer, waiting),)


def _without_marks(chop: Chopmark, body: Mapping[str, Any]) -> Changes:
    """Return what is sent of earlier tool calls where our marks are in their arguments."""
    bare = ((path, given, chop.strip_arguments(given)) for path, given in arguments(body))
    return [(path, new) for path, given, new in bare if new is not given]
