"""Server-sent events of a guarded answer, for web applications that stream to pages of their own.

    @chop.guard
    async def answer(question: str) -> AsyncIterator[str]: ...

    return StreamingResponse(aevents(answer(question)), media_type="text/event-stream")

The data of every event is one JSON object. `text` events have a piece of the answer in `text`.
The last event is `end`, or `blocked` with the refusal in `text`. What stands beside the answer
(`Response.labels`, for example `aigc`) is in the first event and in the last one, under its key.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping

from ._errors import PolicyBlocked
from ._heard import Heard, hearing


def events(pieces: Iterable[str]) -> Iterator[str]:
    """Yield the events of an answer.

    Args:
        pieces: texts as they come. The guarded call must be made while they are read, as in a
            generator that makes it; with several calls the last one that began is told of.
    """
    heard = Heard()
    writer = _Writer(heard)
    iterator = iter(pieces)
    try:
        while True:
            with hearing(heard):
                piece = next(iterator, None)
            if piece is None:
                break
            if piece:
                yield writer.text(piece)
        yield writer.end()
    except PolicyBlocked as blocked:
        yield writer.blocked(blocked)
    finally:
        close = getattr(iterator, "close", None)
        if close is not None:
            close()


async def aevents(pieces: AsyncIterable[str]) -> AsyncIterator[str]:
    """Yield the events of an answer, as `events` does."""
    heard = Heard()
    writer = _Writer(heard)
    iterator = aiter(pieces)
    try:
        while True:
            with hearing(heard):
                piece = await anext(iterator, None)
            if piece is None:
                break
            if piece:
                yield writer.text(piece)
        yield writer.end()
    except PolicyBlocked as blocked:
        yield writer.blocked(blocked)
    finally:
        close = getattr(iterator, "aclose", None)
        if close is not None:
            await close()


_ODD = re.compile("[\x85\u2028\u2029\ud800-\udfff]")
"""Line ends to some readers of lines, and surrogates, which UTF-8 cannot hold."""


class _Writer:
    """Writes the events of one answer."""

    def __init__(self, heard: Heard) -> None:
        self._heard = heard
        self._first = True

    def text(self, piece: str) -> str:
        labels = self._heard.labels if self._first else {}
        self._first = False
        return _event("text", {"text": piece}, labels)

    def end(self) -> str:
        return _event("end", {}, self._heard.labels)

    def blocked(self, blocked: PolicyBlocked) -> str:
        response = blocked.response
        return _event("blocked", {"text": response.refusal}, response.labels)


def _event(name: str, data: Mapping[str, object], labels: Mapping[str, Mapping[str, str]]) -> str:
    """Return one event; JSON has no line breaks in it, so its data is one line."""
    found = {**{key: dict(label) for key, label in labels.items()}, **data}
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    if not text.isascii():
        text = _ODD.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return f"event: {name}\ndata: {text}\n\n"
