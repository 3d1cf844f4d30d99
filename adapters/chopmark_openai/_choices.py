"""Where texts stand in one choice of a completion, and how they are numbered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chopmark import Kind

from ._tree import Path, at, items, number

Lane = tuple[Kind, int]
"""A channel of the answer: its kind, and the index that its chunks carry."""
Found = tuple[Path, Kind, int, str]

APART = 10_000
"""A chunk's index is the number of its choice; further texts of one kind in that choice (the
model's own refusal, a second form of its reasoning) are set apart by multiples of this."""
CALLS = 1_000
"""A tool call's index is the number of the choice times this, plus the number of the call."""
_FUNCTION = CALLS - 1


def choice_of(lane: Lane) -> int:
    """Return the number of the choice that a channel belongs to."""
    return lane[1] // CALLS if lane[0] == "tool_call" else lane[1] % APART


def message_texts(message: Any, kind: Kind, index: int) -> Iterator[Found]:
    """Return the texts of a message, or of the delta of one.

    These are the content, the model's refusal, its reasoning as vLLM, DeepSeek and OpenRouter
    send it, the transcript of spoken answers, and the arguments of tool and function calls.
    """
    if not isinstance(message, dict):
        return
    content = message.get("content")
    if isinstance(content, str):
        yield ("content",), kind, index, content
    elif content:
        yield from _parts(message, kind, index)
    if isinstance(message.get("refusal"), str):
        yield ("refusal",), "answer", index + APART, message["refusal"]
    for apart, key in enumerate(("reasoning_content", "reasoning")):
        if isinstance(message.get(key), str):
            yield (key,), "reasoning", index + apart * APART, message[key]
    for n, detail in enumerate(items(message, "reasoning_details")):
        for key in ("text", "summary"):
            if isinstance(at(detail, (key,)), str):
                path: Path = ("reasoning_details", n, key)
                yield path, "reasoning", index + 2 * APART, detail[key]
    transcript = at(message, ("audio", "transcript"))
    if isinstance(transcript, str):
        yield ("audio", "transcript"), "reasoning", index + 3 * APART, transcript
    yield from _calls(message, index)


def _parts(message: dict[str, Any], kind: Kind, index: int) -> Iterator[Found]:
    """Return the texts of a content in parts, as Mistral sends it: thoughts beside the text."""
    for n, part in enumerate(items(message, "content")):
        if isinstance(at(part, ("text",)), str):
            yield ("content", n, "text"), kind, index, part["text"]
        for m, thought in enumerate(items(part, "thinking")):
            if isinstance(at(thought, ("text",)), str):
                path: Path = ("content", n, "thinking", m, "text")
                yield path, "reasoning", index + 4 * APART, thought["text"]


def _calls(message: dict[str, Any], index: int) -> Iterator[Found]:
    for n, call in enumerate(items(message, "tool_calls")):
        for path in (("function", "arguments"), ("custom", "input")):
            text = at(call, path)
            if isinstance(text, str):
                called = index * CALLS + number(call.get("index"), n)
                yield ("tool_calls", n, *path), "tool_call", called, text
    arguments = at(message, ("function_call", "arguments"))
    if isinstance(arguments, str):
        yield ("function_call", "arguments"), "tool_call", index * CALLS + _FUNCTION, arguments


def echo(value: Any, path: Path, text: str) -> Any:
    """Return the least JSON that says `text` at `path` as `value` did, for a delta of our own.

    The type and the index of what lies on the path are kept; ids are not, since readers of a
    stream join what they are sent twice.
    """
    if not path:
        return text
    key, rest = path[0], path[1:]
    inner = echo(value[key], rest, text)
    if isinstance(key, int):
        return [inner]
    return {**{k: value[k] for k in ("type", "index") if k in value}, key: inner}
