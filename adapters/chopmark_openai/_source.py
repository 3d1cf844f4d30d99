"""Reads an HTTP response as the pieces of an answer, sync and async."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any

import anyio

from chopmark import Chunk

from ._form import Forms
from ._piece import OPAQUE, Answer, Piece
from ._sse import Cutter, event_data
from ._tree import parse

DRAIN_SECONDS = 0.1
"""How long the end of a stream's body is waited for, so that its connection can be used again."""


class ErrorStatus(Exception):  # noqa: N818  it ends up as a name in the record
    """The server answered with an error status; `response` goes to the caller untouched."""

    def __init__(self, response: Any) -> None:
        self.response = response
        super().__init__(response.status_code)


class ErrorEvent(Exception):  # noqa: N818  it ends up as a name in the record
    """The answer says that it failed; `piece` still goes to the caller."""

    def __init__(self, piece: Piece) -> None:
        self.piece = piece
        super().__init__("the answer says that it failed")


class Reader:
    """Turns the bytes of a body into pieces: events as they come, or one whole body."""

    def __init__(self, answer: Answer, *, whole: bool) -> None:
        self.done = False
        self._answer = answer
        self._cutter = None if whole else Cutter()
        self._forms = Forms()
        self._body: list[bytes] = []

    def feed(self, data: bytes) -> list[Piece]:
        """Take bytes, and return the pieces that are complete."""
        if self._cutter is None:
            self._body.append(data)
            return []
        return [self._event(event) for event in self._cutter.feed(data)]

    def finish(self) -> list[Piece]:
        """Return what the end of the body makes complete."""
        if self._cutter is not None:
            return [self._event(event) for event in self._cutter.finish()]
        body = b"".join(self._body)
        text = body.decode("utf-8", "surrogateescape")
        return [self._piece(body, text, whole=True)]

    def _event(self, event: bytes) -> Piece:
        line = event.decode("utf-8", "surrogateescape")
        fit = self._forms.fit(line)
        if fit is not None:
            self._answer.goes_on(fit)
            return Piece.of_fit(event, fit)
        text = event_data(event)
        if text is None:
            return Piece(event)
        if text.startswith("[DONE]"):
            self.done = True
            piece = Piece(event, places=self._answer.ending())
            piece.done = True
            return piece
        piece = self._piece(event, text, whole=False)
        self._learn(line, piece)
        return piece

    def _learn(self, event: str, piece: Piece) -> None:
        """Learn the form of an event that does no more than go on with a text."""
        data = piece.data
        if data is None or piece.failed or len(piece.places) != 1:
            return
        path, chunk = piece.places[0]
        if path and chunk.text and not chunk.last and self._answer.is_plain(data, chunk):
            self._forms.learn(event, data, path, chunk)

    def _piece(self, wire: bytes, text: str, *, whole: bool) -> Piece:
        data = parse(text)
        if not isinstance(data, dict):  # no JSON object: screened as it stands
            opaque = Chunk(text, "reasoning", OPAQUE, last=True)
            piece = Piece(wire, places=[((), opaque)] if text else ())
            piece.whole = whole
            return piece
        piece = Piece(wire, data, self._answer.locate(data, whole=whole))
        piece.whole = whole
        if data.get("error") or data.get("type") in _FAILED:
            piece.failed = True
            piece.texts = [""] * len(piece.chunks)  # nobody will have screened them
        return piece


_FAILED = ("error", "response.failed")


def _is_bare(response: Any) -> bool:
    """Return whether the bytes of a body come as they are, with nothing to decode."""
    return not response.is_stream_consumed and "content-encoding" not in response.headers


class Source:
    """The pieces of a response: its head, then its body until that ends or says so."""

    def __init__(self, response: Any, reader: Reader) -> None:
        self._response = response
        self._reader = reader
        self._bytes = response.iter_raw() if _is_bare(response) else response.iter_bytes()
        self._pieces = deque([Piece.of_head(response)])
        self._over = False

    def __iter__(self) -> Iterator[Piece]:
        return self

    def __next__(self) -> Piece:
        while not self._pieces:
            if self._over:
                raise StopIteration
            data = next(self._bytes, None)
            self._over = data is None
            self._pieces += self._reader.finish() if data is None else self._reader.feed(data)
        piece = self._pieces.popleft()
        if piece.done:
            self._over = True
            self._pieces.clear()
        if piece.failed:
            raise ErrorEvent(piece)
        return piece

    def close(self) -> None:
        """Close the response."""
        self._bytes.close()
        self._response.close()


class AsyncSource:
    """The same for an async client."""

    def __init__(self, response: Any, reader: Reader) -> None:
        self._response = response
        self._reader = reader
        self._bytes = response.aiter_raw() if _is_bare(response) else response.aiter_bytes()
        self._pieces = deque([Piece.of_head(response)])
        self._over = False

    def __aiter__(self) -> AsyncIterator[Piece]:
        return self

    async def __anext__(self) -> Piece:
        while not self._pieces:
            if self._over:
                raise StopAsyncIteration
            data = await anext(self._bytes, None)
            self._over = data is None
            self._pieces += self._reader.finish() if data is None else self._reader.feed(data)
        piece = self._pieces.popleft()
        if piece.done:
            self._over = True
            self._pieces.clear()
        if piece.failed:
            raise ErrorEvent(piece)
        return piece

    async def aclose(self) -> None:
        """Close the response; after the end was said, read what is left, so that the connection
        can be used again, as the client itself does.
        """
        if self._reader.done and self._response.http_version == "HTTP/1.1":
            with anyio.move_on_after(DRAIN_SECONDS), suppress(Exception):
                async for _ in self._bytes:
                    pass
        await self._bytes.aclose()
        await self._response.aclose()
