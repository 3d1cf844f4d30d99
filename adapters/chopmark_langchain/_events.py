"""The shape of a model that streams protocol events by itself (`stream_events` version 3).

An event stream says a text twice: in deltas, and whole where its block finishes. The guard sees
the deltas alone: `complete` adds those that a model left out, and `rebuilt` writes the blocks
that finish from the deltas that were delivered.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Sequence
from typing import Any

from chopmark import Chunk, Kind, PolicyBlocked, Response, Usage

from ._blocked import KEY, refusal_fields
from ._bypass import blocked
from ._event_blocks import DELTAS, FIELDS, Blocks, Completion, Event, delta
from ._places import Place, Places
from ._strings import Path, replaced, strings
from ._usage import Count

Channel = tuple[Kind, int]
_CALLS = ("tool_call", "server_tool_call", "invalid_tool_call")
_STARTED = (*FIELDS, "tool_call_chunk", "server_tool_call_chunk")
"""Types of blocks whose texts come later than their start, or are put there by `complete`."""


class EventShape:
    """The events of one message."""

    def __init__(self, *, structured: bool = False) -> None:
        self._places = Places(structured=structured)
        self._prose: Channel = (self._places.prose, 0)
        self._kinds: dict[str, Kind] = {
            "text-delta": self._prose[0],
            "reasoning-delta": "reasoning",
            "tool-call-delta": "tool_call",
        }
        self._found: list[Place] = []
        self._last: dict[Channel, tuple[int, str]] = {self._prose: (0, "text-delta")}
        self._count = Count()
        self._top = -1
        self._begun = False

    def read(self, raw: Event) -> Sequence[Chunk]:
        """Return the texts of one event; `message-finish` ends every channel."""
        self._begun = True
        event = raw.get("event")
        self._found = []
        ends: list[Channel] = []
        self._top = max(self._top, raw.get("index", -1))
        if event == "content-block-delta":
            said = raw["delta"]
            kind = self._kinds.get(said.get("type"))
            if kind is not None:
                name = DELTAS[said["type"]]
                index = self._index(kind, raw["index"])
                self._last[kind, index] = raw["index"], said["type"]
                self._found = [Place(("delta", name), said.get(name) or "", kind, index)]
            elif said.get("type") == "block-delta":
                self._found = self._whole(said.get("fields"), ("delta", "fields"))
        elif event == "content-block-start" and raw["content"].get("type") not in _STARTED:
            self._found = self._whole(raw["content"], ("content",))
        elif event == "content-block-finish":
            block = raw["content"]
            kind_of_block = block.get("type")
            if kind_of_block in _CALLS and self._has_deltas(raw["index"]):
                ends = [("tool_call", self._places.call(raw["index"]))]
            elif kind_of_block in _CALLS:
                text = json.dumps(block.get("args"), ensure_ascii=False)
                channel = self._places.call(raw["index"])
                path: Path = ("content", "args")
                self._found = [Place(path, text, "tool_call", channel, closes=True, json=True)]
            elif kind_of_block == "reasoning":
                ends = [("reasoning", raw["index"])]
            elif kind_of_block not in FIELDS:
                self._found = self._whole(block, ("content",))
        elif event == "message-finish":
            self._found = self._whole(raw.get("additional_kwargs"), ("additional_kwargs",))
            ends = sorted(self._last)
        chunks = [Chunk(p.text, p.kind, p.index, p.closes) for p in self._found]
        return [*chunks, *(Chunk("", kind, index, last=True) for kind, index in ends)]

    def write(self, raw: Event, texts: Sequence[str], tails: Sequence[Chunk]) -> Sequence[Event]:
        """Return the event with its new texts, behind the deltas that say what was held."""
        rest = {(tail.kind, tail.index): tail.text for tail in tails}
        out = raw
        for place, text in zip(self._found, texts, strict=False):
            new: Any = text + rest.pop((place.kind, place.index), "")
            if new != place.text:
                out = replaced(out, place.path, {} if place.json else new)
        return [*self._deltas(rest), out]

    def tail(self, tails: Sequence[Chunk]) -> Sequence[Event]:
        """Return a delta for every tail."""
        return self._deltas({(tail.kind, tail.index): tail.text for tail in tails})

    def seal(self, held: Sequence[Event], response: Response) -> Sequence[Event]:
        """Return the last events, with the metadata on `message-finish`."""
        metadata = response.carried(KEY)
        for n, event in enumerate(held):
            if event.get("event") == "message-finish":
                sealed = {**event, "metadata": {**(event.get("metadata") or {}), **metadata}}
                return (*held[:n], sealed, *held[n + 1 :])
        return (*held, {"event": "message-finish", "metadata": metadata}) if self._begun else held

    def usage(self, raw: Event) -> Usage | None:
        """Return the token counts of the message."""
        return self._count.add(raw.get("usage"))

    def refuse(self, response: Response) -> Sequence[Event]:
        """Return the events of a block with the refusal text, and of the message's end."""
        fields = refusal_fields(response)
        index = self._top + 1
        start = {"event": "message-start", "role": "ai", "id": ""}
        block = {"type": "text", "text": ""}
        return (
            *(() if self._begun else (start,)),
            {"event": "content-block-start", "index": index, "content": block},
            delta(index, "text-delta", fields["content"]),
            {
                "event": "message-finish",
                "metadata": fields["response_metadata"],
                "additional_kwargs": fields["additional_kwargs"],
            },
        )

    def error(self, response: Response) -> PolicyBlocked:
        """Return the block as an error of LangChain's too."""
        return blocked(response)

    def _index(self, kind: Kind, index: int) -> int:
        """Return the channel's number: calls and thoughts each have a block, prose has many."""
        if kind == "tool_call":
            return self._places.call(index)
        return index if kind == "reasoning" else 0

    def _has_deltas(self, index: int) -> bool:
        return ("tool_call", self._places.call(index)) in self._last

    def _whole(self, value: Any, path: Path) -> list[Place]:
        return [
            Place(inner, text, "reasoning", self._places.aside(), closes=True)
            for inner, text in strings(value, path)
        ]

    def _deltas(self, tails: dict[Channel, str]) -> list[Event]:
        return [delta(*self._last[channel], text) for channel, text in tails.items()]


def complete(events: Iterator[Event]) -> Iterator[Event]:
    """Yield `events`, with a delta for every text that only a block's start or finish says."""
    completion = Completion()
    for event in events:
        yield from completion.take(event)


async def acomplete(events: AsyncIterator[Event]) -> AsyncIterator[Event]:
    """Yield `events`, with a delta for every text that only a block's start or finish says."""
    completion = Completion()
    async for event in events:
        for more in completion.take(event):
            yield more


def rebuilt(events: Generator[Event, None, Any]) -> Iterator[Event]:
    """Yield `events`, the blocks that finish written from what was delivered of them."""
    blocks = Blocks()
    try:
        for event in events:
            yield from blocks.take(event)
        yield from blocks.end()
    finally:
        events.close()


async def arebuilt(events: AsyncGenerator[Event, None]) -> AsyncIterator[Event]:
    """Yield `events`, the blocks that finish written from what was delivered of them."""
    blocks = Blocks()
    try:
        async for event in events:
            for more in blocks.take(event):
                yield more
        for more in blocks.end():
            yield more
    finally:
        await events.aclose()
