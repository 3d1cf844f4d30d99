"""Finds every text of an answer: prose, reasoning, refusals, JSON, and the arguments of calls."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from pydantic import BaseModel

from chopmark import Kind

from ._strings import MEDIA, Path, at, strings

CONTENT: Path = ("content",)
PARSED: Path = ("additional_kwargs", "parsed")
_CALLS = frozenset(
    {
        "custom_tool_call",
        "function_call",
        "input_json_delta",
        "invalid_tool_call",
        "tool_call",
        "tool_call_chunk",
        "tool_use",
    }
)
_ARGUMENTS = ("args", "arguments", "partial_json", "input")
_REASONING = ("reasoning_content", "reasoning", "thinking")
_ASIDE = 1000
"""Where the indices begin of texts that stand beside the answer: quotations, foreign blocks."""


@dataclass(frozen=True, slots=True)
class Place:
    """A text of an answer and where it stands.

    `closes`: all of this channel's text stands here. `json` says that the value there is not a
    string but what `text` is the JSON of. `twins` are the places that repeat the text.
    """

    path: Path
    text: str
    kind: Kind
    index: int
    closes: bool = False
    json: bool = False
    twins: tuple[Path, ...] = ()


class Places:
    """Finds the places in the messages of one call, and keeps its channels apart.

    The prose of one message is one channel, however many blocks it comes in, so that what is
    denied is found across blocks and a mark stands once.
    """

    def __init__(self, *, structured: bool = False) -> None:
        self.prose: Kind = "structured" if structured else "answer"
        self._calls: dict[Hashable, int] = {}
        self._aside = _ASIDE

    def of(self, message: BaseMessage, answer: int = 0) -> list[Place]:
        """Return the places of `message`, which is answer number `answer` of its call."""
        found: list[Place] = []
        content = message.content
        if isinstance(content, str):
            if content:
                found.append(Place(CONTENT, content, self.prose, answer))
        else:
            for n, block in enumerate(content):
                found += self._block(block, (*CONTENT, n), message, answer)
        found += self._tool_calls(message, answer)
        if message.additional_kwargs:
            found += self._kwargs(message, answer)
        return found

    def call(self, key: Hashable) -> int:
        """Return the channel of a tool call."""
        return self._calls.setdefault(key, len(self._calls))

    def aside(self) -> int:
        """Return a channel for a text that stands by itself."""
        self._aside += 1
        return self._aside

    def _block(self, block: Any, path: Path, message: BaseMessage, answer: int) -> Iterator[Place]:
        if isinstance(block, str):
            if block:
                yield Place(path, block, self.prose, answer)
            return
        kind = block.get("type")
        if not isinstance(kind, str):
            kind = None
        if kind in MEDIA:
            return
        if kind in ("text", "output_text") or (kind is None and "text" in block):
            if isinstance(block.get("text"), str) and block["text"]:
                yield Place((*path, "text"), block["text"], self.prose, answer)
            for key in ("annotations", "citations", "citation"):
                if block.get(key):
                    yield from self._quoted(block[key], (*path, key))
        elif kind == "refusal":
            if block.get("refusal"):
                yield Place((*path, "refusal"), block["refusal"], "answer", answer)
        elif kind in ("reasoning", "thinking"):
            for inner, text in strings(block):
                yield Place((*path, *inner), text, "reasoning", answer)
        elif kind == "server_tool_call_chunk":
            if block.get("args"):
                channel = self.call((answer, "server", block.get("index")))
                yield Place((*path, "args"), block["args"], "tool_call", channel)
        elif kind not in _CALLS:
            yield from self._quoted(block, path)
        elif not _has_calls(message):  # nowhere else, then
            text = json.dumps(block, ensure_ascii=False, default=str)
            yield Place(path, text, "tool_call", self.call(object()), closes=True, json=True)

    def _quoted(self, value: Any, path: Path) -> Iterator[Place]:
        for inner, text in strings(value, path):
            yield Place(inner, text, "reasoning", self.aside(), closes=True)

    def _tool_calls(self, message: BaseMessage, answer: int) -> Iterator[Place]:
        if isinstance(message, AIMessageChunk):
            for n, chunk in enumerate(message.tool_call_chunks):
                if chunk.get("args"):
                    key = chunk.get("index")
                    channel = self.call((answer, n if key is None else key))
                    path: Path = ("tool_call_chunks", n, "args")
                    args = str(chunk["args"])
                    twins = tuple(_twins(message, args, key))
                    yield Place(path, args, "tool_call", channel, twins=twins)
        elif isinstance(message, AIMessage):
            for field in ("tool_calls", "invalid_tool_calls"):
                for n, call in enumerate(getattr(message, field)):
                    args = call["args"]
                    text = args if isinstance(args, str) else json.dumps(args, ensure_ascii=False)
                    if text:
                        path = (field, n, "args")
                        channel = self.call((answer, field, n))
                        is_json = not isinstance(args, str)
                        yield Place(path, text, "tool_call", channel, closes=True, json=is_json)

    def _kwargs(self, message: BaseMessage, answer: int) -> Iterator[Place]:
        extra = message.additional_kwargs
        for key in _REASONING:
            for inner, text in strings(extra.get(key), ("additional_kwargs", key)):
                yield Place(inner, text, "reasoning", answer)
        if isinstance(extra.get("refusal"), str) and extra["refusal"]:
            yield Place(("additional_kwargs", "refusal"), extra["refusal"], "answer", answer)
        if extra.get("parsed") is not None:
            text = _json(extra["parsed"])
            yield Place(PARSED, text, "structured", self.aside(), closes=True, json=True)
        if extra.get("tool_outputs"):
            yield from self._quoted(extra["tool_outputs"], ("additional_kwargs", "tool_outputs"))
        path: Path
        path = ("additional_kwargs", "function_call", "arguments")
        if isinstance(text := at(extra, path[1:]), str) and text:
            yield Place(path, text, "tool_call", self.call((answer, "function_call")))
        if not _has_calls(message):
            for n, call in enumerate(extra.get("tool_calls") or ()):
                path = ("additional_kwargs", "tool_calls", n, "function", "arguments")
                if isinstance(text := at(call, path[3:]), str) and text:
                    key = call.get("index", n)
                    yield Place(path, text, "tool_call", self.call((answer, key)))


def _has_calls(message: BaseMessage) -> bool:
    return bool(
        getattr(message, "tool_call_chunks", None)
        or getattr(message, "tool_calls", None)
        or getattr(message, "invalid_tool_calls", None)
    )


def _twins(message: AIMessageChunk, args: str, index: object) -> Iterator[Path]:
    """Yield the paths where a chunk of arguments stands a second time."""
    if not isinstance(message.content, str):
        for n, block in enumerate(message.content):
            if not isinstance(block, dict) or block.get("type") not in _CALLS:
                continue
            if block.get("index", index) == index:
                for key in _ARGUMENTS:
                    if block.get(key) == args:
                        yield ("content", n, key)
    for n, call in enumerate(message.additional_kwargs.get("tool_calls") or ()):
        if at(call, ("function", "arguments")) == args:
            yield ("additional_kwargs", "tool_calls", n, "function", "arguments")


def _json(value: Any) -> str:
    if isinstance(value, BaseModel):
        return value.model_dump_json()
    return json.dumps(value, ensure_ascii=False, default=str)


def parsed_again(value: Any, text: str) -> Any:
    """Return `text` parsed into what `value` is, None where it does not fit any more."""
    try:
        if isinstance(value, BaseModel):
            return type(value).model_validate_json(text)
        return json.loads(text)
    except ValueError:  # pydantic's ValidationError is one
        return None


def fragment(place: Place, message: BaseMessage, text: str) -> Mapping[str, Any]:
    """Return the fields of a chunk that carries more text of the channel of `place`."""
    if place.path == CONTENT:
        return {"content": text}
    fields: dict[str, Any] = {"content": "" if isinstance(message.content, str) else []}
    for path in (place.path, *place.twins):
        where: str = path[0]
        if where == "tool_call_chunks":
            index = message.tool_call_chunks[path[1]].get("index")  # type: ignore[attr-defined]
            fields[where] = [{"name": None, "args": text, "id": None, "index": index}]
        else:
            fields[where] = _skeleton(getattr(message, where), path[1:], text)
    return fields


def _skeleton(value: Any, path: Path, text: str) -> Any:
    """Return only what leads to `text` at `path`, with the keys by which chunks are merged."""
    if not path:
        return text
    if isinstance(value, Mapping):
        kept = {key: value[key] for key in ("type", "index") if key in value}
        return {**kept, path[0]: _skeleton(value[path[0]], path[1:], text)}
    inner = value[path[0]]
    return [text if isinstance(inner, str) else _skeleton(inner, path[1:], text)]
