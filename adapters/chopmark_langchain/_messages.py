"""Puts screened texts into messages, without changing those that are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from langchain_core.messages import AIMessageChunk, BaseMessage

from chopmark import Response

from ._blocked import KEY
from ._places import CONTENT, Place, parsed_again
from ._strings import at, replaced, share

M = TypeVar("M", bound=BaseMessage)
_PARSED_FROM_CHUNKS = ("tool_calls", "invalid_tool_calls")


def put(message: M, places: Sequence[Place], texts: Sequence[str]) -> M:
    """Return `message` with `texts` at `places`.

    Log probabilities repeat the tokens, so they go where a text changed.
    """
    update: dict[str, Any] = {}
    dropped: list[int] = []
    for place, text in zip(places, texts, strict=True):
        if text == place.text:
            continue
        for path in (place.path, *place.twins):
            field = path[0]
            value = update.get(field, getattr(message, field))
            new: Any = parsed_again(at(value, path[1:]), text) if place.json else text
            if new is None and len(path) == 2 and field == CONTENT[0]:
                dropped.append(path[1])
            else:
                update[field] = replaced(value, path[1:], new)
    if not update and not dropped:
        return message
    if dropped:
        content = update.get("content", message.content)
        update["content"] = [block for n, block in enumerate(content) if n not in dropped]
    if "logprobs" in message.response_metadata:
        update["response_metadata"] = without_logprobs(message.response_metadata)
    if "tool_call_chunks" in update and isinstance(message, AIMessageChunk):
        return _rebuilt(message, update)
    return message.model_copy(update=update)


def _rebuilt(message: M, update: Mapping[str, Any]) -> M:
    """Return `message` made anew: its tool calls are parsed from the chunks that it has now."""
    fields = {key: value for key, value in message if key not in _PARSED_FROM_CHUNKS}
    return type(message)(**{**fields, **update})


def shared(places: Sequence[Place], texts: Sequence[str], tails: Mapping[Any, str]) -> list[str]:
    """Return the texts of a whole message and their tails, cut at the borders of its blocks."""
    out = list(texts)
    channels: dict[Any, list[int]] = {}
    for n, place in enumerate(places):
        channels.setdefault((place.kind, place.index), []).append(n)
    for channel, members in channels.items():
        text = "".join(texts[n] for n in members) + tails.get(channel, "")
        for n, piece in zip(members, share([places[n].text for n in members], text), strict=True):
            out[n] = piece
    return out


def labelled(message: M, response: Response) -> M:
    """Return `message` with the response's metadata."""
    metadata = {**message.response_metadata, **response.carried(KEY)}
    return message.model_copy(update={"response_metadata": metadata})


def without_logprobs(info: Mapping[str, Any]) -> dict[str, Any]:
    """Return `info` without the log probabilities of tokens."""
    return {key: value for key, value in info.items() if key != "logprobs"}
