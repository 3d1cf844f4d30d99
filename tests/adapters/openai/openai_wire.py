"""What OpenAI's servers say, as JSON and as server-sent events."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from openai_server import Answer, json_answer

from chopmark.testing import Script

HEAD = {"id": "chatcmpl-1", "created": 1, "model": "m-1"}
USAGE = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}


def event(data: Any, name: str = "") -> bytes:
    head = f"event: {name}\n" if name else ""
    text = json.dumps(data, ensure_ascii=False)
    if not text.isprintable():
        text = json.dumps(data)  # lone surrogates are no UTF-8
    return f"{head}data: {text}\n\n".encode()


DONE = b"data: [DONE]\n\n"


# Chat.


def chat(message: Mapping[str, Any], finish: str = "stop", **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    choice["logprobs"] = None
    return {**HEAD, "object": "chat.completion", "choices": [choice], "usage": USAGE, **more}


def chunk(
    delta: Mapping[str, Any], finish: str | None = None, index: int = 0, **more: Any
) -> dict[str, Any]:
    choice = {"index": index, "delta": delta, "finish_reason": finish, "logprobs": None, **more}
    return {**HEAD, "object": "chat.completion.chunk", "choices": [choice]}


def chat_stream(pieces: Iterable[str], *, usage: bool = False, finish: str = "stop") -> list[bytes]:
    events = [event(chunk({"role": "assistant", "content": ""}))]
    events += [event(chunk({"content": piece})) for piece in pieces]
    events.append(event(chunk({}, finish)))
    if usage:
        events.append(event({**chunk({}), "choices": [], "usage": USAGE}))
    return [*events, DONE]


def calls_stream(calls: Sequence[tuple[str, Sequence[str]]]) -> list[bytes]:
    """Return a stream of tool calls: names, and the pieces of their arguments."""
    events = [event(chunk({"role": "assistant", "content": None}))]
    for n, (name, pieces) in enumerate(calls):
        first = {"index": n, "id": f"call_{n}", "type": "function"}
        function = {"name": name, "arguments": ""}
        events.append(event(chunk({"tool_calls": [{**first, "function": function}]})))
        for piece in pieces:
            more = {"index": n, "function": {"arguments": piece}}
            events.append(event(chunk({"tool_calls": [more]})))
    return [*events, event(chunk({}, "tool_calls")), DONE]


# Completions.


def completion(text: str) -> dict[str, Any]:
    choice = {"index": 0, "text": text, "finish_reason": "stop", "logprobs": None}
    return {**HEAD, "object": "text_completion", "choices": [choice], "usage": USAGE}


def completion_stream(pieces: Iterable[str]) -> list[bytes]:
    def part(text: str, finish: str | None = None) -> bytes:
        choice = {"index": 0, "text": text, "finish_reason": finish, "logprobs": None}
        return event({**HEAD, "object": "text_completion", "choices": [choice]})

    return [*map(part, pieces), part("", "stop"), DONE]


# Responses.


def response(output: Sequence[Any], status: str = "completed", **more: Any) -> dict[str, Any]:
    return {
        "id": "resp_1", "object": "response", "created_at": 1, "status": status, "model": "m-1",
        "output": list(output), "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
        "error": None, "incomplete_details": None, "instructions": None, "metadata": {},
        "usage": {
            "input_tokens": 3, "output_tokens": 5, "total_tokens": 8,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens_details": {"reasoning_tokens": 0},
        },
        **more,
    }  # fmt: skip


def text_part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def message_item(text: str | None, item_id: str = "msg_1") -> dict[str, Any]:
    content = [] if text is None else [text_part(text)]
    status = "in_progress" if text is None else "completed"
    return {
        "id": item_id,
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": content,
    }


def call_item(arguments: str, item_id: str = "fc_1") -> dict[str, Any]:
    status = "completed" if arguments else "in_progress"
    named = {"id": item_id, "type": "function_call", "call_id": "call_1", "name": "look"}
    return {**named, "arguments": arguments, "status": status}


def reasoning_item(text: str | None) -> dict[str, Any]:
    summary = [] if text is None else [{"type": "summary_text", "text": text}]
    return {"id": "rs_1", "type": "reasoning", "summary": summary}


def message_events(pieces: Sequence[str], output: int = 0) -> list[dict[str, Any]]:
    text = "".join(pieces)
    at = {"item_id": "msg_1", "output_index": output, "content_index": 0}
    delta = {"type": "response.output_text.delta", **at, "logprobs": []}
    done = {"type": "response.output_text.done", **at, "text": text, "logprobs": []}
    part = {**at, "part": text_part(text)}
    added = {"type": "response.output_item.added", "output_index": output}
    return [
        {**added, "item": message_item(None)},
        {"type": "response.content_part.added", **at, "part": text_part("")},
        *({**delta, "delta": piece} for piece in pieces),
        done,
        {"type": "response.content_part.done", **part},
        {**added, "type": "response.output_item.done", "item": message_item(text)},
    ]


def call_events(pieces: Sequence[str], output: int = 0) -> list[dict[str, Any]]:
    at = {"item_id": "fc_1", "output_index": output}
    text = "".join(pieces)
    name = "response.function_call_arguments"
    added = {"type": "response.output_item.added", "output_index": output}
    return [
        {**added, "item": call_item("")},
        *({"type": f"{name}.delta", **at, "delta": piece} for piece in pieces),
        {"type": f"{name}.done", **at, "arguments": text, "name": "look"},
        {**added, "type": "response.output_item.done", "item": call_item(text)},
    ]


def reasoning_events(pieces: Sequence[str], output: int = 0) -> list[dict[str, Any]]:
    at = {"item_id": "rs_1", "output_index": output, "summary_index": 0}
    text = "".join(pieces)
    name = "response.reasoning_summary"
    added = {"type": "response.output_item.added", "output_index": output}
    part = {"type": "summary_text", "text": ""}
    return [
        {**added, "item": reasoning_item(None)},
        {"type": f"{name}_part.added", **at, "part": part},
        *({"type": f"{name}_text.delta", **at, "delta": piece} for piece in pieces),
        {"type": f"{name}_text.done", **at, "text": text},
        {"type": f"{name}_part.done", **at, "part": {**part, "text": text}},
        {**added, "type": "response.output_item.done", "item": reasoning_item(text)},
    ]


def response_stream(
    events: Iterable[Mapping[str, Any]], output: Sequence[Any], end: str = "completed"
) -> list[bytes]:
    """Return the whole stream around the events of items."""
    numbered = [
        {"type": "response.created", "response": response([], "in_progress", usage=None)},
        {"type": "response.in_progress", "response": response([], "in_progress", usage=None)},
        *events,
        {"type": f"response.{end}", "response": response(output, end)},
    ]
    return [event({**e, "sequence_number": n}, e["type"]) for n, e in enumerate(numbered)]


def text_response_stream(pieces: Sequence[str]) -> list[bytes]:
    return response_stream(message_events(pieces), [message_item("".join(pieces))])


# What a server says to any of the endpoints.


def answer_to(path: str, body: Any, pieces: Sequence[str]) -> Answer:
    """Return the answer of a server whose model says `pieces`."""
    text = "".join(pieces)
    stream = isinstance(body, dict) and bool(body.get("stream"))
    if path.endswith("/chat/completions"):
        return Answer(chat_stream(pieces)) if stream else json_answer(chat({"content": text}))
    if path.endswith("/completions"):
        return Answer(completion_stream(pieces)) if stream else json_answer(completion(text))
    if stream:
        return Answer(text_response_stream(pieces))
    return json_answer(response([message_item(text)]))


def answering(script: Script, path: str, body: Any) -> Answer:
    """Return the server's answer; where the script waits, one that is never at its end."""
    stream = bool(body.get("stream"))
    if script.form != "call":
        made = answer_to(path, body, script.pieces)
    elif path.endswith("/chat/completions"):
        function = {"name": "look", "arguments": script.text}
        call = {"id": "c", "type": "function", "function": function}
        said = chat({"content": None, "tool_calls": [call]}, "tool_calls")
        made = Answer(calls_stream([("look", script.pieces)])) if stream else json_answer(said)
    else:
        items = [call_item(script.text)]
        events = call_events(script.pieces)
        made = Answer(response_stream(events, items)) if stream else json_answer(response(items))
    if not script.waits:
        return made
    if not stream:  # white space before a JSON text means nothing
        return Answer(itertools.repeat(b" ", 2000), 200, "application/json", pause=0.01)
    if path.endswith("/responses"):
        events = message_events(script.pieces)[: len(script.pieces) + 2]
        said = response_stream(events, [])[:-1]
    else:
        said = list(made.parts)[: len(script.pieces)]
    return Answer(itertools.chain(said, itertools.repeat(b": still here\n\n", 2000)), pause=0.01)


def prompt_of(body: Mapping[str, Any]) -> str:
    """Return the prompt that reached the server."""
    found = body.get("messages") or body.get("input") or body.get("prompt")
    return found[-1]["content"] if isinstance(found, list) else str(found)
