"""A small OpenAI-compatible server that replays the recorded answers as streams.

The model name says which answer: `recorded/zh-fact`. It listens on the loopback only.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ._prompts import Prompt

PIECE = 3
"""Characters in a piece of the stream: words are cut anywhere, as models cut them."""


class RecordedServer:
    """Serves `prompts` while the block around it runs; `pause` is the seconds between pieces."""

    def __init__(self, prompts: list[Prompt], pause: float) -> None:
        answers = {f"recorded/{prompt.id}": prompt for prompt in prompts}

        class Handler(_Handler):
            def answer_for(self, model: str) -> Prompt | None:
                return answers.get(model)

            def wait(self) -> None:
                time.sleep(pause)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def base_url(self) -> str:
        """The address to give to a client."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> RecordedServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer_for(self, model: str) -> Prompt | None:
        raise NotImplementedError

    def wait(self) -> None:
        raise NotImplementedError

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        asked = json.loads(self.rfile.read(length))
        prompt = self.answer_for(asked.get("model", ""))
        if prompt is None:
            self._send(404, {"error": {"message": f"no recorded answer {asked.get('model')!r}"}})
            return
        calls_tool = bool(prompt.tool) and not any(
            message["role"] == "tool" for message in asked["messages"]
        )
        if not asked.get("stream"):
            message = _tool_call(prompt) if calls_tool else {"content": prompt.answer}
            choice = {
                "index": 0,
                "message": {"role": "assistant", "content": None, **message},
                "finish_reason": "tool_calls" if calls_tool else "stop",
            }
            self._send(200, {**_envelope(prompt, "chat.completion"), "choices": [choice]})
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        with suppress(BrokenPipeError, ConnectionResetError):  # a blocked stream is closed early
            self._stream(prompt, calls_tool)
        self.close_connection = True

    def _stream(self, prompt: Prompt, calls_tool: bool) -> None:
        for delta, finish in _deltas(prompt, calls_tool):
            choice = {"index": 0, "delta": delta, "finish_reason": finish}
            event = {**_envelope(prompt, "chat.completion.chunk"), "choices": [choice]}
            self.wfile.write(b"data: " + json.dumps(event).encode() + b"\n\n")
            self.wfile.flush()
            self.wait()
        self.wfile.write(b"data: [DONE]\n\n")

    def _send(self, status: int, body: Mapping[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _envelope(prompt: Prompt, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{prompt.id}",
        "object": kind,
        "created": 0,
        "model": f"recorded/{prompt.id}",
    }


def _tool_call(prompt: Prompt) -> dict[str, Any]:
    function = {
        "name": prompt.tool["name"],
        "arguments": json.dumps(prompt.tool["arguments"]),
    }
    return {"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": function}]}


def _deltas(prompt: Prompt, calls_tool: bool) -> Iterator[tuple[dict[str, Any], str | None]]:
    yield {"role": "assistant", "content": ""}, None
    if calls_tool:
        yield _tool_call(prompt), None
        yield {}, "tool_calls"
        return
    for start in range(0, len(prompt.answer), PIECE):
        yield {"content": prompt.answer[start : start + PIECE]}, None
    yield {}, "stop"
