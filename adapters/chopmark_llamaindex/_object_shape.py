"""The shape of an answer that is an object, or an object that grows, judged as its JSON.

A growing object comes as one snapshot after another. Its JSON without the closing brackets grows
with it as long as fields come in order, so that only what is new is judged; a snapshot that is no
continuation is judged from its start. A snapshot goes out once all of its text may.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from chopmark import Chunk, PolicyBlocked, RequestError, Response, Usage

from ._blocked import LlamaIndexBlocked
from ._channel import Channel

_CLOSING = '"]}'


class ObjectShape:
    """The shape of one call. `whole` says that one object is the whole answer."""

    def __init__(self, *, whole: bool) -> None:
        self._whole = whole
        self._channel = Channel("structured")
        self._waiting: deque[tuple[int, Any]] = deque()  # with the length of its JSON
        self._last: Any = None
        self._closing = ""
        self._pending = False

    def read(self, raw: Any) -> Sequence[Chunk]:
        """Return what `raw` adds to the JSON."""
        text = _json(raw)
        kept = text if self._whole else text.rstrip(_CLOSING)
        if not kept.startswith(self._channel.seen):
            self._channel = Channel("structured", self._channel.index + 1)
            self._waiting.clear()
        channel = self._channel
        channel.take(kept)
        self._waiting.append((len(kept), raw))
        self._last, self._closing, self._pending = raw, text[len(kept) :], True
        return (Chunk(channel.new, channel.kind, channel.index, self._whole),)

    def write(self, raw: Any, texts: Sequence[str], tails: Sequence[Chunk]) -> Sequence[Any]:
        """Return the snapshots all of whose text may go out now."""
        self._pending = False
        self._channel.give(texts[0])
        return self.tail(tails)

    def deliver(self, piece: Any) -> Sequence[Any]:
        """Return what goes to the caller for an object that comes out of the flow."""
        if not self._pending or piece is not self._last:
            return (piece,)
        self._pending = False
        self._channel.give(self._channel.new)
        return self._due()

    def tail(self, tails: Sequence[Chunk]) -> Sequence[Any]:
        """Return the snapshots that wait no longer."""
        for tail in tails:
            if tail.index == self._channel.index:
                self._channel.give(tail.text)
        return [self._last] if self._whole else self._due()

    def seal(self, held: Sequence[Any], response: Response) -> Sequence[Any]:
        """Return the last object, with the texts that may be shown where these are others.

        Raises:
            RequestError: its class does not take them.
        """
        channel = self._channel
        if self._last is None or channel.level:
            return [self._last] if self._whole else self._due()
        return (_with_json(self._last, channel.out + self._closing),)

    def usage(self, raw: Any) -> Usage | None:
        """Return None: objects count no tokens."""
        return None

    def refuse(self, response: Response) -> Sequence[Any]:
        """Raise the block: an object cannot be a refusal."""
        raise self.error(response)

    def error(self, response: Response) -> PolicyBlocked:
        """Return the block as an error."""
        return LlamaIndexBlocked(response)

    def _due(self) -> list[Any]:
        """Return the snapshots that wait and whose text is out, unless a text was replaced."""
        channel, due = self._channel, []
        if channel.seen.startswith(channel.out):
            while self._waiting and self._waiting[0][0] <= len(channel.out):
                due.append(self._waiting.popleft()[1])
        return due


def _json(found: Any) -> str:
    """Return the JSON of `found` without the fields that are None, as not set yet."""
    if isinstance(found, BaseModel):
        found = found.model_dump(mode="json", by_alias=True, exclude_none=True)
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"), default=str)


def _with_json(found: Any, text: str) -> Any:
    """Return an object like `found` that `text` is the JSON of."""
    data = json.loads(text)
    if not isinstance(found, BaseModel):
        return data
    try:
        return type(found).model_validate(
            _filled(found.model_dump(mode="json", by_alias=True), data)
        )
    except ValidationError as error:
        raise RequestError(
            f"the policy replaced texts in an object, and {type(found).__name__} does not take the "
            f"new ones ({error.error_count()} errors); loosen its fields, or let the policy "
            "block or warn there"
        ) from None


def _filled(before: Any, after: Any) -> Any:
    """Return `after` with the fields that are None in `before`."""
    if isinstance(before, dict) and isinstance(after, dict):
        return {key: _filled(value, after.get(key)) for key, value in before.items()}
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [_filled(b, a) for b, a in zip(before, after, strict=True)]
    return after
