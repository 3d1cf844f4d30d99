"""Keeps the two tellings of a block, in deltas and whole, in step."""

from __future__ import annotations

from typing import Any

Event = dict[str, Any]
FIELDS = {"text": "text", "reasoning": "reasoning"}
"""Types of blocks that come in deltas, and the key of their text."""
DELTAS = {"text-delta": "text", "reasoning-delta": "reasoning", "tool-call-delta": "args"}
"""Types of deltas, and the key of their text."""
_STARTS = {
    "text": "text-delta",
    "reasoning": "reasoning-delta",
    "tool_call_chunk": "tool-call-delta",
    "server_tool_call_chunk": "tool-call-delta",
}


def delta(index: int, kind: str, text: str) -> Event:
    """Return the event of one delta."""
    return {
        "event": "content-block-delta",
        "index": index,
        "delta": {"type": kind, DELTAS[kind]: text},
    }


class Completion:
    """Adds deltas for what a model says only in the start, or only in the finish, of a block."""

    def __init__(self) -> None:
        self._read: dict[int, str] = {}

    def take(self, event: Event) -> list[Event]:
        """Return what goes on for `event`."""
        kind = event.get("event")
        if kind == "content-block-delta":
            field = DELTAS.get(event["delta"].get("type"))
            if field is not None:
                index = event["index"]
                self._read[index] = self._read.get(index, "") + (event["delta"].get(field) or "")
            return [event]
        if kind == "content-block-start":
            return self._start(event, _STARTS.get(event["content"].get("type")))
        if kind == "content-block-finish":
            return self._finish(event, FIELDS.get(event["content"].get("type")))
        return [event]

    def _start(self, event: Event, kind: str | None) -> list[Event]:
        field = DELTAS[kind] if kind else ""
        text = event["content"].get(field) if field else None
        if not kind or not text:
            return [event]
        self._read[event["index"]] = text
        started = {**event, "content": {**event["content"], field: ""}}
        return [started, delta(event["index"], kind, text)]

    def _finish(self, event: Event, field: str | None) -> list[Event]:
        if field is None:
            return [event]
        text, read = event["content"].get(field) or "", self._read.get(event["index"], "")
        rest = text[len(read) :] if text.startswith(read) else ""
        return [delta(event["index"], f"{field}-delta", rest), event] if rest else [event]


class Blocks:
    """Writes blocks that finish from their delivered deltas.

    A finish waits for the next block, or the end of the message: text that was held back until
    then still belongs to the block. Text that comes later than that gets a block of its own.
    """

    def __init__(self) -> None:
        self._said: dict[int, str] = {}
        self._kinds: dict[int, str] = {}
        self._open: dict[int, Event] = {}  # blocks of text, and how each would finish
        self._moved: dict[int, int] = {}
        self._end: Event | None = None
        self._next = 0

    def take(self, event: Event) -> list[Event]:
        """Return what goes out for `event`."""
        kind = event.get("event")
        if kind == "content-block-start":
            return [*self._flush(waiting=False), *self._start(event)]
        if kind == "content-block-delta":
            return self._delta(event)
        if kind == "content-block-finish" and event["content"].get("type") in FIELDS:
            index = event["index"]
            self._kinds.setdefault(index, event["content"]["type"])
            self._open[index] = {**event, "waiting": True}
            return []
        if kind == "message-finish":
            self._end = {**(self._end or {}), **event}  # a refusal may come after the first end
            return []
        return [event]

    def end(self) -> list[Event]:
        """Return the end of the message."""
        return [*self._flush(waiting=True), *([self._end] if self._end else [])]

    def _start(self, event: Event) -> list[Event]:
        index, kind = event["index"], event["content"].get("type")
        self._next = max(self._next, index + 1)
        if kind in FIELDS:
            self._kinds[index] = kind
            self._said[index] = ""
            self._open[index] = {**event, "event": "content-block-finish"}
        return [event]

    def _delta(self, event: Event) -> list[Event]:
        field = DELTAS.get(event["delta"].get("type"))
        told: int = event["index"]
        index = self._moved.get(told, told)
        if field not in FIELDS:
            return [event]
        out: list[Event] = []
        if index in self._kinds and index not in self._open:  # it has finished
            index = self._next
            self._moved[told] = index
            block = {"type": field, field: ""}
            out = self._start({"event": "content-block-start", "index": index, "content": block})
        self._said[index] = self._said.get(index, "") + event["delta"][field]
        return [*out, event if index == told else {**event, "index": index}]

    def _flush(self, *, waiting: bool) -> list[Event]:
        """Return the finishes: of those that wait for theirs, and at the end of all."""
        out = []
        for index, event in list(self._open.items()):
            if waiting or event.get("waiting"):
                field = FIELDS[self._kinds[index]]
                said = self._said.get(index, "")
                content = {**event["content"], field: said}
                out.append({"event": event["event"], "index": index, "content": content})
                del self._open[index]
        return out
