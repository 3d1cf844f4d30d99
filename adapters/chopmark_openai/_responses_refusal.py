"""The refusal as a response of the Responses API: incomplete, with a refusal as its last item."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from chopmark import Response

from ._items import Name
from ._sse import make_event
from ._tree import at, dump, items, number, put

Json = dict[str, Any]


class Output:
    """What was delivered of a response, so that it can be ended early.

    `model` is the one that was asked, `sequence` the number of the last event.
    """

    def __init__(self, model: str) -> None:
        self.model = model
        self.sequence = -1
        self.response: Json | None = None
        self.items: dict[int, Json] = {}
        self.done: set[int] = set()

    def take(self, event: Json) -> None:
        """Take note of an event that is delivered."""
        self.sequence = number(event.get("sequence_number"), self.sequence)
        kind, index = event.get("type"), number(event.get("output_index"))
        if isinstance(event.get("response"), dict):
            self.response = event["response"]
        elif isinstance(event.get("item"), dict):
            self.items[index] = event["item"]
            if kind == "response.output_item.done":
                self.done.add(index)
        elif isinstance(event.get("part"), dict) and str(kind).endswith(".added"):
            key = "summary" if "summary_index" in event else "content"
            item = self.items.get(index, {})
            self.items[index] = {**item, key: [*items(item, key), event["part"]]}

    def item(self, index: int, said: Mapping[Name, str]) -> Json:
        """Return an item that was broken off, with what was said of it."""
        item = self.items[index]
        for (output, path), text in said.items():
            if output == index and at(item, path[:-1]) is not None:
                item = put(item, path, text)
        return {**item, "status": "incomplete"}


def refusal_body(body: Json, response: Response, model: str) -> Json:
    """Return a whole response that refuses; `body` is the answer that it stands for, if any."""
    item = _refusal_item(response, response.refusal)
    return {**_incomplete(body, response, model), "output": [item]}


def refusal_events(output: Output, said: Mapping[Name, str], response: Response) -> bytes:
    """Return the events that end a stream with a refusal.

    Args:
        output: what was delivered so far.
        said: the texts of it.
        response: the refusal.
    """
    events: list[Json] = []
    if output.response is None:
        started = _started(response, output.model)
        events += [
            {"type": f"response.{e}", "response": started} for e in ("created", "in_progress")
        ]
    finished = {}
    for index in sorted(output.items):
        finished[index] = output.items[index]
        if index not in output.done:
            finished[index] = item = output.item(index, said)
            events += _broken_off(index, item)
    index = max(finished, default=-1) + 1
    finished[index] = _refusal_item(response, response.refusal)
    events += _refusal_item_events(index, response)
    ended = _incomplete(output.response or {}, response, output.model)
    ended["output"] = list(finished.values())
    events.append({"type": "response.incomplete", "response": ended})
    numbered = enumerate(events, output.sequence + 1)
    return b"".join(
        make_event(dump({**event, "sequence_number": n}), event["type"]) for n, event in numbered
    )


def _broken_off(index: int, item: Json) -> list[Json]:
    """Return the events that end an open item, its text parts first."""
    where = {"item_id": item.get("id", ""), "output_index": index}
    events = []
    for n, part in enumerate(items(item, "content")):
        at_part = {**where, "content_index": n}
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "output_text":
            done = {"type": "response.output_text.done", **at_part, "text": part.get("text", "")}
            events.append({**done, "logprobs": []})
        elif kind == "refusal":
            done = {"type": "response.refusal.done", **at_part}
            events.append({**done, "refusal": part.get("refusal", "")})
        events.append({"type": "response.content_part.done", **at_part, "part": part})
    return [*events, {"type": "response.output_item.done", "output_index": index, "item": item}]


def _refusal_item_events(index: int, response: Response) -> list[Json]:
    text = response.refusal
    item = _refusal_item(response, None)
    at_item = {"output_index": index}
    at_part = {"item_id": item["id"], **at_item, "content_index": 0}
    part = {"type": "refusal", "refusal": ""}
    said = {**part, "refusal": text}
    return [
        {"type": "response.output_item.added", **at_item, "item": item},
        {"type": "response.content_part.added", **at_part, "part": part},
        {"type": "response.refusal.delta", **at_part, "delta": text},
        {"type": "response.refusal.done", **at_part, "refusal": text},
        {"type": "response.content_part.done", **at_part, "part": said},
        {
            "type": "response.output_item.done",
            **at_item,
            "item": _refusal_item(response, text),
        },
    ]


def _refusal_item(response: Response, text: str | None) -> Json:
    """Return the item that refuses; one that only begins where there is no text yet."""
    return {
        "id": f"msg_{response.id}",
        "type": "message",
        "role": "assistant",
        "status": "in_progress" if text is None else "completed",
        "content": [] if text is None else [{"type": "refusal", "refusal": text}],
    }


def _started(response: Response, model: str) -> Json:
    return {
        "id": f"resp_{response.id}",
        "object": "response",
        "created_at": int(time.time()),
        "status": "in_progress",
        "model": model,
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
    }


def _incomplete(known: Json, response: Response, model: str) -> Json:
    """Return a response that was ended, with what is known of it and the metadata."""
    kept = {key: value for key, value in known.items() if key not in ("output", "output_text")}
    return {
        **_started(response, model),
        **kept,
        "status": "incomplete",
        "incomplete_details": {"reason": "content_filter"},
        **response.carried(),
    }
