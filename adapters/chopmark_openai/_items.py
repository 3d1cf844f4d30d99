"""Where texts stand in the events and the output items of the Responses API.

A text is named by the output index of its item and its path in the item. It is said in up to
five places: deltas, the event that ends them, the content part, the item, and the response.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chopmark import Kind

from ._tree import Path, at, items, number

Name = tuple[int, Path]
"""A text: output index, and path in the output item."""
Mention = tuple[Path, Name, Kind]
"""Where an event says a text in full."""

_PROSE: Kind = "answer"
_ITEMS: dict[str, tuple[tuple[Path, Kind], ...]] = {
    "message": ((("content", "*", "text"), _PROSE), (("content", "*", "refusal"), _PROSE)),
    "reasoning": (
        (("summary", "*", "text"), "reasoning"),
        (("content", "*", "text"), "reasoning"),
    ),
    "function_call": ((("arguments",), "tool_call"),),
    "custom_tool_call": ((("input",), "tool_call"),),
    "mcp_call": ((("arguments",), "tool_call"), (("output",), "reasoning")),
    "mcp_approval_request": ((("arguments",), "tool_call"),),
    "code_interpreter_call": (
        (("code",), "tool_call"),
        (("outputs", "*", "logs"), "reasoning"),
    ),
    "shell_call": ((("action", "commands", "*"), "tool_call"),),
    "local_shell_call": ((("action", "command", "*"), "tool_call"),),
    "apply_patch_call": ((("operation", "diff"), "tool_call"),),
    "image_generation_call": ((("revised_prompt",), "reasoning"),),
}
"""The texts of an item by its type; `*` stands for every index."""

_STREAMED: dict[str, tuple[Path, str, Kind]] = {
    "output_text": (("content", "content_index", "text"), "text", _PROSE),
    "refusal": (("content", "content_index", "refusal"), "refusal", _PROSE),
    "reasoning_text": (("content", "content_index", "text"), "text", "reasoning"),
    "reasoning_summary_text": (("summary", "summary_index", "text"), "text", "reasoning"),
    "function_call_arguments": (("arguments",), "arguments", "tool_call"),
    "custom_tool_call_input": (("input",), "input", "tool_call"),
    "mcp_call_arguments": (("arguments",), "arguments", "tool_call"),
    "code_interpreter_call_code": (("code",), "code", "tool_call"),
    "shell_call_command": (("action", "commands", "command_index"), "command", "tool_call"),
    "apply_patch_call_operation_diff": (("operation", "diff"), "diff", "tool_call"),
    "audio.transcript": (("transcript",), "transcript", "reasoning"),
}
"""The texts that have deltas, by `response.<this>.delta`: their path in the item, with the
fields that hold its indices, and the field of the done event that says them in full."""

ENDS = ("response.completed", "response.incomplete", "response.failed")


def delta_of(event: dict[str, Any]) -> tuple[Name, Kind] | None:
    """Return the text that `event` goes on with, where it is a delta of one."""
    kind = event.get("type")
    if type(kind) is not str or not kind.endswith(".delta"):
        return None
    streamed = _STREAMED.get(kind[len("response.") : -len(".delta")])
    if streamed is None or not isinstance(event.get("delta"), str):
        return None
    return _name(event, streamed[0]), streamed[2]


def _name(event: dict[str, Any], path: Path) -> Name:
    keys = map(str, path)
    found = [number(event.get(key)) if key.endswith("_index") else key for key in keys]
    return number(event.get("output_index")), tuple(found)


def mentions_of(event: dict[str, Any]) -> Iterator[Mention]:
    """Return the texts that `event` says in full."""
    kind = str(event.get("type", ""))
    response = event.get("response")
    item = event.get("item")
    part = event.get("part")
    if isinstance(response, dict):
        yield from output_texts(response, ("response",))
    elif isinstance(item, dict):
        yield from item_texts(item, number(event.get("output_index")), ("item",))
    elif isinstance(part, dict):
        yield from _part_texts(event, part)
    elif kind.endswith((".done", ".added")):
        streamed = _STREAMED.get(kind[len("response.") :].rpartition(".")[0])
        if streamed is not None and isinstance(event.get(streamed[1]), str):
            yield (streamed[1],), _name(event, streamed[0]), streamed[2]


def _part_texts(event: dict[str, Any], part: dict[str, Any]) -> Iterator[Mention]:
    summary = "summary_index" in event
    where: Path = ("summary", "summary_index") if summary else ("content", "content_index")
    thought = summary or part.get("type") in ("reasoning_text", "summary_text")
    for field in ("text", "refusal"):
        if isinstance(part.get(field), str):
            name = _name(event, (*where, field))
            yield ("part", field), name, "reasoning" if thought else _PROSE


def output_texts(response: dict[str, Any], base: Path = ()) -> Iterator[Mention]:
    """Return the texts in the output of a response object."""
    for n, item in enumerate(items(response, "output")):
        if isinstance(item, dict):
            yield from item_texts(item, n, (*base, "output", n))


def item_texts(item: dict[str, Any], output: int, base: Path) -> Iterator[Mention]:
    """Return the texts in an output item."""
    for pattern, kind in _ITEMS.get(str(item.get("type")), ()):
        for path in _paths(item, pattern):
            if isinstance(at(item, path), str):
                yield (*base, *path), (output, path), kind


def _paths(item: dict[str, Any], pattern: Path) -> Iterator[Path]:
    if "*" not in pattern:
        yield pattern
        return
    star = pattern.index("*")
    listed = at(item, pattern[:star])
    for n in range(len(listed)) if isinstance(listed, list) else ():
        yield (*pattern[:star], n, *pattern[star + 1 :])
