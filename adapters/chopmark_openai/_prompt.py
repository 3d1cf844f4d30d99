"""Finds the texts of a request's body, and puts screened texts back into a copy of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ._tree import Path, at, items, plain

Slot = tuple[Path, str, str]
"""Where a text stands in the body, its role, and the text."""

_ARGUMENTS = ("arguments", "input", "code", "action", "operation")
"""Where the items of the Responses API that are calls of tools say what the tool was given."""
_SCHEMA_KEYS = ("guided_json", "guided_grammar", "structured_outputs")
"""How vLLM's clients ask for JSON, beside OpenAI's own way."""


def chat_slots(body: Mapping[str, Any]) -> Iterator[Slot]:
    """Return the texts of a chat request: messages, and the predicted output."""
    for n, entry in enumerate(items(body, "messages")):
        message = plain(entry)
        if isinstance(message, Mapping):
            role = str(message.get("role", "user"))
            yield from _content(("messages", n, "content"), role, message.get("content"))
    prediction = plain(body.get("prediction"))
    if isinstance(prediction, Mapping):
        yield from _content(("prediction", "content"), "user", prediction.get("content"))


def completion_slots(body: Mapping[str, Any]) -> Iterator[Slot]:
    """Return the texts of a legacy completion request."""
    yield from _content(("prompt",), "user", body.get("prompt"))
    yield from _content(("suffix",), "user", body.get("suffix"))


def response_slots(body: Mapping[str, Any]) -> Iterator[Slot]:
    """Return the texts of a Responses request; what a tool gave back has the role `tool`."""
    yield from _content(("instructions",), "system", body.get("instructions"))
    given = body.get("input")
    if isinstance(given, str):
        yield ("input",), "user", given
    for n, entry in enumerate(items(body, "input")):
        item = plain(entry)
        if not isinstance(item, Mapping):
            continue
        if str(item.get("type", "")).endswith("_output"):
            yield from _content(("input", n, "output"), "tool", item.get("output"))
        else:
            said = "user" if item.get("type", "message") == "message" else "assistant"
            role = str(item.get("role", said))
            yield from _content(("input", n, "content"), role, item.get("content"))
            yield from _content(("input", n, "output"), "tool", item.get("output"))
    prompt = plain(body.get("prompt"))
    variables = prompt.get("variables") if isinstance(prompt, Mapping) else None
    for name, value in variables.items() if isinstance(variables, Mapping) else ():
        yield from _content(("prompt", "variables", name), "user", value)


def arguments(body: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    """Return what the model gave to tools before, and where it stands: texts and parsed JSON."""
    for n, entry in enumerate(items(body, "messages")):
        message = plain(entry)
        places: list[Path] = [("function_call", "arguments")]
        for k in range(len(items(message, "tool_calls"))):
            call = ("tool_calls", k)
            places += ((*call, "function", "arguments"), (*call, "custom", "input"))
        for path in places:
            if (given := at(message, path)) is not None:
                yield ("messages", n, *path), given
    for n, entry in enumerate(items(body, "input")):
        item = plain(entry)
        if isinstance(item, Mapping) and str(item.get("type", "")).endswith("_call"):
            yield from ((("input", n, key), item[key]) for key in _ARGUMENTS if key in item)


def embedded(body: Any) -> Iterator[tuple[Path, str]]:
    """Return the texts of a request for embeddings; token ids are none."""
    given = body.get("input") if isinstance(body, Mapping) else None
    if isinstance(given, str):
        yield ("input",), given
    elif isinstance(given, list | tuple):
        yield from ((("input", n), text) for n, text in enumerate(given) if isinstance(text, str))


def _content(path: Path, role: str, content: Any) -> Iterator[Slot]:
    """Return the texts in a content: a string, a part, or a list of either."""
    content = plain(content)
    if isinstance(content, str):
        yield path, role, content
    elif isinstance(content, Mapping):
        for key in ("text", "refusal", "stdout", "stderr"):
            if isinstance(content.get(key), str):
                yield (*path, key), role, content[key]
    elif isinstance(content, list | tuple):
        for n, part in enumerate(content):
            yield from _content((*path, n), role, part)


def unreadable(body: Mapping[str, Any]) -> bool:
    """Return whether the prompt is made of token ids, which nobody here can read."""
    prompt = body.get("prompt")
    return isinstance(prompt, list | tuple) and any(_tokens(part) for part in prompt)


def _tokens(part: Any) -> bool:
    return isinstance(part, int) or (
        isinstance(part, Sequence) and not isinstance(part, str) and any(map(_tokens, part))
    )


def structured(body: Mapping[str, Any]) -> bool:
    """Return whether the answer is asked for as JSON for a program."""
    text = body.get("text")
    formats = (body.get("response_format"), text.get("format") if isinstance(text, Mapping) else {})
    asked = [f.get("type", "text") for f in formats if isinstance(f, Mapping)]
    return any(kind != "text" for kind in asked) or any(map(body.get, _SCHEMA_KEYS))


def user(body: Mapping[str, Any]) -> str:
    """Return the id of the end user, where the request names one."""
    for key in ("safety_identifier", "user"):
        if isinstance(body.get(key), str):
            return str(body[key])
    return ""
